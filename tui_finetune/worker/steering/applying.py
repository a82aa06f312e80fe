"""A change, applied: every key by its lever, then once whatever has to be made anew for them, and said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import torch

from tui_finetune.runs.changes import Change
from tui_finetune.runs.settable import RULE_PREFIX
from tui_finetune.worker.parameters import train_all
from tui_finetune.worker.steering import optimizer, schedule
from tui_finetune.worker.steering.dropout import put_values
from tui_finetune.worker.steering.lever import GROUPS, LENGTH, SCHEDULE, SHAPE, Redo
from tui_finetune.worker.steering.plan import total_steps
from tui_finetune.worker.steering.settings import LEVERS

if TYPE_CHECKING:
    from tui_finetune.worker.steering.steering import Steering

_RESTORED_APART = ("head_learning_rate", "class_weights", "warmup_steps", "metric_for_best_model", "save_total_limit")
_TELLS_PLAN = frozenset({SHAPE, LENGTH, GROUPS})


def apply(steering: Steering, change: Change, step: int) -> Redo:
    """Applies a change at `step`, which is about to begin; says so by an `applied` event, and a `plan` where it is another."""
    trainer = steering.trainer
    before = steering.current()
    redo: Redo = frozenset()
    for key, lever in LEVERS.items():
        if key in change.set:
            redo |= lever.apply(trainer, change.set[key])
    for key, value in change.set.items():
        if key.startswith(RULE_PREFIX) and steering.health is not None:
            steering.health.set(key, value)
    if redo & {SHAPE, LENGTH} and _measure_length(steering, step, change.stretch):
        redo |= {SCHEDULE}
    if GROUPS in redo:
        optimizer.rebuild(trainer)
    elif SCHEDULE in redo:
        schedule.rebuild(trainer)
    _tell(steering, change, step, before)
    if redo & _TELLS_PLAN or "metric_for_best_model" in change.set:
        trainer.edge.plan()
    if redo & _TELLS_PLAN and steering.health is not None:
        steering.health.changed()
    return redo


def _measure_length(steering: Steering, step: int, stretch: bool) -> bool:
    """The steps of the run in all, for the shape and the end that are now wanted; whether the schedule is to be made anew."""
    trainer = steering.trainer
    args, state = trainer.args, trainer.state
    begun = trainer.segment_from(step)
    wanted = args.max_steps if args.max_steps > 0 else total_steps(begun, trainer.epochs, args.num_train_epochs)
    old, state.max_steps = state.max_steps, max(wanted, step)
    steering.attempt.outcome.steps = state.max_steps
    if old == state.max_steps:
        return False
    if stretch:
        # A warm-up that was a share of the run stays the steps that it was.
        args.warmup_steps = args.get_warmup_steps(steering.horizon)
        steering.horizon = state.max_steps
    return True


def _tell(steering: Steering, change: Change, step: int, before: Mapping[str, Any]) -> None:
    after = steering.current()
    asked = {"freeze" if key == "unfreeze" else key for key in change.set if key != "note"}
    changed = asked | {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    again = steering.replay_of_resume(change)
    steering.attempt.events.write(
        "applied",
        id=None if again else change.id,
        action="set",
        step=step,
        old={key: before.get(key) for key in sorted(changed)},
        new={key: after.get(key) for key in sorted(changed)},
        reason=change.reason,
        by="resume" if again else change.by,
    )
    if "note" in change.set:
        steering.attempt.events.write("note", message=str(change.set["note"]), by=change.by, step=step)


def restore(steering: Steering, settings: Mapping[str, Any]) -> None:
    """Puts settings in force that a checkpoint holds, before there is an optimizer: it is made by them and loaded then."""
    trainer, args = steering.trainer, steering.trainer.args
    train_all(trainer.model)
    put_values(trainer.model, steering.first_dropout)
    trainer.edge.head_learning_rate = settings.get("head_learning_rate")
    trainer.edge.class_weights.set(settings.get("class_weights"))
    args.max_steps, args.save_total_limit = -1, settings.get("save_total_limit")
    for key, lever in LEVERS.items():
        if key in settings and key not in _RESTORED_APART:
            lever.apply(trainer, settings[key])
    args.warmup_steps = settings.get("warmup_steps", args.warmup_steps)
    metric = settings.get("metric_for_best_model")
    if metric in trainer.edge.metrics:
        args.metric_for_best_model, args.greater_is_better = metric, trainer.edge.metrics[metric]
        trainer.edge.chosen_by(metric)
    if steering.health is not None:
        for key, value in settings.items():
            if key.startswith(RULE_PREFIX):
                steering.health.set(key, value)


def release(trainer: Any) -> Callable[[], None]:
    """Weights and the optimizer's state to main memory; the function takes them back to the device."""
    device = trainer.args.device
    trainer.model.to("cpu")
    optimizer.move_state(trainer.optimizer, "cpu")
    if device.type == "cuda":
        torch.cuda.empty_cache()

    def take_back() -> None:
        trainer.model.to(device)
        optimizer.move_state(trainer.optimizer, device)

    return take_back
