"""Handoff: from "nothing is there" to "the run belongs to the machine", with no third state.

Until the worker has written process.json an interrupted launcher leaves nothing behind; from then on the run goes on
without it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tui_finetune.children import child_environment
from tui_finetune.errors import LaunchError, Problem, cannot_write
from tui_finetune.paths import Home
from tui_finetune.runs import atomic
from tui_finetune.runs.keeping import kept_by
from tui_finetune.runs.layout import RunPaths
from tui_finetune.runs.status import log_tail

CLAIM_SECONDS = 60.0
"""The worker claims after importing a few light modules; a cold network disk may take a while."""
POLL_SECONDS = 0.02
ATTEMPT_TAKEN = 75
"""Exit code of a worker whose attempt another process has claimed."""
NOT_BEGUN = 73
"""Exit code of a worker that could not claim its attempt and said why in its last lines."""
LITTLE_ROOM = 1_000_000
"""Bytes below which a disk is as good as full for a worker that begins."""


def _never() -> bool:
    return False


@dataclass(frozen=True)
class Launch:
    """How a worker is started."""

    home: Home
    plugin_dirs: tuple[Path, ...] = ()
    third_party: bool = True
    force: bool = False
    """The worker begins though its pre-flight finds that the run does not fit."""
    interrupted: Callable[[], bool] = _never
    """Asked while the worker begins: True where the person wants it no more (HeldInterrupts.asked)."""

    def command(self, paths: RunPaths, attempt: int) -> list[str]:
        """The worker's command line: it holds no secret, for everybody on the machine can read it."""
        plugins = [part for folder in self.plugin_dirs for part in ("--plugin-dir", str(folder))]
        flags = [*([] if self.third_party else ["--no-plugins"]), *(["--force"] if self.force else [])]
        return [
            sys.executable,
            *("-m", "tui_finetune.worker", str(paths.root)),
            *("--home", str(self.home.root), "--attempt", str(attempt)),
            *plugins,
            *flags,
        ]

    def kept_command(self, paths: RunPaths, attempt: int, times: int) -> list[str]:
        """The same through a keeper, which starts the worker as its child and so many attempts after it."""
        command = self.command(paths, attempt)
        at = command.index("tui_finetune.worker")
        return [*command[:at], "tui_finetune.launch.keeper", *command[at + 1 :], "--times", str(times)]


def hand_off(paths: RunPaths, attempt: int, launch: Launch, *, new: bool, auto_resume: int = 0) -> int:
    """Starts a worker in a session of its own and returns its pid once it has claimed the attempt.

    new: the directory was made for this start and is removed when the start fails. auto_resume: attempts after this one
    that a keeper starts by itself; 0 for no keeper, whose pid it is otherwise.
    Raises LaunchError when the worker ends before the claim; KeyboardInterrupt where it was interrupted, the worker ended.
    """
    said_before = _size(paths.stdout_log)
    try:
        command = launch.kept_command(paths, attempt, auto_resume) if auto_resume else launch.command(paths, attempt)
        worker = _spawn(command, paths)
    except OSError as error:
        if new:
            shutil.rmtree(paths.root, ignore_errors=True)
        raise LaunchError(cannot_write(paths.root, error)) from error
    try:
        code = _ended_or_claimed(worker, paths, attempt, launch.interrupted)
        if code is not None:
            raise _ended_early(code, paths, attempt, log_tail(paths, after=said_before))
    except BaseException:
        if not claimed(paths, attempt, worker.pid):
            _end(worker)
            if new:
                shutil.rmtree(paths.root, ignore_errors=True)
        raise
    return worker.pid


def _spawn(command: Sequence[str], paths: RunPaths) -> subprocess.Popen[bytes]:
    log = os.open(paths.stdout_log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            close_fds=True,
            cwd=paths.root,
            env=child_environment(),
        )
    finally:
        os.close(log)


def _ended_or_claimed(
    worker: subprocess.Popen[bytes], paths: RunPaths, attempt: int, interrupted: Callable[[], bool]
) -> int | None:
    """Waits for the claim; the exit code of a worker that ends before it. Raises LaunchError where neither comes."""
    deadline = time.monotonic() + CLAIM_SECONDS
    while not claimed(paths, attempt, worker.pid):
        if interrupted():
            raise KeyboardInterrupt
        code = worker.poll()
        if code is not None and not claimed(paths, attempt, worker.pid):
            return code
        if time.monotonic() > deadline:
            raise LaunchError(f"The worker did not begin within {CLAIM_SECONDS:.0f} s; nothing was started.")
        time.sleep(POLL_SECONDS)
    return None


def claimed(paths: RunPaths, attempt: int, pid: int) -> bool:
    """True once process.json names that process, or the worker that it keeps, as the one that works on that attempt."""
    try:
        process = atomic.read_json(paths.process_json)
    except (atomic.Unreadable, FileNotFoundError):
        return False
    if process.get("attempt") != attempt:
        return False
    return process.get("pid") in {pid, kept_by(paths, pid) or pid}


def _ended_early(code: int, paths: RunPaths, attempt: int, tail: Sequence[str]) -> LaunchError:
    if code == ATTEMPT_TAKEN:
        return LaunchError(
            f"Attempt {attempt} of {paths.id} was started by somebody else at the same time; it goes on."
        )
    if code == NOT_BEGUN and tail:
        return LaunchError(Problem("The worker could not begin: " + " ".join(tail)))
    if shutil.disk_usage(paths.root).free < LITTLE_ROOM:
        return LaunchError(cannot_write(paths.root.parent, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))))
    message = f"The worker ended with code {code} before it began."
    # Of a traceback its last line says what happened, and the others nothing to a person.
    said = [line for line in tail if not line.startswith((" ", "Traceback"))]
    return LaunchError(Problem(message, hint="\n".join(["Its last lines:", *said]) if said else None))


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _end(worker: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
