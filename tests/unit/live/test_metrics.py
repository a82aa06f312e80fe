"""What is said of a metric: its direction is the run's own."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes import FakeRun
from tui_finetune.live.metrics import best_so_far
from tui_finetune.live.series import History
from tui_finetune.paths import Home
from tui_finetune.runs.tail import read_events


@pytest.mark.parametrize(("metric", "values", "best"), [
    ("accuracy", (0.5, 0.6), True),
    ("accuracy", (0.6, 0.5), False),
    ("loss", (0.6, 0.5), True),
    ("mean_absolute_error", (0.6, 0.5), True),
    ("mean_absolute_error", (0.5, 0.6), False),
])  # fmt: skip
def test_the_newest_is_the_best_so_far(home: Home, metric: str, values: tuple[float, float], best: bool) -> None:
    run = FakeRun(home).begin()
    run.plan(metrics={"accuracy": True, "mean_absolute_error": False, "loss": False})
    for step, value in enumerate(values, start=1):
        figures: dict[str, Any] = {metric: value}
        run.evaluate(step, **figures)
    assert best_so_far(History(read_events(run.paths)), f"validation/{metric}") is best
