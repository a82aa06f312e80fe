"""Where a run stands, as far as a change of its settings is judged by it: steps, batches, the values in force."""

from __future__ import annotations

import functools
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tui_finetune.live import words
from tui_finetune.live.progress import steps_per_second
from tui_finetune.live.run_look import RunLook
from tui_finetune.live.schedule import AT_THE_END, agrees, share_of_peak
from tui_finetune.live.series import History
from tui_finetune.runs.settable import SETTABLE

USUAL: Mapping[str, Any] = {
    "lr_scheduler_type": "linear",
    "warmup_steps": 0,
    "weight_decay": 0.0,
    "max_grad_norm": 1.0,
    "label_smoothing_factor": 0.0,
    "gradient_accumulation_steps": 1,
    "eval_strategy": "epoch",
    "save_strategy": "epoch",
}
"""In force where the recipe does not say otherwise; of a script of somebody's own nothing is known."""


@dataclass(frozen=True)
class Situation:
    """What is known of the run when a change is thought about."""

    step: int = 0
    """Steps that are done."""
    steps: int | None = None
    per_epoch: int | None = None
    epochs: float | None = None
    rows: int | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    """In force, by the name of the setting."""
    rate: float | None = None
    """The newest learning rate that was logged, and the step of it."""
    rate_step: int = 0
    norm: tuple[float, float, float] | None = None
    """The newest gradient norm, and between which two most of the recent ones lay."""
    seconds: float | None = None
    """Of a step."""
    eval_seconds: float | None = None
    has_validation: bool = True
    task: str | None = None

    @property
    def batch(self) -> int:
        return _whole(self.values.get("per_device_train_batch_size"), 1)

    @property
    def accumulation(self) -> int:
        return _whole(self.values.get("gradient_accumulation_steps"), 1)

    @property
    def schedule(self) -> str:
        return str(self.values.get("lr_scheduler_type") or "linear")

    @property
    def peak(self) -> float | None:
        found = self.values.get("learning_rate")
        return float(found) if isinstance(found, int | float) else None

    @property
    def warmup(self) -> int:
        """Steps of the warm-up; a share of the steps where it was given as one."""
        ratio = self.values.get("warmup_ratio")
        steps = self.values.get("warmup_steps")
        if isinstance(steps, float) and 0 < steps < 1:
            ratio, steps = steps, 0
        if not steps and isinstance(ratio, int | float) and self.steps:
            return math.ceil(self.steps * ratio)
        return _whole(steps, 0)

    @property
    def schedule_words(self) -> str:
        """`peak 1e-5, linear to 0 at step 4,221`."""
        if self.peak is None:
            return ""
        end = f" to 0 at step {self.steps:,}" if self.schedule in AT_THE_END and self.steps else ""
        return f"peak {words.rate(self.peak)}, {self.schedule.replace('_', ' ')}{end}"

    @property
    def clip_words(self) -> str:
        """`before clipping at 1`."""
        limit = self.values.get("max_grad_norm")
        return f"before clipping at {words.rate(limit)}" if isinstance(limit, int | float) and limit > 0 else ""

    @property
    def next_epoch(self) -> int | None:
        """The step at which the epoch that is trained now ends."""
        if not self.per_epoch:
            return None
        return (self.step // self.per_epoch + 1) * self.per_epoch

    def share(self, *, steps: int | None = None, kind: str | None = None, warmup: int | None = None) -> float | None:
        """The rate of the next step as a share of the peak, with other settings where they are given."""
        total = steps or self.steps
        if total is None:
            return None
        return share_of_peak(kind or self.schedule, self.step, total, self.warmup if warmup is None else warmup)

    @property
    def known_schedule(self) -> bool:
        """True where the rates that were logged are those that peak and shape tell."""
        if self.peak is None or self.steps is None:
            return False
        reckoned = share_of_peak(self.schedule, self.rate_step, self.steps, self.warmup)
        return reckoned is not None and agrees(self.peak * reckoned, self.rate)

    @property
    def next_rate(self) -> float | None:
        """The rate of the next step; where the shape is not known the newest one that was logged."""
        share = self.share() if self.known_schedule else None
        return self.peak * share if share is not None and self.peak is not None else self.rate


def situation(look: RunLook) -> Situation:
    """How the run stands now."""
    history, plan = look.history, look.history.plan
    rows = plan.get("rows")
    split = rows if isinstance(rows, Mapping) else {}
    rates = history.get("learning_rate")
    per_epoch, epochs = plan.get("steps_per_epoch"), plan.get("epochs")
    speed = steps_per_second(history)
    newest = history.last("validation")
    return Situation(
        step=max(history.step, look.status.step or 0),
        steps=history.steps or look.status.steps,
        per_epoch=per_epoch if isinstance(per_epoch, int) else None,
        epochs=float(epochs) if isinstance(epochs, int | float) else None,
        rows=split.get("train") if isinstance(split.get("train"), int) else None,
        values=in_force(look.files.recipe, history),
        rate=rates.last,
        rate_step=rates.steps[-1] if rates.steps else 0,
        norm=_norm(history),
        seconds=1 / speed if speed else None,
        eval_seconds=newest.seconds if newest is not None else None,
        has_validation="validation" in split or newest is not None or not split,
        task=look.info.task,
    )


def in_force(recipe: str, history: History) -> dict[str, Any]:
    """The values that hold now: as the recipe has them, as the worker says, as they were changed since."""
    found: dict[str, Any] = {**USUAL, **_of_recipe(recipe)} if recipe else {}
    plan = history.plan
    for key, name in (("batch_size", "per_device_train_batch_size"), ("accumulation", "gradient_accumulation_steps"),
                      ("epochs", "num_train_epochs"), ("best_by", "metric_for_best_model")):  # fmt: skip
        if plan.get(key) is not None:
            found[name] = plan[key]
    told = plan.get("settings")
    found |= dict(told) if isinstance(told, Mapping) else {}
    for change in history.changes:
        found |= change.new
    return found


@functools.lru_cache(maxsize=4)
def _of_recipe(text: str) -> dict[str, Any]:
    try:
        recipe = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}
    found = {name: value for name, one in SETTABLE.items()
             if one.recipe is not None and (value := _at(recipe, one.recipe)) is not None}  # fmt: skip
    ratio = _at(recipe, "train.warmup_ratio")
    return found if ratio is None else {**found, "warmup_ratio": ratio}


def _at(table: Any, key: str) -> Any:
    for part in key.split("."):
        table = table.get(part) if isinstance(table, Mapping) else None
    return table


def _norm(history: History) -> tuple[float, float, float] | None:
    recent = sorted(value for value in history.get("grad_norm").values[-200:] if math.isfinite(value))
    if not recent:
        return None
    last = len(recent) - 1
    return history.get("grad_norm").values[-1], recent[round(last * 0.1)], recent[round(last * 0.9)]


def _whole(value: Any, usual: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else usual
