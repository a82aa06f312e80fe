"""Kills at instants that nobody chose, one after another: the weights are the calm run's."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest

from tests.faults.place import Place
from tests.faults.record import Measured, keep
from tests.worker.training import ended, events, finished, weights
from tui_finetune.runs.testing import check_run_directory

LONG = {"train__num_train_epochs": 20, "train__save_steps": 10, "train__eval_steps": 15}
"""120 steps."""
INSTANTS: dict[str, tuple[float, float]] = {"begin": (0.1, 1.5), "train": (0.05, 1.2)}
"""Seconds after which a worker is killed: from the moment that its plugins are loaded, or that training begins."""


def storm(place: Place, kills: int, seed: int, **sets: Any) -> tuple[int, int, float]:
    """Kills a run at random and resumes it, then compares. Gives kills that hit, steps done again, and seconds lost."""
    draw = random.Random(seed)
    values = {**LONG, **sets}
    calm_begun = time.monotonic()
    calm = weights(finished(place.ground.start("calm", **values)))
    calm_seconds = time.monotonic() - calm_begun
    begun = time.monotonic()
    info = place.start(_kill(draw), **values)
    hit, reached = 0, 0
    while (status := ended(info)).state == "died" and hit < kills:
        hit += 1
        reached += status.step or 0
        harm = _kill(draw) if hit < kills else "none@never"
        place.monkeypatch.setenv("TEST_HARM", harm)
        place.ground.resume(info)
    assert status.state == "finished", f"{status.words}\n{info.paths.stdout_log.read_text()[-3000:]}"
    assert weights(info) == calm
    check_run_directory(info.paths.root, only_known_events=True)
    again = reached - sum(event.get("from_step") for event in events(info, "attempt"))
    return hit, again, time.monotonic() - begun - calm_seconds


def _kill(draw: random.Random) -> str:
    begin = draw.choice(("begin", "train", "train"))
    return f"kill@{begin}:{draw.uniform(*INSTANTS[begin])}"


@pytest.mark.slow
def test_five_random_kills(place: Place) -> None:
    hit, again, lost = storm(place, 5, seed=1)
    seen = "died: process gone without a result at step …, each time"
    assert hit >= 3, "the run was over before it was killed"
    keep("killed-often", Measured(seen, f"resume, {hit} times", again, round(lost / hit, 1), True))


STEERED = [
    {"at_step": 7, "set": {"learning_rate": "x0.5", "dropout": 0.2}},
    {"at_step": 17, "set": {"per_device_train_batch_size": 6, "gradient_accumulation_steps": 1}},
    {"at_step": 29, "set": {"freeze": ["embeddings", "encoder.layer.0"], "class_weights": "balanced"}},
    {"at_step": 41, "set": {"gradient_accumulation_steps": 3, "num_train_epochs": 90, "lr_scheduler_type": "cosine"}},
    {"at_step": 55, "set": {"unfreeze": ["embeddings"], "head_learning_rate": 2e-3}},
]
"""Changes of the loop's shape among them."""
SOAKED: dict[str, tuple[int, dict[str, Any]]] = {
    "storm": (50, {"train__num_train_epochs": 120}),
    "storm-random": (12, {"batching__order": "random", "train__num_train_epochs": 40}),
    "storm-steered": (12, {"change": STEERED}),
}
"""Row to the number of kills and what is set."""


@pytest.mark.soak
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("row", SOAKED)
def test_kills_without_end(row: str, place: Place) -> None:
    kills, sets = SOAKED[row]
    hit, again, lost = storm(place, kills, seed=2, **sets)
    assert hit >= kills // 2, "the storm passed before it had begun"
    seen = "died: process gone without a result at step …, each time"
    keep(row, Measured(seen, f"resume, {hit} times", again, round(lost / hit, 1), True))
