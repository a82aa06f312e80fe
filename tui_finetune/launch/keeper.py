"""`python -m tui_finetune.launch.keeper RUN_DIR --attempt N --times 3 …`: the parent of a worker, with `[run] auto_resume`.

It starts the worker in its own session, waits for it, and starts the next attempt where one died or was pre-empted: at most
so many times, after a while, and not after the same failure twice at the same step. Nothing here is heavy: it lives as long
as the run.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tui_finetune.children import child_environment
from tui_finetune.launch.handoff import ATTEMPT_TAKEN
from tui_finetune.launch.notices import Notice, send_all
from tui_finetune.runs.channels import wanted_channels
from tui_finetune.runs.info import RunInfo, read_info
from tui_finetune.runs.keeping import is_keeper, write_keeping
from tui_finetune.runs.layout import RunPaths
from tui_finetune.runs.liveness import rough
from tui_finetune.runs.status import Status
from tui_finetune.runs.tail import last_events

WAITS: Sequence[float] = (5.0, 30.0, 120.0, 300.0)
"""Seconds before the first attempt that is started by itself, the second …; the last one counts for all that follow."""
GOES_ON = ("died", "preempted")
PASSED_ON = (signal.SIGTERM, signal.SIGUSR1)
"""Signals by which the machine wants both gone: the worker is given them, and no other attempt is started."""
IGNORED = (signal.SIGHUP, signal.SIGINT)

Spawn = Callable[[Sequence[str]], "subprocess.Popen[bytes]"]


@dataclass(frozen=True)
class Fall:
    """How an attempt broke off."""

    state: str
    code: int
    """The worker's exit code, or minus the signal that ended it."""
    step: int

    def same_as(self, other: Fall | None, near: int) -> bool:
        """The same failure at the same step, as far as steps are told: every logging interval."""
        if other is None or (self.state, self.code) != (other.state, other.code) or self.state == "preempted":
            return False
        return abs(self.step - other.step) <= near


class Keeper:
    """Keeps one run going."""

    def __init__(self, paths: RunPaths, options: Sequence[str], times: int, *, waits: Sequence[float] | None = None,
                 spawn: Spawn | None = None) -> None:  # fmt: skip
        """options: what every worker is given beside its run directory and its attempt."""
        self._paths = paths
        self._options = tuple(options)
        self._times = times
        self._waits = waits or WAITS
        self._spawn = spawn or _spawn
        self._worker: subprocess.Popen[bytes] | None = None
        self._ending = threading.Event()
        self._made = 0
        self._told = False

    def end(self, number: int) -> None:
        """A signal wants the run gone: the worker is told, and no other attempt is started. Safe in a signal handler."""
        self._ending.set()
        worker = self._worker
        if worker is not None and worker.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker.pid, number)

    def run(self, attempt: int) -> int:
        """Until the run has ended, or is left to a person. The exit code is the last worker's."""
        before: Fall | None = None
        code = 0
        while True:
            if not self._paths.root.is_dir():
                return self._over(code, "its directory is gone")
            code = self._attempt(attempt)
            if code == ATTEMPT_TAKEN:
                return self._over(code, "somebody else has started the next attempt")
            status = self._info().status()
            if status.state not in GOES_ON:
                return self._over(code)
            fall = Fall(status.state, code, status.step or 0)
            why_not = self._why_not(fall, before)
            self._notify(status, why_not)
            if why_not is not None:
                return self._over(code, why_not)
            if not self._wait(attempt, status):
                return self._over(code, "it was told to start no other")
            before, attempt = fall, max(attempt, status.attempt) + 1
            self._made += 1

    def _attempt(self, attempt: int) -> int:
        """One worker from its start to its end; its exit code."""
        command = (sys.executable, "-m", "tui_finetune.worker", str(self._paths.root), "--attempt", str(attempt))
        self._worker = self._spawn((*command, *self._options))
        self._tell(worker=self._worker.pid)
        return self._worker.wait()

    def _why_not(self, fall: Fall, before: Fall | None) -> str | None:
        if self._ending.is_set():
            return "it was told to start no other"
        if self._made >= self._times:
            return f"all {self._times} are used up"
        if fall.same_as(before, _interval(self._paths)):
            return f"twice the same end at step {fall.step:,}: another attempt would meet it again"
        return None

    def _wait(self, attempt: int, status: Status) -> bool:
        """The time before the next attempt; False where somebody says no meanwhile."""
        seconds = self._seconds
        self._tell(next_in=seconds)
        _say(f"attempt {attempt} {status.words}; attempt {attempt + 1} begins in {rough(seconds)}")
        return not self._ending.wait(seconds)

    @property
    def _seconds(self) -> float:
        """Before the next attempt."""
        return self._waits[min(self._made, len(self._waits) - 1)]

    def _notify(self, status: Status, why_not: str | None) -> None:
        """Says of a worker that died what it could not say itself."""
        channels = wanted_channels(self._paths) if status.state == "died" else []
        if channels:
            title = f"{self._info().title} died" + (f" at step {status.step:,}" if status.step else "")
            what_next = (
                f"no other attempt is started: {why_not}" if why_not else f"it goes on in {rough(self._seconds)}"
            )
            facts = {"run": self._paths.id, "state": "died", "step": status.step, "reason": status.reason}
            for sent in send_all(channels, Notice(title, f"{status.reason}; {what_next}", facts)):
                _say(f"notice by {sent.channel}: {'sent' if sent.ok else f'not sent: {sent.why}'}")

    def _over(self, code: int, why: str = "") -> int:
        self._tell(over=why)
        if why:
            _say(f"no other attempt is started: {why}")
        return code if code >= 0 else 128 - code

    def _tell(self, worker: int | None = None, next_in: float | None = None, over: str | None = None) -> None:
        """A run whose directory is gone or full is kept all the same; what a later keeper says of it stands."""
        next_at = None if next_in is None else time.time() + next_in
        if self._told and not is_keeper(self._paths, os.getpid()):
            return
        with contextlib.suppress(OSError):
            write_keeping(self._paths, times=self._times, made=self._made, worker=worker, next_at=next_at, over=over)
            self._told = True

    def _info(self) -> RunInfo:
        return read_info(self._paths)


def _interval(paths: RunPaths) -> int:
    """Steps between two that are told of, at least 1."""
    steps = [event.step for event in last_events(paths.events, only=frozenset({"step"})) if event.step is not None]
    return max(1, steps[-1] - steps[-2]) if len(steps) > 1 else 1


def _spawn(command: Sequence[str]) -> subprocess.Popen[bytes]:
    """In this session, into the same log."""
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, close_fds=True, env=child_environment())


def _say(text: str) -> None:
    with contextlib.suppress(OSError):
        print(f"keeper: {text}", flush=True)  # noqa: T201 - into stdout.log


def main(argv: list[str] | None = None) -> int:
    os.umask(0o077)
    given, options = _arguments().parse_known_args(argv)
    keeper = Keeper(RunPaths(given.run.absolute()), options, given.times)
    for ignored in IGNORED:
        signal.signal(ignored, signal.SIG_IGN)
    for passed in PASSED_ON:
        signal.signal(passed, lambda number, _frame: keeper.end(number))
    return keeper.run(given.attempt)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tui_finetune.launch.keeper", description=__doc__, allow_abbrev=False
    )
    parser.add_argument("run", type=Path, help="the run directory")
    parser.add_argument("--attempt", type=int, required=True, help="the number that the launcher saw to be next")
    parser.add_argument("--times", type=int, required=True, help="attempts that may be started by itself")
    return parser


if __name__ == "__main__":
    sys.exit(main())
