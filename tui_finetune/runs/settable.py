"""What can be set while a run goes on: one declaration for the verbs, the interface, the recipe's `[[change]]` and the worker.

Only what a name and a value say of themselves is judged here; whether this run can do it, the worker answers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from tui_finetune.errors import Problem, nearest

Kind = Literal["number", "whole number", "choice", "patterns", "weights", "text"]

NEXT_STEP = "next step"
RULE_PREFIX = "health."
HEALTH_ACTIONS = ("off", "note", "pause", "rollback", "stop")
"""What a health rule may do when it finds something."""
HEALTH_RULES = (
    "loss_nan", "loss_spike", "gradient_explosion", "gradient_vanishing", "loss_flat", "overfitting", "one_class",
    "all_truncated", "labels_ignored", "slow_input", "slow_steps", "throttled", "memory_creep", "disk_filling", "hanging",
)  # fmt: skip
HEALTH_THRESHOLDS: Mapping[str, tuple[float, float]] = {
    "loss_spike_sigmas": (0, math.inf), "gradient_explosion_times": (1, math.inf), "loss_flat_steps": (19, math.inf),
    "overfitting_percent": (0, math.inf), "overfitting_evaluations": (0, math.inf), "one_class_percent": (50, 100),
    "all_truncated_percent": (0, 100), "labels_ignored_percent": (0, 100), "slow_input_percent": (0, 100),
    "slow_steps_percent": (0, 100), "throttled_percent": (0, 100), "hanging_seconds": (0, math.inf),
}  # fmt: skip
"""From where on a rule finds something: what it must be above, and the most."""
_COUNTED = ("_steps", "_evaluations")
_OF_HANGING = ("off", "note", "stop")
"""A worker that hangs can neither hold nor go back."""
SCHEDULES = (
    "linear", "cosine", "cosine_with_restarts", "polynomial", "constant", "constant_with_warmup", "inverse_sqrt",
    "reduce_lr_on_plateau", "cosine_with_min_lr", "cosine_warmup_with_min_lr", "warmup_stable_decay", "greedy",
)  # fmt: skip
WEIGHT_WORDS = ("balanced", "none")
"""Class weights in a word: by how often each label is, or all the same."""

_FACTOR = re.compile(r"[x×*]\s*(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)")


@dataclass(frozen=True)
class Setting:
    """One key that can be set."""

    name: str
    kind: Kind
    help: str
    recipe: str | None = None
    """Dotted key of the recipe that holds the value which the run began with."""
    when: str = NEXT_STEP
    """When it takes effect at the earliest; the answer to a request says the step."""
    low: float = -math.inf
    high: float = math.inf
    low_open: bool = False
    """True where `low` itself is not allowed."""
    high_open: bool = False
    choices: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """What it takes, in words: `a number above 0`, `linear, cosine …`."""
        if self.choices:
            return ", ".join(self.choices)
        if self.kind in ("number", "whole number"):
            bounds = [f"{'above' if self.low_open else 'at least'} {self.low:g}"] if self.low > -math.inf else []
            bounds += [f"{'below' if self.high_open else 'at most'} {self.high:g}"] if self.high < math.inf else []
            return f"a {self.kind} {', '.join(bounds)}".rstrip()
        return {"patterns": "names of parts", "weights": "label to number, or balanced, or none"}.get(
            self.kind, "a text"
        )

    @property
    def takes_factor(self) -> bool:
        """Whether `x0.5` scales what is in force."""
        return self.kind == "number"


def _number(
    name: str,
    help: str,
    recipe: str,
    *,
    high: float = math.inf,
    low_open: bool = False,
    high_open: bool = False,
) -> Setting:
    return Setting(name, "number", help, recipe, low=0.0, high=high, low_open=low_open, high_open=high_open)


def _count(name: str, help: str, recipe: str, low: int = 1) -> Setting:
    return Setting(name, "whole number", help, recipe, low=low)


_SETTINGS = (
    _number(
        "learning_rate", "Peak of the schedule; its shape stays. A factor scales the head's rate too.",
        "train.learning_rate", high=100.0, low_open=True,
    ),
    _number(
        "head_learning_rate", "Rate of the head and pooler alone.", "optim.head_learning_rate", high=100.0, low_open=True
    ),
    Setting(
        "lr_scheduler_type", "choice", "Shape of the learning rate from here to the end.", "train.lr_scheduler_type",
        choices=SCHEDULES,
    ),
    _count("warmup_steps", "Step at which the warm-up ends.", "train.warmup_steps", low=0),
    _number("weight_decay", "Pull of the weights towards 0.", "train.weight_decay"),
    _number("max_grad_norm", "Gradients are clipped to this norm; 0 clips none.", "train.max_grad_norm"),
    _number(
        "label_smoothing_factor", "Share of each label that is spread over the others.", "train.label_smoothing_factor",
        high=1.0, high_open=True,
    ),
    _number("num_train_epochs", "Passes over the training data in all.", "train.num_train_epochs", low_open=True),
    _count("max_steps", "Optimizer steps in all.", "train.max_steps"),
    _count("per_device_train_batch_size", "Rows of a micro-batch.", "train.per_device_train_batch_size"),
    _count("gradient_accumulation_steps", "Micro-batches of one optimizer step.", "train.gradient_accumulation_steps"),
    _count("per_device_eval_batch_size", "Rows of a batch when measuring.", "train.per_device_eval_batch_size"),
    _count("logging_steps", "Steps between two points of the curves.", "train.logging_steps"),
    Setting(
        "eval_strategy", "choice", "When validation is measured.", "train.eval_strategy", choices=("no", "steps", "epoch")
    ),
    _count("eval_steps", "Steps between two evaluations.", "train.eval_steps"),
    Setting(
        "save_strategy", "choice", "When a checkpoint is written.", "train.save_strategy",
        choices=("no", "steps", "epoch", "best"),
    ),
    _count("save_steps", "Steps between two checkpoints.", "train.save_steps"),
    _count("save_total_limit", "Checkpoints that are kept.", "train.save_total_limit"),
    Setting(
        "metric_for_best_model", "text", "Metric that tells the best checkpoint.", "train.metric_for_best_model"
    ),
    _count(
        "early_stopping_patience", "Evaluations without a better one after which training ends; 0 never.",
        "evaluate.patience", low=0,
    ),
    _number("early_stopping_threshold", "What counts as better, at least.", "evaluate.threshold"),
    _number("dropout", "Dropout of the model, all parts.", "model.dropout", high=1.0, high_open=True),
    Setting("freeze", "patterns", "Parts that are not trained from now on, as in model.freeze.", "model.freeze"),
    Setting("unfreeze", "patterns", "Parts that are trained again."),
    Setting("class_weights", "weights", "Weight of each label in the loss.", "task_options.class_weights"),
    Setting("note", "text", "A line for the history of the run."),
)  # fmt: skip

SETTABLE: Mapping[str, Setting] = MappingProxyType(
    {
        **{one.name: one for one in _SETTINGS},
        **{
            f"{RULE_PREFIX}{rule}": Setting(
                f"{RULE_PREFIX}{rule}", "choice", f"What is done when {rule} is found.", f"{RULE_PREFIX}{rule}",
                choices=_OF_HANGING if rule == "hanging" else HEALTH_ACTIONS,
            )
            for rule in HEALTH_RULES
        },
        **{
            f"{RULE_PREFIX}{name}": Setting(
                f"{RULE_PREFIX}{name}", "whole number" if name.endswith(_COUNTED) else "number", "From where on it is found.",
                f"{RULE_PREFIX}{name}", low=low, high=high, low_open=True,
            )
            for name, (low, high) in HEALTH_THRESHOLDS.items()
        },
    }
)  # fmt: skip
"""Every key by name."""

_OTHER_NAMES: Mapping[str, str] = {
    "lr": "learning_rate", "rate": "learning_rate", "head_lr": "head_learning_rate", "scheduler": "lr_scheduler_type",
    "schedule": "lr_scheduler_type", "epochs": "num_train_epochs", "steps": "max_steps", "warmup": "warmup_steps",
    "batch_size": "per_device_train_batch_size", "accumulation": "gradient_accumulation_steps", "wd": "weight_decay",
    "clip": "max_grad_norm", "patience": "early_stopping_patience", "label_smoothing": "label_smoothing_factor",
}  # fmt: skip
_BY_RECIPE_KEY = {one.recipe: name for name, one in SETTABLE.items() if one.recipe}
_ONE_OF = (("num_train_epochs", "max_steps"),)


def setting(key: str) -> Setting | None:
    """The declaration of a key, by its own name or by its place in a recipe: `learning_rate`, `train.learning_rate`."""
    return SETTABLE.get(_BY_RECIPE_KEY.get(key, key))


def factor(value: Any) -> float | None:
    """0.5 of `x0.5`; None for a value that is no factor."""
    found = _FACTOR.fullmatch(value.strip()) if isinstance(value, str) else None
    return float(found[1]) if found is not None else None


def checked(values: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """The values under their own names and in their own types, and everything that is wrong with the rest."""
    found: dict[str, Any] = {}
    problems: list[Problem] = []
    for key, value in values.items():
        one = setting(key)
        if one is None:
            problems.append(unknown(key))
            continue
        if one.name in found:
            problems.append(Problem("is given twice.", key))
            continue
        taken, words = _taken(one, value)
        if words is None:
            found[one.name] = taken
        else:
            problems.append(Problem(words, key))
    problems += [
        Problem(f"{one} and {other} both say when the run ends.", other, hint="Leave one of them out.")
        for one, other in _ONE_OF
        if one in found and other in found
    ]
    return found, problems


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """The set of a change by dotted keys, as it is written with or without quotes: `health.loss_spike = "pause"`."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        one = setting(f"{prefix}{name}")
        if isinstance(value, dict) and (one is None or one.kind != "weights"):
            found |= flat(value, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = value
    return found


def unknown(key: str) -> Problem:
    """The problem of a key that cannot be set."""
    bare = key.rpartition(".")[2] if not key.startswith(RULE_PREFIX) else key
    near = _OTHER_NAMES.get(bare.casefold()) or nearest(key, SETTABLE) or nearest(bare, SETTABLE)
    hint = f"Did you mean {near}?" if near else f"There are: {', '.join(_listed())}."
    return Problem("cannot be set while a run goes on.", key, hint=hint)


def _listed() -> Iterator[str]:
    yield from (name for name in SETTABLE if not name.startswith(RULE_PREFIX))
    yield f"{RULE_PREFIX}<rule>"


def _taken(one: Setting, value: Any) -> tuple[Any, str | None]:
    """The value as it is kept, and why it is none."""
    if one.kind in ("number", "whole number"):
        return _as_number(one, value)
    if one.kind == "choice":
        return (value, None) if value in one.choices else (None, _not_a_choice(one, value))
    if one.kind == "patterns":
        given = [value] if isinstance(value, str) else value
        fits = isinstance(given, list) and given and all(isinstance(part, str) and part.strip() for part in given)
        return (given, None) if fits else (None, f'is {_said(value)}; expected names of parts: ["encoder.layer.0-2"].')
    if one.kind == "weights":
        return (value, None) if _are_weights(value) else (None, _not_weights(value))
    fits = isinstance(value, str) and bool(value.strip())
    return (value, None) if fits else (None, f"is {_said(value)}; expected a text.")


def _as_number(one: Setting, value: Any) -> tuple[Any, str | None]:
    scale = factor(value)
    if scale is not None and one.takes_factor:
        return (f"x{scale:g}", None) if scale > 0 else (None, "is a factor of 0; expected one above it.")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return (
            None,
            f"is {_said(value)}; expected a {one.kind}{' or a factor such as x0.5' if one.takes_factor else ''}.",
        )
    if not math.isfinite(value):
        return None, f"is {value}; expected a finite number."
    if one.kind == "whole number" and value != int(value):
        return None, f"is {value:g}; expected a whole number."
    if value < one.low or (one.low_open and value == one.low):
        return None, f"is {value:g}, must be {'above' if one.low_open else 'at least'} {one.low:g}."
    if value > one.high or (one.high_open and value == one.high):
        return None, f"is {value:g}, must be {'below' if one.high_open else 'at most'} {one.high:g}."
    return (int(value) if one.kind == "whole number" else float(value)), None


def _not_a_choice(one: Setting, value: Any) -> str:
    near = nearest(value, one.choices) if isinstance(value, str) else None
    hint = f"Did you mean {near}?" if near else f"There are: {', '.join(one.choices)}."
    return f"is {_said(value)}. {hint}"


def _are_weights(value: Any) -> bool:
    if isinstance(value, str):
        return value in WEIGHT_WORDS
    if not isinstance(value, Mapping) or not value:
        return False
    numbers = [one for one in value.values() if isinstance(one, int | float) and not isinstance(one, bool)]
    return len(numbers) == len(value) and all(one >= 0 and math.isfinite(one) for one in numbers) and any(numbers)


def _not_weights(value: Any) -> str:
    return f"is {_said(value)}; expected a weight for each label, {{ neg = 2.0, pos = 1.0 }}, or balanced, or none."


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value[:60]}"'
    if isinstance(value, Mapping):
        return "a table"
    return "a list" if isinstance(value, list | tuple) else f"{value:g}" if isinstance(value, float) else str(value)
