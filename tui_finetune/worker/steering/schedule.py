"""The learning rate while a run goes on: peaks of the groups, and the schedule over them at the step where it is."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch.optim.lr_scheduler import LambdaLR
from transformers import get_scheduler

from tui_finetune.worker.parameters import head_names
from tui_finetune.worker.tuning.rates import OF_HEAD, SCALE

_REMEMBERED = frozenset({"best", "num_bad_epochs", "cooldown_counter", "last_epoch"})
"""What a schedule by evaluations has seen; the rest of its state is one value a group."""


def scale_rates(trainer: Any, scale: float) -> None:
    """Every group's peak and rate, times `scale`."""
    for group in trainer.optimizer.param_groups:
        group["initial_lr"] = group.get("initial_lr", group["lr"]) * scale
        group["lr"] = group["lr"] * scale
    put_rates(trainer)


def set_peak(trainer: Any, old: float, new: float, *, head: bool = False) -> None:
    """The peak of the groups that have the rate `old` or a share of it: those of the head, or all others."""
    own = _head_parameters(trainer) if trainer.edge.head_learning_rate is not None else set()
    for group in trainer.optimizer.param_groups:
        peak, share = group.get("initial_lr", group["lr"]), group.get(SCALE)
        of_head = group[OF_HEAD] if share is not None else any(id(parameter) in own for parameter in group["params"])
        if of_head == head and (head or share is not None or peak == old):
            # Where a schedule of steps is over it, put_rates says the rate; else the rate is as it is set.
            group["initial_lr"] = group["lr"] = new if share is None else new * share
    put_rates(trainer)


def _head_parameters(trainer: Any) -> set[int]:
    names = head_names(trainer.model)
    return {id(parameter) for name, parameter in trainer.model.named_parameters() if name in names}


def put_rates(trainer: Any) -> None:
    """The groups' rates, from their peaks and the place in the schedule."""
    scheduler = trainer.lr_scheduler
    if not isinstance(scheduler, LambdaLR):
        return
    scheduler.base_lrs = [group["initial_lr"] for group in trainer.optimizer.param_groups]
    rates = [
        peak * factor(scheduler.last_epoch)
        for peak, factor in zip(scheduler.base_lrs, scheduler.lr_lambdas, strict=True)
    ]
    for group, rate in zip(trainer.optimizer.param_groups, rates, strict=True):
        group["lr"] = rate
    scheduler._last_lr = list(rates)


def rebuild(trainer: Any) -> None:
    """The schedule as the settings now say, over the optimizer that there is now, at the step where the run is."""
    old, groups = trainer.lr_scheduler, trainer.optimizer.param_groups
    done = old.last_epoch if isinstance(old, LambdaLR) else trainer.state.global_step
    rates = [group["lr"] for group in groups]
    for group in groups:
        group.setdefault("initial_lr", group["lr"])
        group["lr"] = group["initial_lr"]
    trainer.lr_scheduler = None
    made = trainer.create_scheduler(trainer.state.max_steps)
    if isinstance(made, LambdaLR):
        made.last_epoch, made._step_count = done, done + 1
        put_rates(trainer)
    else:
        for group, rate in zip(groups, rates, strict=True):
            group["lr"] = rate
        if type(made) is type(old):
            made.load_state_dict({key: old.state_dict()[key] for key in _REMEMBERED & old.state_dict().keys()})
    trainer.callback_handler.lr_scheduler = made


def refusal(trainer: Any, name: str) -> str | None:
    """Why this schedule cannot be made with the run's settings, in the library's words."""
    if name == "greedy" or (name == "reduce_lr_on_plateau" and str(trainer.args.eval_strategy.value) == "no"):
        return f"{name} goes by evaluations, and this run is not set up for that."
    trial = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    try:
        get_scheduler(
            name,
            optimizer=trial,
            num_warmup_steps=0,
            num_training_steps=max(trainer.steering.horizon, 1),
            scheduler_specific_kwargs=trainer.args.lr_scheduler_kwargs,
        )
    except (TypeError, ValueError) as error:
        return f"{name} cannot follow here: {error}."
    return None


def hold_after(scheduler: Any, last: int) -> None:
    """The rate of a schedule of steps stays as it is at the step `last`: cosine would rise again after its end."""
    if isinstance(scheduler, LambdaLR):
        # partial, not a class: the library stores what a callable has in its __dict__, which must be plain.
        scheduler.lr_lambdas = [functools.partial(_held, factor, last) for factor in scheduler.lr_lambdas]


def _held(factor: Callable[[int], float], last: int, step: int) -> float:
    return factor(min(step, last))
