"""A run to which something happens: started with a harm, brought to its end, compared with the calm run, and recorded."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.faults.record import Measured, keep
from tests.waiting import wait_until
from tests.worker.training import Ground, ended, events, finished, weights
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.status import Status
from tui_finetune.runs.tail import read_events
from tui_finetune.runs.testing import check_run_directory

STEPS = 18
"""48 rows of train, 4 a batch, 2 batches a step: 6 steps an epoch, 3 epochs. A checkpoint and an evaluation every 4."""
RESUME = "resume goes on"


@dataclass
class Place:
    """Where harm is done: a home, a model, rows, the plugin that does it."""

    ground: Ground
    flag: Path
    monkeypatch: pytest.MonkeyPatch
    calm: Mapping[str, str]
    """Order of the rows to the weights of the run to which nothing happened."""

    def start(self, harm: str = "none@never", **sets: Any) -> RunInfo:
        """A run whose worker does itself that harm."""
        self.flag.unlink(missing_ok=True)
        self.monkeypatch.setenv("TEST_HARM", harm)
        return self.ground.start("harmed", **sets)

    def waiting(self, step: int = 7, **sets: Any) -> RunInfo:
        """A run that has done `step` steps and waits until `release`."""
        info = self.start(f"wait@step:{step}", **sets)
        wait_until(self.flag.exists, f"step {step}")
        return info

    def release(self) -> None:
        self.monkeypatch.setenv("TEST_HARM", "none@never")
        self.flag.unlink()

    def go_on(self, row: str, info: RunInfo, *, reached: int, seen: Status | None = None, then: str = RESUME) -> None:
        """Resumes a run that broke off after `reached` steps, waits for its end, and records the row."""
        status = seen or ended(info)
        self.monkeypatch.setenv("TEST_HARM", "none@never")
        begun = time.time()
        self.ground.resume(info)
        self.finish(row, info, reached=reached, seen=status, begun=begun, then=then)

    def finish(self, row: str, info: RunInfo, *, reached: int, seen: Status, begun: float, then: str = RESUME) -> None:
        """Waits for the good end of a run that goes on since `begun`, and records the row."""
        finished(info)
        attempt = events(info, "attempt")[-1]
        again = reached - attempt.get("from_step") if attempt.attempt > seen.attempt else 0
        same = weights(info) == self.calm["length"]
        check_run_directory(info.paths.root, only_known_events=True)
        keep(row, Measured(told(seen, info), then, again, past(info, reached, begun), same))
        assert same, "the weights are those of the run to which nothing happened"
        assert again <= 4 + 3, "never more than the steps since the newest whole checkpoint"

    def unharmed(
        self, row: str, info: RunInfo, *, seen: Status, begun: float, reached: int, then: str = "it goes on by itself"
    ) -> None:
        """The run went on as if nothing had happened."""
        self.finish(row, info, reached=reached, seen=seen, begun=begun, then=then)
        assert [event.get("n") for event in events(info, "attempt")] == [1]


def told(status: Status, info: RunInfo) -> str:
    """What the person reads, without what differs between two runs."""
    words = status.words if not status.advice else f"{status.words}. {status.advice}"
    pid = str(status.process.get("pid", ""))
    words = words.replace(info.short, "RUN").replace(str(info.paths.root), "RUN_DIR")
    return words.replace(pid, "PID") if len(pid) > 2 else words


def past(info: RunInfo, reached: int, begun: float) -> float:
    """Seconds from `begun` until the run had done more than `reached` steps, or was over."""
    at = next(
        (
            event.t
            for event in read_events(info.paths)
            if event.t >= begun and ((event.name == "step" and (event.step or 0) > reached) or event.name == "end")
        ),
        time.time(),
    )
    return max(0.0, round(at - begun, 2))


def worker_pid(info: RunInfo) -> int:
    """The process that works on the run."""
    pid = info.status().process.get("pid")
    assert isinstance(pid, int)
    return pid


def send_signal(info: RunInfo, number: int) -> None:
    os.kill(worker_pid(info), number)
