"""The example plugins with loops of their own: steered, killed and resumed, each is the same run bit for bit."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import REPOSITORY
from tests.worker.forked import ForkServer
from tests.worker.held import answer, ground_of_held_runs
from tests.worker.training import ask, events, finished, weights
from tui_finetune.paths import Home
from tui_finetune.runs.testing import check_run_directory

FOLDER = REPOSITORY / "plugins" / "custom-loops"
KINDS = ("loss", "step", "model", "optimizer")


@pytest.mark.parametrize("kind", KINDS)
def test_each_example_is_short(kind: str) -> None:
    halves = [(FOLDER / f"own_{kind}{half}.py").read_text().splitlines() for half in ("", "_heavy")]
    assert sum(len([line for line in half if line.strip()]) for half in halves) < 40


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(kind, marks=pytest.mark.slow if kind in ("model", "optimizer") else pytest.mark.soak)
        for kind in KINDS
    ],
)
def test_steered_and_killed_it_is_the_same_run(
    kind: str, home: Home, workers: ForkServer, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steered = ground_of_held_runs(home, tiny_model, tmp_path, monkeypatch)
    for path in FOLDER.glob(f"own_{kind}*.py"):
        shutil.copy(path, tmp_path / "plugins" / path.name)
    own: dict[str, Any] = {"task": f"text-classification-own-{kind}", "train__max_steps": 9}
    change = {"learning_rate": "x0.5", "freeze": ["embeddings"]}
    whole = finished(steered.start("whole", change=[{"at_step": 6, "set": change}], **own))
    check_run_directory(whole.paths.root, only_known_events=True)
    info = steered.start("killed", [5, 7], **own)
    steered.at(5)
    assert answer(info, ask(info, "set", set=change)).get("when") == "from step 6"
    steered.go_on()
    steered.at(7)
    steered.kill(info)
    finished(steered.resume(info, "killed"))
    assert steered.record("killed") == steered.record("whole")
    assert steered.record("killed")[6]["trained"] < steered.record("killed")[5]["trained"]
    assert weights(info) == weights(whole)
    assert [event.step for event in events(info, "checkpoint")] == [4, 8, 9]
