"""The steering sheet: which values can be changed now, what they are, when a change counts, what follows from one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tui_finetune.live.control import read_value
from tui_finetune.live.follows import consequences
from tui_finetune.live.palette import Entry
from tui_finetune.live.situation import Situation
from tui_finetune.live.steered import value_words
from tui_finetune.runs.settable import NEXT_STEP, RULE_PREFIX, SETTABLE, Setting, checked

FIRST = (
    "learning_rate",
    "weight_decay",
    "max_grad_norm",
    "gradient_accumulation_steps",
    "per_device_train_batch_size",
    "num_train_epochs",
    "eval_steps",
    "warmup_steps",
)
"""Asked for most often; the others are behind one line with their count."""
LENGTHS = ("num_train_epochs", "max_steps", "per_device_train_batch_size", "gradient_accumulation_steps")
"""What changes the number of steps: the schedule is stretched to the new end, or keeps its own."""
STRATEGIES: Mapping[str, str] = {"eval_steps": "eval_strategy", "save_steps": "save_strategy"}
"""A number of steps counts only where the strategy is `steps`."""
NEED_VALIDATION = frozenset(
    {"eval_steps", "eval_strategy", "early_stopping_patience", "early_stopping_threshold", "per_device_eval_batch_size",
     "metric_for_best_model"}
)  # fmt: skip
RATES = (1.0, 2.0, 5.0)
"""Steps of the ladder within a power of ten."""


@dataclass(frozen=True)
class Row:
    """A value that can be changed, or why it cannot."""

    setting: Setting
    now: str
    takes_effect: str
    off: str = ""
    """Why it cannot be changed now; empty where it can."""

    @property
    def name(self) -> str:
        return self.setting.name


@dataclass(frozen=True)
class Trial:
    """What was typed, looked at before it is sent."""

    values: Mapping[str, Any]
    """What `set` is sent with; empty where it cannot be."""
    problem: str = ""
    said: Sequence[str] = ()
    """What follows from it."""


def rows(now: Situation, *, every: bool = False) -> list[Row]:
    """The settings, those first that are asked for most; all of them where `every` is.

    Of a number of steps that does not count because each epoch is the measure, the strategy stands in its place.
    """
    first = [STRATEGIES[name] if _by_epoch(now, name) else name for name in FIRST]
    names = [*first, *(name for name in SETTABLE if name not in first)]
    return [_row(now, SETTABLE[name]) for name in (names if every else names[: len(FIRST)])]


def _by_epoch(now: Situation, name: str) -> bool:
    return name in STRATEGIES and now.values.get(STRATEGIES[name], "steps") != "steps"


def entries(now: Situation, why_not: str = "") -> list[Entry]:
    """The settings for the palette: `setting save_total_limit  3, can be changed while running`."""
    found = []
    for row in rows(now, every=True):
        off = why_not or (f"{row.off}." if row.off else "")
        about = f"{row.now}, can be changed while running"
        found.append(Entry(f"setting {row.name}", "", about, off, f"setting:{row.name}", 1))
    return found


def _row(now: Situation, setting: Setting) -> Row:
    off = why_off(now, setting.name)
    return Row(setting, value_now(now, setting.name), f"off: {off}" if off else takes_effect(now, setting), off)


def value_now(now: Situation, name: str) -> str:
    """As one writes it: `2e-5`; `–` where nothing is in force."""
    if name == "warmup_steps":
        return value_words(now.warmup)
    if name.startswith(RULE_PREFIX) and name not in now.values:
        return "note"
    value = now.values.get(name)
    return "–" if value in (None, [], {}) or _by_epoch(now, name) else value_words(value)


def takes_effect(now: Situation, setting: Setting) -> str:
    """`next step`; `next epoch, step 2,814`."""
    if setting.name in ("num_train_epochs", "max_steps"):
        return f"{setting.when}; moves the schedule's end"
    if setting.when != NEXT_STEP and now.next_epoch is not None:
        return f"{setting.when}, step {now.next_epoch:,}"
    return "at once" if setting.name == "note" else setting.when


def why_off(now: Situation, name: str) -> str:
    """Why a setting cannot be changed now, as far as it is seen from here; the worker may know more."""
    if name == "warmup_steps" and now.step >= now.warmup:
        return f"warm-up ended at step {now.warmup:,}"
    if name == "num_train_epochs" and _positive(now.values.get("max_steps")):
        return "max_steps says when it ends"
    if name in NEED_VALIDATION and not now.has_validation:
        return "there is no validation split"
    if name == "class_weights" and now.task not in (None, "text-classification"):
        return f"{now.task} has no class weights"
    return ""


def _positive(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def tried(now: Situation, name: str, typed: str, *, stretch: bool = True) -> Trial:
    """What was typed for a setting: what it is sent as and what follows, or what is wrong with it."""
    text = typed.strip()
    if not text:
        return Trial({}, "", [SETTABLE[name].help])
    number = next((steps for steps, strategy in STRATEGIES.items() if strategy == name and text.isdecimal()), None)
    name = number or name  # a number of steps is understood where the strategy is asked for, and the other way round
    strategy = STRATEGIES.get(name)
    if strategy is not None and text in SETTABLE[strategy].choices:
        return Trial({strategy: text}, "", [f"{strategy} {value_words(now.values.get(strategy))} → {text}."])
    values, problems = checked({name: read_value(name, text)})
    if problems:
        return Trial({}, f"{name} {problems[0].message}")
    value = values[name]
    if value == now.values.get(name) and strategy is None:
        return Trial({}, f"{name} is {value_words(value)} already.")
    if strategy is not None and now.values.get(strategy) != "steps":
        values = {strategy: "steps", **values}
    return Trial(values, "", consequences(now, name, value, stretch=stretch))


def request_of(trial: Trial, reason: str, *, stretch: bool = True) -> dict[str, Any]:
    """The values of the request."""
    asked: dict[str, Any] = {"set": dict(trial.values), "reason": reason.strip() or None}
    return {**asked, "stretch": stretch} if any(name in LENGTHS for name in trial.values) else asked


def ladder(now: Situation, setting: Setting) -> list[str]:
    """Values around the one in force, rising: what up and down go through."""
    if setting.kind == "choice":
        return list(setting.choices)
    strategies = list(SETTABLE[STRATEGIES[setting.name]].choices) if setting.name in STRATEGIES else []
    value = now.values.get(setting.name)
    if setting.kind == "number":
        return _rates(float(value) if isinstance(value, int | float) and value else _usual(setting), setting)
    if setting.kind == "whole number":
        start = value if _positive(value) else max(1, round((now.steps or 100) / 20))
        assert isinstance(start, int)
        return [*_counts(start, setting), *(one for one in strategies if one != "steps")]
    return ["balanced", "none"] if setting.kind == "weights" else []


def _usual(setting: Setting) -> float:
    """Where nothing is in force."""
    return {"learning_rate": 2e-5, "head_learning_rate": 1e-3, "early_stopping_threshold": 1e-3}.get(setting.name, 0.1)


def _rates(value: float, setting: Setting) -> list[str]:
    """1, 2, 5 of a power of ten: two below, the value, one above."""
    power = math.floor(math.log10(abs(value)))
    every = [one * 10.0**at for at in range(power - 2, power + 2) for one in RATES]
    if setting.name == "num_train_epochs":
        every = [max(1.0, math.floor(value) + by) for by in (-1, 0, 1, 2)]
    below = [one for one in every if one < value * 0.999][-2:]
    above = [one for one in every if one > value * 1.001][:1]
    found = [*below, value, *above]
    return [value_words(one) for one in dict.fromkeys(found) if setting.low <= one <= setting.high]


def _counts(value: int, setting: Setting) -> list[str]:
    found = sorted({value // 4, value // 2, value, value * 2, value * 4} - {0})
    return [str(one) for one in found if setting.low <= one <= setting.high]


def rung(steps: Sequence[str], typed: str, by: int) -> str:
    """The value above or below what is typed."""
    if not steps:
        return typed
    if typed.strip() in steps:
        return steps[min(len(steps) - 1, max(0, steps.index(typed.strip()) + by))]
    return steps[-1] if by > 0 else steps[0]
