"""One attempt at a run: who works on it, what it says, how it ended. The one writer of process.json, events and result.json."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tui_finetune.errors import ExitCode
from tui_finetune.launch.versions import installed_versions
from tui_finetune.runs import atomic
from tui_finetune.runs.attempts import claim_attempt
from tui_finetune.runs.events import EventWriter
from tui_finetune.runs.heartbeat import Heartbeat
from tui_finetune.runs.layout import VERSION, RunPaths
from tui_finetune.runs.process import this_process

EndState = Literal["finished", "stopped", "aborted", "preempted", "failed"]
EXIT_CODES: dict[EndState, ExitCode] = {
    "finished": ExitCode.OK,
    "stopped": ExitCode.OK,
    "preempted": ExitCode.OK,
    "aborted": ExitCode.RUN_FAILED,
    "failed": ExitCode.RUN_FAILED,
}
RESERVE = 32_768
"""Bytes kept free for result.json and the last events."""
ROOM_TO_BEGIN = 4 * RESERVE
"""Bytes that must be there before an attempt is claimed: the reserve, and what every attempt writes."""


@dataclass
class Outcome:
    """What result.json says of an attempt, gathered while it works."""

    step: int | None = None
    steps: int | None = None
    best_checkpoint: str | None = None
    best_step: int | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    """Validation's by name, test's with the prefix `test_`; the main one first."""
    baselines: dict[str, float] = field(default_factory=dict)
    """Name to the main metric, on test, else validation."""


class Attempt:
    """The claim on a run directory, held for as long as this process works on it."""

    def __init__(self, paths: RunPaths, number: int) -> None:
        self.paths = paths
        self.number = number
        self.events = EventWriter(paths, number)
        self.heartbeat = Heartbeat(paths, number)
        self.outcome = Outcome()
        self.phase_name = "starting"
        self._device: str | None = None
        self.made_with: dict[str, Any] = {}
        """Versions and facts of the machine: what a checkpoint of this attempt was made with."""
        self._started = time.time()
        self._ended = False
        self._ending = threading.Lock()
        self._progress_told: tuple[str, float] = ("", 0.0)

    @classmethod
    def claim(
        cls,
        paths: RunPaths,
        expected: int | None = None,
        *,
        device: str | None = None,
        machine: Mapping[str, Any] | None = None,
    ) -> Attempt:
        """Claims the next attempt and says so in process.json and the events.

        `expected` is the number that the launcher saw to be next; AttemptTaken is raised when another process has it,
        OSError where there is no room to work: then nothing is claimed. machine: facts that a resume compares.
        """
        _keep_reserve(paths)
        number = claim_attempt(paths, expected)
        attempt = cls(paths, number)
        attempt.made_with = {"versions": installed_versions(), **(machine or {})}
        attempt._device = device
        attempt._write_process()
        attempt.heartbeat.start()
        return attempt

    def _write_process(self) -> None:
        atomic.write_json(
            self.paths.process_json,
            {
                "v": VERSION,
                "attempt": self.number,
                "protocol": 1,
                "started": self._started,
                **this_process().as_json(),
                "device": self._device,
                "log_bytes": self.paths.stdout_log.stat().st_size if self.paths.stdout_log.exists() else 0,
                **self.made_with,
            },
        )

    def begin(self, from_step: int = 0, checkpoint: str | None = None, **more: Any) -> None:
        """Writes the `attempt` event: readers drop earlier points beyond `from_step`. more: what else it tells."""
        self.outcome.step = from_step
        self.events.write("attempt", n=self.number, from_step=from_step, checkpoint=checkpoint, **more)

    def advance(self, from_step: int, checkpoint: str, reason: str, **more: Any) -> None:
        """The next attempt, by this process, from a checkpoint. What this one came to is kept in its folder."""
        old = self.number
        result = {"v": VERSION, "attempt": old, "state": "stopped", "exit_code": 0, "reason": reason, "advice": None}
        result |= {"seconds": round(time.time() - self._started, 3), "ended": time.time(), **vars(self.outcome)}
        self.number = claim_attempt(self.paths, old + 1)
        atomic.write_json(self.paths.attempt(old) / self.paths.result_json.name, result)
        self._started = time.time()
        self.events.attempt = self.number
        self._write_process()
        self.heartbeat.next_attempt(self.number, from_step)
        self.begin(from_step, checkpoint, rollback=True, **more)

    def phase(self, name: str, detail: str | None = None) -> None:
        """loading, tokenizing, training, evaluating, saving …: shown beside the state."""
        self.phase_name = name
        self.heartbeat.beat_progress(phase=name)
        self.events.write("phase", phase=name, **({"detail": detail} if detail else {}))

    def progress(self, what: str, done: int, total: int | None) -> None:
        """A `Progress`: beats, and writes an event at most once a second for the same thing."""
        self.heartbeat.beat_progress()
        told, when = self._progress_told
        now = time.monotonic()
        if what == told and now - when < 1.0 and done != total:
            return
        self._progress_told = (what, now)
        self.events.write("progress", what=what, done=done, total=total)

    def warn(self, message: str, key: str | None = None) -> None:
        self.events.write("warning", message=message, **({"key": key} if key else {}))

    def note(self, message: str) -> None:
        self.events.write("note", message=message)

    def end(self, state: EndState, reason: str | None = None, advice: str | None = None) -> ExitCode:
        """The last act: `end` event, result.json. Only the first call counts; returns the exit code."""
        with self._ending:
            if self._ended:
                return EXIT_CODES[state]
            self._ended = True
            code = EXIT_CODES[state]
            self.events.write("end", state=state, exit_code=int(code), reason=reason)
            ended = time.time()
            self._write_result(
                {
                    "v": VERSION,
                    "attempt": self.number,
                    "state": state,
                    "exit_code": int(code),
                    "reason": reason,
                    "advice": advice,
                    "seconds": round(ended - self._started, 3),
                    "ended": ended,
                    **vars(self.outcome),
                }
            )
            self.heartbeat.stop()
            self.events.close()
            return code

    def _write_result(self, result: Mapping[str, Any]) -> None:
        """Into the room that was kept for it where there is no other; nowhere where the directory was deleted."""
        if not self.paths.root.is_dir():
            return
        try:
            atomic.write_json(self.paths.result_json, result)
        except OSError:
            self.paths.reserve.unlink(missing_ok=True)
            atomic.write_json(self.paths.result_json, result)
        self.paths.reserve.unlink(missing_ok=True)


def _keep_reserve(paths: RunPaths) -> None:
    """Makes the reserve; a part of what it was tried with is given back. Raises OSError where there is no room for it."""
    try:
        # Not zeros, which some file systems store as nothing.
        atomic.write_bytes(paths.reserve, os.urandom(ROOM_TO_BEGIN))
        os.truncate(paths.reserve, RESERVE)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(paths.root)) from error


def disk_free(path: Path) -> int:
    """Bytes that a process of this user may still write at `path`."""
    return shutil.disk_usage(path).free


def flat_metrics(main: str, validation: Mapping[str, float] | None, test: Mapping[str, float] | None) -> dict[str, Any]:
    """Final metrics in one dictionary: the main one first, validation's by name, test's with the prefix `test_`."""
    flat: dict[str, Any] = {}
    for prefix, metrics in (("", validation), ("test_", test)):
        if metrics is None:
            continue
        names = sorted(metrics, key=lambda name: (name != main, name == "loss"))
        flat.update({prefix + name: metrics[name] for name in names})
    return flat
