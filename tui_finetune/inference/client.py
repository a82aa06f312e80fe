"""The light side of the model helper: starts it, asks it, ends it. Imports nothing heavy."""

from __future__ import annotations

import collections
import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tui_finetune.children import child_environment
from tui_finetune.errors import ExitCode, LaunchError, Problem, UserError
from tui_finetune.paths import Home
from tui_finetune.plugin_api import Progress, no_progress

START_SECONDS = 300.0
"""torch on a cold network disk may take a minute; a large model another."""
CLOSE_SECONDS = 5.0
TAIL_LINES = 12
BATCH_ROWS = 1024
"""Rows a request when many are asked: enough to sort by length, little to hold."""


@dataclass(frozen=True)
class HelperSpec:
    """Which model, and how its helper is started."""

    model: Path
    home: Home
    device: str = "cpu"
    plugin_dirs: tuple[Path, ...] = ()
    third_party: bool = True
    trust_remote_code: bool = False
    idle_seconds: float = 600.0
    options: str = ""
    """Options of the task for these answers, as JSON."""

    def command(self) -> list[str]:
        return [
            sys.executable,
            *("-m", "tui_finetune.helpers.model", str(self.model)),
            *("--home", str(self.home.root), "--device", self.device, "--idle", str(self.idle_seconds)),
            *(part for folder in self.plugin_dirs for part in ("--plugin-dir", str(folder))),
            *([] if self.third_party else ["--no-plugins"]),
            *(["--trust-remote-code"] if self.trust_remote_code else []),
            *(["--options", self.options] if self.options else []),
        ]


class ModelHelper:
    """A helper process. One request at a time; started by the first one, and again after it has idled out.

        with ModelHelper(HelperSpec(folder, home)) as helper:
            helper.predict([{"text": "A text."}])

    Leaving the block, an interrupt or an error while waiting ends the process.
    """

    def __init__(self, spec: HelperSpec, command: Sequence[str] | None = None) -> None:
        self.ready: Mapping[str, Any] = {}
        """What the helper said when it was ready: task, labels, max_length, device, preprocess."""
        self._command = list(command or spec.command())
        self._process: subprocess.Popen[bytes] | None = None
        self._tail: collections.deque[str] = collections.deque(maxlen=TAIL_LINES)
        self._drain: threading.Thread | None = None
        self._rest = b""
        self._idled = False
        self._number = 0
        self._lock = threading.Lock()

    def __enter__(self) -> ModelHelper:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    def start(self, progress: Progress = no_progress, timeout: float = START_SECONDS) -> None:
        """Waits until the model is loaded. Raises UserError for what the helper says of the model, LaunchError if it ends."""
        with self._lock, self._ended_on_error():
            self._ensure(progress, timeout)

    def predict(
        self, rows: Sequence[Mapping[str, Any]], progress: Progress = no_progress, timeout: float | None = None
    ) -> list[dict[str, Any]]:
        """One answer a row, in order."""
        return self._answers("predict", rows, progress, timeout)

    def tokenize(
        self, rows: Sequence[Mapping[str, Any]], progress: Progress = no_progress, timeout: float | None = None
    ) -> list[dict[str, Any]]:
        """The rows as the model sees them."""
        return self._answers("tokenize", rows, progress, timeout)

    def save(self, folder: Path, progress: Progress = no_progress) -> None:
        """The model, an adapter merged into it, and its tokenizer, into a folder that is there."""
        with self._lock, self._ended_on_error():
            self._ensure(progress, START_SECONDS)
            self._request("save", {"folder": str(folder)}, progress, None)

    def close(self) -> None:
        """Ends the process: it ends by itself at the end of its input, and is killed where it does not."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(OSError):
            if process.stdin is not None:
                process.stdin.close()
        try:
            process.wait(CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._put_away(process)

    def kill(self) -> None:
        """Ends the process at once; a request that waits on another thread fails with LaunchError."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    def end(self) -> None:
        """Ends the process at once, and waits until a request of another thread has failed with LaunchError."""
        self.kill()
        with self._lock:
            self.close()

    # Asking

    def _answers(
        self, action: str, rows: Sequence[Mapping[str, Any]], progress: Progress, timeout: float | None
    ) -> list[dict[str, Any]]:
        if not rows:
            return []
        with self._lock, self._ended_on_error():
            for _ in range(2):
                self._ensure(progress, START_SECONDS)
                with contextlib.suppress(_IdledOut):
                    return [
                        _with_numbers(answer)
                        for answer in self._request(action, {"rows": list(rows)}, progress, timeout)["answers"]
                    ]
            raise LaunchError("The model helper ends as soon as it is asked.")

    def _request(
        self, action: str, asked: Mapping[str, Any], progress: Progress, timeout: float | None
    ) -> Mapping[str, Any]:
        self._number += 1
        line = json.dumps({"id": self._number, "action": action, **asked}) + "\n"
        deadline = None if timeout is None else time.monotonic() + timeout
        with contextlib.suppress(BrokenPipeError):  # why it ended is read from its output
            self._send(line.encode(), deadline)
        return self._await("result", self._number, progress, deadline)

    def _ensure(self, progress: Progress, timeout: float) -> None:
        """A helper that is loaded."""
        if self._process is not None and not self._idled:
            return
        self.close()
        self._rest, self._idled = b"", False
        self._tail.clear()
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # Of its own: ctrl+c is answered by us, who then end it, and not by a traceback of its own.
            start_new_session=True,
            env=child_environment(PYTHONIOENCODING="utf-8"),
        )
        assert self._process.stderr is not None
        self._drain = threading.Thread(target=self._read_stderr, args=(self._process.stderr,), daemon=True)
        self._drain.start()
        self.ready = self._await("ready", None, progress, time.monotonic() + timeout)

    def _send(self, data: bytes, deadline: float | None) -> None:
        """Writes a request; a pipe holds less than one, so the helper's output is not waited for meanwhile."""
        process = self._running()
        assert process.stdin is not None
        descriptor = process.stdin.fileno()
        os.set_blocking(descriptor, False)
        while data:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            if not select.select([], [descriptor], [], left)[1]:
                raise self._too_slow()
            data = data[os.write(descriptor, data) :]

    def _await(self, event: str, number: int | None, progress: Progress, deadline: float | None) -> Mapping[str, Any]:
        """The event that answers a request; progress is passed on."""
        for found in self._events(deadline):
            if found.get("id") != number and found.get("event") != "idle":
                continue  # the answer to a request that was given up
            if found["event"] == event:
                return found
            if found["event"] == "progress":
                progress(str(found["what"]), int(found["done"]), found["total"])
            elif found["event"] == "error":
                raise _told(found)
            elif found["event"] == "idle":
                self._idled = True
                raise _IdledOut
        raise self._death()

    def _events(self, deadline: float | None) -> Iterator[dict[str, Any]]:
        """Events of the helper as they come, until its output ends."""
        process = self._running()
        assert process.stdout is not None
        descriptor = process.stdout.fileno()
        while True:
            while b"\n" in self._rest:
                line, _, self._rest = self._rest.partition(b"\n")
                yield json.loads(line)
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            if not select.select([descriptor], [], [], left)[0]:
                raise self._too_slow()
            chunk = os.read(descriptor, 1 << 16)
            if not chunk:
                return
            self._rest += chunk

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise LaunchError("The model helper was closed.")
        return self._process

    # Ending

    @contextlib.contextmanager
    def _ended_on_error(self) -> Iterator[None]:
        """Where waiting is left by an interrupt or the helper fails, the process does not stay behind."""
        try:
            yield
        except UserError as error:
            if isinstance(error, LaunchError) or not self.ready:
                self._kill_and_forget()
            raise
        except BaseException:
            self._kill_and_forget()
            raise

    def _kill_and_forget(self) -> None:
        self.kill()
        process, self._process = self._process, None
        if process is not None:
            process.wait()
            self._put_away(process)

    def _put_away(self, process: subprocess.Popen[bytes]) -> None:
        self.ready = {}
        if self._drain is not None:
            self._drain.join(CLOSE_SECONDS)
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def _death(self) -> LaunchError:
        process = self._running()
        code = process.wait()
        if self._drain is not None:
            self._drain.join(CLOSE_SECONDS)
        tail = "\n".join(["Its last lines:", *self._tail]) if self._tail else None
        return LaunchError(Problem(f"The model helper ended {_how(code)}.", hint=tail))

    def _too_slow(self) -> LaunchError:
        tail = "\n".join(["Its last lines:", *self._tail]) if self._tail else None
        return LaunchError(Problem("The model helper did not answer in time and was ended.", hint=tail))

    def _read_stderr(self, stream: IO[bytes]) -> None:
        for line in stream:
            if line.strip():
                self._tail.append(line.decode("utf-8", "backslashreplace").rstrip())


class _IdledOut(Exception):
    """The helper ended because nobody had asked it; it can be started again."""


def _with_numbers(answer: dict[str, Any]) -> dict[str, Any]:
    """Scores that are not finite cross as words, which JSON has, and become numbers again."""
    for part in (answer, *answer.get("entities", ())):
        if isinstance(part.get("score"), str):
            part["score"] = float(part["score"])
    if isinstance(answer.get("scores"), dict):
        answer["scores"] = {k: float(v) if isinstance(v, str) else v for k, v in answer["scores"].items()}
    return answer


def _told(event: Mapping[str, Any]) -> UserError:
    """An error event as the error that the helper met."""
    problems = [Problem(**problem) for problem in event["problems"]]
    code = ExitCode(event["exit_code"])
    return LaunchError(problems) if code == ExitCode.LAUNCH_FAILED else UserError(problems, exit_code=code)


def _how(code: int) -> str:
    if code >= 0:
        return f"with code {code}"
    name = signal.Signals(-code).name if -code in {s.value for s in signal.Signals} else f"signal {-code}"
    hint = "; the system may have run out of memory" if name == "SIGKILL" else ""
    return f"by {name}{hint}"
