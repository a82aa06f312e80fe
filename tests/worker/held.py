"""Runs that write down what their optimizer has, and can be held at a step, so that somebody may steer them there."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import wait_until
from tests.worker import training
from tests.worker.training import Ground, ended, events
from tui_finetune.paths import Home
from tui_finetune.runs.info import RunInfo


@dataclass
class Steered:
    """A ground whose runs write down what their optimizer has, and can be held at a step."""

    ground: Ground
    folder: Path
    monkeypatch: pytest.MonkeyPatch

    def start(self, name: str = "run", hold_at: Sequence[int] = (), **sets: Any) -> RunInfo:
        self._prepare(name, hold_at)
        return self.ground.start(name, **sets)

    def resume(self, info: RunInfo, name: str = "run", hold_at: Sequence[int] = ()) -> RunInfo:
        self._prepare(name, hold_at)
        return self.ground.resume(info)

    def _prepare(self, name: str, hold_at: Sequence[int]) -> None:
        self.monkeypatch.setenv("TEST_RECORD", str(self.folder / f"{name}.jsonl"))
        self.monkeypatch.setenv("TEST_HOLD_AT", ",".join(map(str, hold_at)))

    def at(self, step: int) -> None:
        """Waits until the run is held at the end of `step`."""
        wait_until(lambda: self._flag.exists() and self._flag.read_text() == str(step), f"step {step}", timeout=60)

    def go_on(self) -> None:
        self._flag.unlink()

    def kill(self, info: RunInfo) -> None:
        os.kill(json.loads(info.paths.process_json.read_text())["pid"], signal.SIGKILL)
        assert ended(info).state == "died"
        self._flag.unlink(missing_ok=True)

    @property
    def _flag(self) -> Path:
        return self.folder / "hold"

    def record(self, name: str = "run") -> dict[int, dict[str, Any]]:
        """Step to what the optimizer had at it; of a step that was done again, the later."""
        lines = (self.folder / f"{name}.jsonl").read_text().splitlines()
        return {found["step"]: found for found in map(json.loads, lines)}


def ground_of_held_runs(home: Home, model: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Steered:
    """A ground in `folder` for the workers of this test."""
    for name in ("data", "plugins"):
        (folder / name).mkdir()
    for plugin in ("recorder.py", "killer.py"):
        shutil.copy(Path(__file__).with_name(plugin), folder / "plugins" / plugin)
    monkeypatch.setenv("TEST_KILL_FLAG", str(folder / "killed"))
    monkeypatch.setenv("TEST_HOLD_FLAG", str(folder / "hold"))
    rows = training.write_rows(folder / "data" / "rows.csv")
    ground = Ground(home, model, rows, (folder / "plugins",), {"train__save_total_limit": 20})
    return Steered(ground, folder, monkeypatch)


def answer(info: RunInfo, asked: str) -> Any:
    """The answer to a request, which comes at once."""
    return wait_until(lambda: next((e for e in events(info, "request") if e.get("id") == asked), None), "an answer")


def applied(info: RunInfo, asked: str | None) -> Any:
    return wait_until(lambda: next((e for e in events(info, "applied") if e.get("id") == asked), None), "it applied")
