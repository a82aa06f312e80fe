"""The loop: its shape and length; when it logs, evaluates and saves; what is best, and when that is enough."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from transformers.trainer_utils import IntervalStrategy, SaveStrategy

from tui_finetune.worker.steering.best import choose_best
from tui_finetune.worker.steering.lever import LENGTH, NOTHING, SHAPE, Asked, Lever, Redo, absolute, argument

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
    if trainer.edge.token_batches is not None:
        return "Batches are made by [batching] tokens."
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


LOOP_LEVERS: Final[Mapping[str, Lever]] = {
    "per_device_train_batch_size": Lever(
        lambda trainer: trainer.args.per_device_train_batch_size, _batch, _batch_refusal
    ),
    "gradient_accumulation_steps": argument("gradient_accumulation_steps", frozenset({SHAPE})),
    "per_device_eval_batch_size": Lever(lambda trainer: trainer.args.per_device_eval_batch_size, _eval_batch),
    "num_train_epochs": Lever(
        lambda trainer: trainer.args.num_train_epochs if trainer.args.max_steps <= 0 else None, _epochs, _epochs_refusal
    ),
    "max_steps": Lever(
        lambda trainer: trainer.args.max_steps if trainer.args.max_steps > 0 else None, _max_steps, _max_steps_refusal
    ),
    "logging_steps": _steps("logging"),
    "eval_strategy": _strategy("eval", IntervalStrategy),
    "eval_steps": _steps("eval"),
    "save_strategy": _strategy("save", SaveStrategy),
    "save_steps": _steps("save"),
    "save_total_limit": argument("save_total_limit"),
    "metric_for_best_model": Lever(
        lambda trainer: str(trainer.args.metric_for_best_model or "").removeprefix("eval_") or None,
        _metric,
        _metric_refusal,
    ),
    "early_stopping_patience": _stopping("patience"),
    "early_stopping_threshold": _stopping("threshold"),
}
"""Key to lever."""
