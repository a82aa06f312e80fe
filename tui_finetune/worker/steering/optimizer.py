"""The optimizer while a run goes on: other groups over the same state, in the order that a resume would make them in."""

from __future__ import annotations

from typing import Any

from torch.optim.lr_scheduler import LambdaLR

from tui_finetune.worker.steering import schedule
from tui_finetune.worker.tuning.rates import OWN_DECAY


def rebuild(trainer: Any) -> None:
    """Groups anew, from what is trained and at what rates now; what the optimizer knows of a parameter goes on with it.

    A parameter that is trained again begins without a past, as it would after a resume.
    """
    old = trainer.optimizer
    inner = getattr(old, "optimizer", old)
    known = dict(inner.state)
    rates = {p: (group["lr"], group.get("initial_lr")) for group in inner.param_groups for p in group["params"]}
    trainer.optimizer = None
    made = trainer.create_optimizer()
    plateau = not isinstance(trainer.lr_scheduler, LambdaLR)
    for group in made.param_groups:
        was = next((rates[p] for p in group["params"] if p in rates), None)
        if plateau and was is not None:
            group["lr"] = was[0]
        for parameter in group["params"]:
            if parameter in known:
                made.state[parameter] = known[parameter]
    for parameter in trainer.model.parameters():
        if not parameter.requires_grad:
            parameter.grad = None
    accelerator = trainer.accelerator
    accelerator._optimizers = [one for one in accelerator._optimizers if one is not old]
    trainer.optimizer = accelerator.prepare_optimizer(made)
    trainer.callback_handler.optimizer = trainer.optimizer
    schedule.rebuild(trainer)


def set_weight_decay(trainer: Any, value: float) -> None:
    """Of the groups that decay at all, biases and norms never do, and have no decay of their own."""
    decay = set(trainer.get_decay_parameter_names(trainer.model))
    decayed = {id(parameter) for name, parameter in trainer.model.named_parameters() if name in decay}
    for group in trainer.optimizer.param_groups:
        if not group.get(OWN_DECAY) and any(id(parameter) in decayed for parameter in group["params"]):
            group["weight_decay"] = value


def move_state(optimizer: Any, device: Any) -> None:
    """The optimizer's tensors to a device, in place."""
    import torch

    inner = getattr(optimizer, "optimizer", optimizer)
    for state in inner.state.values():
        for key, value in state.items():
            # The step counts of fused-free optimizers stay on the CPU, where they have been.
            if isinstance(value, torch.Tensor) and value.dim() > 0:
                state[key] = value.to(device)
