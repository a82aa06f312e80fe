"""A storm: twelve kills at random instants of a run that evaluates and saves all the time. Its end is the calm run's."""

from __future__ import annotations

import json
import os
import random
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import wait_until
from tests.worker import training
from tests.worker.forked import ForkServer
from tests.worker.training import Ground, ended, events, finished, weights
from tui_finetune.paths import Home
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.testing import check_run_directory

KILLS = 12
STEERED: Sequence[Mapping[str, Any]] = (
    {"at_step": 7, "set": {"learning_rate": "x0.5", "dropout": 0.2}},
    {"at_step": 17, "set": {"per_device_train_batch_size": 6, "gradient_accumulation_steps": 1}},
    {"at_step": 29, "set": {"freeze": ["embeddings", "encoder.layer.0"], "class_weights": "balanced"}},
    {"at_step": 41, "set": {"gradient_accumulation_steps": 3, "num_train_epochs": 4, "lr_scheduler_type": "cosine"}},
    {"at_step": 55, "set": {"unfreeze": ["embeddings"], "head_learning_rate": 2e-3}},
)
STORMS: Mapping[str, dict[str, Any]] = {
    "random order": {"batching__order": "random"},
    "length groups": {"batching__order": "length"},
    "steered": {"batching__order": "length", "change": list(STEERED)},
}


@pytest.fixture
def ground(home: Home, workers: ForkServer, tiny_model: Path, tmp_path: Path) -> Ground:
    (tmp_path / "data").mkdir()
    rows = training.write_rows(tmp_path / "data" / "rows.csv", 240)
    sets = {"train__save_steps": 5, "train__eval_steps": 4, "train__save_total_limit": 3}
    return Ground(home, tiny_model, rows, sets=sets)


@pytest.mark.soak
@pytest.mark.parametrize("name", STORMS)
def test_the_end_of_a_storm_is_that_of_the_calm_run(name: str, ground: Ground) -> None:
    calm = finished(ground.start("calm", **STORMS[name]))
    draw = random.Random(name)
    info = ground.start("storm", **STORMS[name])
    kills = 0
    while kills < KILLS and _killed_somewhere(info, draw):
        kills += 1
        ground.resume(info)
    finished(info)
    assert kills >= KILLS // 2, "the storm passed before it had begun"
    assert weights(info) == weights(calm)
    told = [{e.step: e.get("metrics") for e in events(run, "evaluation")} for run in (info, calm)]
    assert told[0] == told[1]
    check_run_directory(info.paths.root, only_known_events=True)


def _killed_somewhere(info: RunInfo, draw: random.Random) -> bool:
    """Kills the worker when its log has grown by some random length; False where it ended before that."""
    grown = info.paths.events.stat().st_size + draw.randint(200, 14_000)

    def there() -> str | None:
        if info.paths.events.stat().st_size >= grown:
            return "grown"
        return None if info.fresh().status().live else "over"

    if wait_until(there, "the run to go on", timeout=120) == "over":
        return False
    os.kill(json.loads(info.paths.process_json.read_text())["pid"], signal.SIGKILL)
    return ended(info).state == "died"
