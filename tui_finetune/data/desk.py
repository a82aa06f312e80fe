"""The data desk from its parent's side: a process kept warm that opens, filters, measures and previews for a screen.

Several requests may be under way at once. What libraries do there cannot harm this process, and killing it ends all of it.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import tui_finetune
from tui_finetune.data.problems import from_json
from tui_finetune.errors import DataError, LaunchError, Problem
from tui_finetune.paths import Home
from tui_finetune.plugin_api import Progress, no_progress

MODULE = "tui_finetune.helpers.desk"
LOOK_SECONDS = 0.1
"""So often is it asked whether an answer is wanted still."""
CLOSE_SECONDS = 3.0
TAIL = 6
_PLACE = Path(tui_finetune.__file__).parent.parent

Told = Callable[[Mapping[str, Any]], None]


class Stopped(Exception):
    """The answer is not wanted any more: somebody stopped it, or asked something newer."""


@dataclass(frozen=True)
class DeskSpec:
    """How the desk is started."""

    home: Home
    plugin_dirs: tuple[Path, ...] = ()
    third_party: bool = True

    def command(self, scratch: str) -> list[str]:
        return [
            sys.executable,
            *("-m", MODULE, "--home", str(self.home.root), "--scratch", scratch),
            *(part for folder in self.plugin_dirs for part in ("--plugin-dir", str(folder))),
            *([] if self.third_party else ["--no-plugins"]),
        ]


def _nobody(event: Mapping[str, Any]) -> None:
    """Nobody wants what comes before the answer."""


class Desk:
    """Started by the first request, and again by the next one after it has ended. For any thread."""

    def __init__(self, spec: DeskSpec, command: Callable[[str], Sequence[str]] | None = None) -> None:
        self._command = command or spec.command
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._running: _Running | None = None
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    @property
    def pid(self) -> int | None:
        return self._running.process.pid if self._running is not None and self._running.alive else None

    def ask(
        self,
        action: str,
        fields: Mapping[str, Any],
        progress: Progress = no_progress,
        *,
        told: Told = _nobody,
        stale: Callable[[], bool] = lambda: False,
    ) -> dict[str, Any]:
        """The result. told: given what is known before it. Raises DataError, LaunchError where the process dies, and
        Stopped after `kill` or where `stale` has become true."""
        for attempt in (1, 2):
            number = next(self._numbers)
            running, answers = self._begin(number, {"id": number, "action": action, **fields})
            try:
                return self._await(running, number, answers, progress, told, stale)
            except _IdledOut:
                if attempt == 2:
                    break
            finally:
                running.forget(number)
        raise LaunchError("The data helper ends as soon as it is asked.")

    def kill(self) -> None:
        """Ends it and all that it does, at once: whoever waits gets Stopped."""
        with self._lock:
            running, self._running = self._running, None
        if running is not None:
            running.kill()

    def close(self) -> None:
        """Ends it, and takes its files away."""
        self.kill()
        with self._lock:
            scratch, self._scratch = self._scratch, None
        if scratch is not None:
            scratch.cleanup()

    def _begin(self, number: int, request: Mapping[str, Any]) -> tuple[_Running, queue.Queue[dict[str, Any]]]:
        with self._lock:
            if self._running is None or not self._running.alive:
                if self._scratch is None:
                    self._scratch = tempfile.TemporaryDirectory(prefix="tui-finetune-desk-")
                self._running = _Running(self._command(self._scratch.name))
            running = self._running
            answers = running.expect(number)
        running.send(request)
        return running, answers

    def _await(
        self,
        running: _Running,
        number: int,
        answers: queue.Queue[dict[str, Any]],
        progress: Progress,
        told: Told,
        stale: Callable[[], bool],
    ) -> dict[str, Any]:
        while True:
            try:
                found = answers.get(timeout=LOOK_SECONDS)
            except queue.Empty:
                if stale():
                    running.send({"cancel": number})
                    raise Stopped from None
                continue
            event = found.get("event")
            if event == "result":
                result: dict[str, Any] = found["result"]
                return result
            if event == "progress":
                progress(str(found["what"]), int(found["done"]), found["total"])
            elif event == "told":
                told(found)
            elif event == "stopped":
                raise Stopped
            elif event == "problems":
                raise DataError(from_json(found["problems"]))
            elif event == "gone":
                raise running.why_gone()


class _IdledOut(Exception):
    """It ended because nobody had asked it for a while."""


class _Running:
    """One process: what it says goes to whoever asked."""

    def __init__(self, command: Sequence[str]) -> None:
        self._waiting: dict[int, queue.Queue[dict[str, Any]]] = {}
        self._lock = threading.Lock()
        self._killed = False
        self._gone = False
        self._talk = tempfile.TemporaryFile()  # noqa: SIM115 - read after the process has died
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._talk,
            start_new_session=True,  # ctrl+c reaches us only; we end it
            cwd=_PLACE,  # python -m puts the current folder on sys.path, and what lies there must not run
            env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"},
        )
        assert self.process.stdout is not None
        threading.Thread(target=self._read, args=(self.process.stdout,), name="desk", daemon=True).start()

    @property
    def alive(self) -> bool:
        return not self._gone and self.process.poll() is None

    def expect(self, number: int) -> queue.Queue[dict[str, Any]]:
        with self._lock:
            found = self._waiting[number] = queue.Queue()
            if self._gone:
                found.put({"event": "gone"})
        return found

    def forget(self, number: int) -> None:
        with self._lock:
            self._waiting.pop(number, None)

    def send(self, request: Mapping[str, Any]) -> None:
        stream = self.process.stdin
        assert stream is not None
        with contextlib.suppress(OSError, ValueError), self._lock:  # it died: its end is told by what it said last
            stream.write(json.dumps(request, default=str).encode() + b"\n")
            stream.flush()

    def kill(self) -> None:
        self._killed = True
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def why_gone(self) -> Exception:
        code = self.process.wait()
        if self._killed:
            return Stopped()
        if code == 0:
            return _IdledOut()
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        self._talk.seek(0)
        lines = [line for line in self._talk.read().decode("utf-8", "replace").splitlines() if line.strip()]
        said = f" Its last words: {' / '.join(lines[-TAIL:])}" if lines else ""
        hint = "The system kills what takes too much memory." if code == -signal.SIGKILL else None
        return LaunchError(Problem(f"the data helper {how} without an answer.{said}", hint=hint))

    def _read(self, stream: IO[bytes]) -> None:
        """Passes on what it says until its end; then everybody who waits is told."""
        for line in stream:
            try:
                found = json.loads(line)
            except ValueError:
                continue
            if isinstance(found, dict):
                self._pass_on(found)
        with self._lock:
            self._gone = True
            waiting = list(self._waiting.values())
        for one in waiting:
            one.put({"event": "gone"})

    def _pass_on(self, found: dict[str, Any]) -> None:
        with self._lock:
            waiting = self._waiting.get(found.get("id", 0))
        if waiting is not None:
            waiting.put(found)
