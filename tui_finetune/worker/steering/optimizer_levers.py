"""What the optimizer goes by: rates and their schedule, weight decay, clipping."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from transformers.trainer_utils import SchedulerType

from tui_finetune.runs.settable import factor
from tui_finetune.worker.steering import optimizer, schedule
from tui_finetune.worker.steering.lever import GROUPS, NOTHING, SCHEDULE, Asked, Lever, Redo, absolute


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
    done = trainer.steering.next_step - 1
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


OPTIMIZER_LEVERS: Final[Mapping[str, Lever]] = {
    "learning_rate": Lever(lambda trainer: trainer.args.learning_rate, _learning_rate),
    "head_learning_rate": Lever(lambda trainer: trainer.edge.head_learning_rate, _head_learning_rate),
    "weight_decay": Lever(lambda trainer: trainer.args.weight_decay, _weight_decay),
    "max_grad_norm": Lever(lambda trainer: trainer.args.max_grad_norm, _max_grad_norm),
    "lr_scheduler_type": Lever(
        lambda trainer: trainer.args.lr_scheduler_type.value,
        _scheduler,
        lambda trainer, value, asked: schedule.refusal(trainer, value),
    ),
    "warmup_steps": Lever(
        lambda trainer: trainer.args.get_warmup_steps(trainer.steering.horizon), _warmup, _warmup_refusal
    ),
}
"""Schedule and warm-up come last: they are made of the rates."""
