"""Whether a finished run is worth having: what is said of a spoilt model, and of one that a trivial baseline passes."""

from __future__ import annotations

import math
from collections.abc import Mapping

from tui_finetune.live import words
from tui_finetune.live.listing import main_metric
from tui_finetune.live.series import History
from tui_finetune.runs.status import Status

FEW_STEPS = 1_000
"""Below so many steps a low rate has seldom done its work."""


def remark(history: History, status: Status) -> str | None:
    """The gravest thing that is to be said of a finished run's model, or None."""
    if any(name.endswith("loss") and not math.isfinite(value) for name, value in status.metrics.items()):
        return (
            "The loss is no number: the model is spoilt. A lower learning rate, or fp32 in place of fp16, often helps."
        )
    return behind_a_baseline(history, status)


def behind_a_baseline(history: History, status: Status) -> str | None:
    """The best baseline and the model where the baseline does better by the run's main metric, and what often helps."""
    main = main_metric(status)
    directions = history.plan.get("metrics")
    if main is None or not status.baselines or not isinstance(directions, Mapping):
        return None
    metric, reached, split = main
    greater = directions.get(metric) is not False
    name, best = (max if greater else min)(status.baselines.items(), key=lambda item: item[1])
    if best != best or (best <= reached if greater else best >= reached):
        return None
    where = "test" if split == "test" else "validation"
    figures = f"{metric} {words.score(best)} on {where}, the model {words.score(reached)}"
    return f"The baseline {name} does better: {figures}. {_way_on(status)}"


def _way_on(status: Status) -> str:
    if status.steps is not None and status.steps < FEW_STEPS:
        return f"It trained for {status.steps:,} steps only: more epochs or a higher learning rate often help."
    return "Another learning rate, more rows or another model may help."
