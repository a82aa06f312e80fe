"""What each key does to a Trainer that trains: its value in force, why it may be refused, and how it is applied.

`runs/settable.py` declares the keys; here is one lever for each. A lever changes arguments, state and model, and says
what has to be made anew for that; `steering.py` does so once for all keys of a change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from transformers.trainer_pt_utils import LabelSmoother
from transformers.trainer_utils import IntervalStrategy, SaveStrategy, SchedulerType

from tui_finetune.errors import RecipeError
from tui_finetune.runs.settable import factor
from tui_finetune.worker.parameters import check_freeze, freeze, frozen_modules, unfreeze
from tui_finetune.worker.steering import optimizer, schedule
from tui_finetune.worker.steering.best import choose_best
from tui_finetune.worker.steering.dropout import dropout_of, has_dropout, set_dropout

GROUPS: Final = "groups"
"""The optimizer's groups are to be made anew."""
SCHEDULE: Final = "schedule"
SHAPE: Final = "shape"
"""Another micro-batch or accumulation: a new segment begins."""
LENGTH: Final = "length"
"""The run ends elsewhere."""
Redo = frozenset[str]
NOTHING: Final[Redo] = frozenset()

Asked = Mapping[str, Any]
"""All keys of the change that a key belongs to."""


@dataclass(frozen=True)
class Lever:
    """One key. The functions take the Trainer."""

    current: Callable[[Any], Any]
    apply: Callable[[Any, Any], Redo]
    refusal: Callable[[Any, Any, Asked], str | None] = lambda trainer, value, asked: None


def _argument(name: str, redo: Redo = NOTHING) -> Lever:
    """A field of the arguments that the loop reads at every step."""

    def apply(trainer: Any, value: Any) -> Redo:
        setattr(trainer.args, name, value)
        return redo

    return Lever(lambda trainer: getattr(trainer.args, name), apply)


def absolute(current: Any, value: Any) -> Any:
    """A factor applied to what is in force; any other value as it is."""
    scale = factor(value)
    return value if scale is None or current is None else current * scale


# Rates


def _learning_rate(trainer: Any, value: Any) -> Redo:
    old = trainer.args.learning_rate
    trainer.args.learning_rate = absolute(old, value)
    scale = factor(value)
    if scale is not None and trainer.edge.head_learning_rate is not None:
        trainer.edge.head_learning_rate *= scale
    if trainer.optimizer is not None:
        if scale is not None:
            schedule.scale_rates(trainer, scale)
        else:
            schedule.set_peak(trainer, old, trainer.args.learning_rate)
    return NOTHING


def _head_learning_rate(trainer: Any, value: Any) -> Redo:
    old = trainer.edge.head_learning_rate
    new = absolute(old if old is not None else trainer.args.learning_rate, value)
    trainer.edge.head_learning_rate = new
    if old is None:
        return frozenset({GROUPS})
    if trainer.optimizer is not None:
        schedule.set_peak(trainer, old, new, head=True)
    return NOTHING


def _scheduler(trainer: Any, value: str) -> Redo:
    trainer.args.lr_scheduler_type = SchedulerType(value)
    return frozenset({SCHEDULE})


def _warmup(trainer: Any, value: int) -> Redo:
    trainer.args.warmup_steps = value
    return frozenset({SCHEDULE})


def _warmup_refusal(trainer: Any, value: int, asked: Asked) -> str | None:
    ends = trainer.args.get_warmup_steps(trainer.steering.horizon)
    done = trainer.state.global_step
    if done >= ends:
        return f"The warm-up ended at step {ends:,}." if ends else "This run has no warm-up."
    return f"Step {done:,} is done; the warm-up cannot end before it." if value < done else None


def _weight_decay(trainer: Any, value: Any) -> Redo:
    trainer.args.weight_decay = absolute(trainer.args.weight_decay, value)
    if trainer.optimizer is not None:
        optimizer.set_weight_decay(trainer, trainer.args.weight_decay)
    return NOTHING


def _max_grad_norm(trainer: Any, value: Any) -> Redo:
    trainer.args.max_grad_norm = absolute(trainer.args.max_grad_norm, value)
    return NOTHING


# Loss


def _smoothing(trainer: Any, value: Any) -> Redo:
    new = absolute(trainer.args.label_smoothing_factor, value)
    trainer.args.label_smoothing_factor = new
    trainer.label_smoother = LabelSmoother(epsilon=new) if new and not _several_labels(trainer) else None
    return NOTHING


def _several_labels(trainer: Any) -> bool:
    return getattr(trainer.model.config, "problem_type", None) == "multi_label_classification"


def _smoothing_refusal(trainer: Any, value: Any, asked: Asked) -> str | None:
    if _several_labels(trainer):
        return "Rows of this model have several labels at once; they are not smoothed."
    new = absolute(trainer.args.label_smoothing_factor, value)
    return None if 0 <= new < 1 else f"That would be {new:g}; it must be below 1."


def _class_weights_refusal(trainer: Any, value: Any, asked: Asked) -> str | None:
    why: str | None = trainer.edge.class_weights.refusal(value)
    return why


def _class_weights(trainer: Any, value: Any) -> Redo:
    trainer.edge.class_weights.set(value)
    return NOTHING


# Length and shape


def _epochs(trainer: Any, value: Any) -> Redo:
    new = absolute(trainer.args.num_train_epochs, value)
    trainer.args.num_train_epochs, trainer.args.max_steps = new, -1
    return frozenset({LENGTH})


def _epochs_refusal(trainer: Any, value: Any, asked: Asked) -> str | None:
    new, at = absolute(trainer.args.num_train_epochs, value), trainer.state.epoch or 0.0
    return f"Epoch {at:.2f} has been reached; the run cannot end at {new:g}." if new <= at else None


def _max_steps(trainer: Any, value: int) -> Redo:
    trainer.args.max_steps = value
    return frozenset({LENGTH})


def _max_steps_refusal(trainer: Any, value: int, asked: Asked) -> str | None:
    step = trainer.steering.next_step
    return None if value >= step else f"Step {step:,} comes next; the run cannot end before it."


def _batch(trainer: Any, value: int) -> Redo:
    trainer.args.per_device_train_batch_size = value
    trainer._train_batch_size = trainer.state.train_batch_size = trainer.args.train_batch_size
    return frozenset({SHAPE})


def _batch_refusal(trainer: Any, value: int, asked: Asked) -> str | None:
    rows = len(trainer.train_dataset)
    return f"Train has only {rows:,} rows." if value > rows else None


def _eval_batch(trainer: Any, value: int) -> Redo:
    trainer.args.per_device_eval_batch_size = value
    trainer._eval_dataloaders = {}
    return NOTHING


# When to log, evaluate, save


def _steps(kind: str) -> Lever:
    """`logging_steps`, `eval_steps`, `save_steps`: the arguments and the state both keep them."""

    def apply(trainer: Any, value: int) -> Redo:
        setattr(trainer.args, f"{kind}_steps", value)
        setattr(trainer.state, f"{kind}_steps", value)
        if kind == "logging":
            trainer.args.logging_strategy = IntervalStrategy.STEPS
        return NOTHING

    def refusal(trainer: Any, value: int, asked: Asked) -> str | None:
        strategy = asked.get(f"{kind}_strategy", getattr(trainer.args, f"{kind}_strategy").value)
        if kind == "logging" or strategy == "steps":
            return None
        return f"{kind}_strategy is {strategy}; set it to steps together with this."

    return Lever(lambda trainer: _in_force(trainer, kind), apply, refusal)


def _in_force(trainer: Any, kind: str) -> int | None:
    if getattr(trainer.args, f"{kind}_strategy").value != "steps":
        return None
    found: int | None = getattr(trainer.state, f"{kind}_steps")
    return found


def _strategy(kind: str, names: Any) -> Lever:
    def apply(trainer: Any, value: str) -> Redo:
        setattr(trainer.args, f"{kind}_strategy", names(value))
        return NOTHING

    def refusal(trainer: Any, value: str, asked: Asked) -> str | None:
        if kind == "eval" and value != "no" and trainer.eval_dataset is None:
            return NO_VALIDATION
        given = asked.get(f"{kind}_steps") or getattr(trainer.args, f"{kind}_steps")
        if value == "steps" and (not isinstance(given, int) or given < 1):
            return f"It needs {kind}_steps; set both together."
        if value == "best" and trainer.eval_dataset is None:
            return NO_VALIDATION
        return None

    return Lever(lambda trainer: getattr(trainer.args, f"{kind}_strategy").value, apply, refusal)


NO_VALIDATION: Final = "This run has no validation."


# Best and early end


def _metric_refusal(trainer: Any, value: str, asked: Asked) -> str | None:
    if trainer.eval_dataset is None:
        return NO_VALIDATION
    known = trainer.edge.metrics
    return None if value.removeprefix("eval_") in known else f"Measured are: {', '.join(known)}."


def _metric(trainer: Any, value: str) -> Redo:
    name = value.removeprefix("eval_")
    trainer.args.metric_for_best_model = name
    trainer.args.greater_is_better = trainer.edge.metrics[name]
    choose_best(trainer)
    return NOTHING


def _stopping(name: str) -> Lever:
    def apply(trainer: Any, value: Any) -> Redo:
        setattr(trainer.stopping, name, absolute(getattr(trainer.stopping, name), value))
        return NOTHING

    def refusal(trainer: Any, value: Any, asked: Asked) -> str | None:
        if trainer.eval_dataset is None:
            return NO_VALIDATION
        strategy = asked.get("eval_strategy", trainer.args.eval_strategy.value)
        return "This run is not evaluated while it trains: eval_strategy is no." if strategy == "no" else None

    return Lever(lambda trainer: getattr(trainer.stopping, name), apply, refusal)


# Model


def _dropout(trainer: Any, value: Any) -> Redo:
    set_dropout(trainer.model, absolute(dropout_of(trainer.model), value))
    return NOTHING


def _dropout_refusal(trainer: Any, value: Any, asked: Asked) -> str | None:
    if not has_dropout(trainer.model):
        return f"{type(trainer.model).__name__} has no dropout."
    current = dropout_of(trainer.model)
    if factor(value) is not None and current is None:
        return "Its parts have different values, so a factor says nothing; give a number."
    new = absolute(current, value)
    return None if 0 <= new < 1 else f"That would be {new:g}; it must be below 1."


def _freeze(trainer: Any, value: list[str]) -> Redo:
    freeze(trainer.model, value)
    return frozenset({GROUPS})


def _unfreeze(trainer: Any, value: list[str]) -> Redo:
    unfreeze(trainer.model, value)
    return frozenset({GROUPS})


def _freeze_refusal(trainer: Any, value: list[str], asked: Asked) -> str | None:
    try:
        check_freeze(trainer.model, value, frozen=True)
    except RecipeError as error:
        return " ".join(str(problem) for problem in error.problems)
    return None


def _unfreeze_refusal(trainer: Any, value: list[str], asked: Asked) -> str | None:
    try:
        check_freeze(trainer.model, value, frozen=False)
    except RecipeError as error:
        return " ".join(str(problem) for problem in error.problems)
    return None


def _note(trainer: Any, value: str) -> Redo:
    return NOTHING


LEVERS: Final[Mapping[str, Lever]] = {
    "learning_rate": Lever(lambda trainer: trainer.args.learning_rate, _learning_rate),
    "head_learning_rate": Lever(lambda trainer: trainer.edge.head_learning_rate, _head_learning_rate),
    "weight_decay": Lever(lambda trainer: trainer.args.weight_decay, _weight_decay),
    "max_grad_norm": Lever(lambda trainer: trainer.args.max_grad_norm, _max_grad_norm),
    "label_smoothing_factor": Lever(
        lambda trainer: trainer.args.label_smoothing_factor, _smoothing, _smoothing_refusal
    ),
    "class_weights": Lever(lambda trainer: trainer.edge.class_weights.current, _class_weights, _class_weights_refusal),
    "dropout": Lever(lambda trainer: dropout_of(trainer.model), _dropout, _dropout_refusal),
    "freeze": Lever(lambda trainer: frozen_modules(trainer.model), _freeze, _freeze_refusal),
    "unfreeze": Lever(lambda trainer: None, _unfreeze, _unfreeze_refusal),
    "per_device_train_batch_size": Lever(
        lambda trainer: trainer.args.per_device_train_batch_size, _batch, _batch_refusal
    ),
    "gradient_accumulation_steps": _argument("gradient_accumulation_steps", frozenset({SHAPE})),
    "num_train_epochs": Lever(
        lambda trainer: trainer.args.num_train_epochs if trainer.args.max_steps <= 0 else None, _epochs, _epochs_refusal
    ),
    "max_steps": Lever(
        lambda trainer: trainer.args.max_steps if trainer.args.max_steps > 0 else None, _max_steps, _max_steps_refusal
    ),
    "lr_scheduler_type": Lever(
        lambda trainer: trainer.args.lr_scheduler_type.value,
        _scheduler,
        lambda trainer, value, asked: schedule.refusal(trainer, value),
    ),
    "warmup_steps": Lever(
        lambda trainer: trainer.args.get_warmup_steps(trainer.steering.horizon), _warmup, _warmup_refusal
    ),
    "logging_steps": _steps("logging"),
    "eval_strategy": _strategy("eval", IntervalStrategy),
    "eval_steps": _steps("eval"),
    "save_strategy": _strategy("save", SaveStrategy),
    "save_steps": _steps("save"),
    "save_total_limit": _argument("save_total_limit"),
    "metric_for_best_model": Lever(
        lambda trainer: str(trainer.args.metric_for_best_model or "").removeprefix("eval_") or None,
        _metric,
        _metric_refusal,
    ),
    "early_stopping_patience": _stopping("patience"),
    "early_stopping_threshold": _stopping("threshold"),
    "per_device_eval_batch_size": Lever(lambda trainer: trainer.args.per_device_eval_batch_size, _eval_batch),
    "note": Lever(lambda trainer: None, _note),
}
"""Key to its lever, in the order in which the keys of one change are applied."""
