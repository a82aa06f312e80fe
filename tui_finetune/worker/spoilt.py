"""Whether a model is still worth keeping: looked at before every save, and at the end of training."""

from __future__ import annotations

import math
from typing import Any

import torch

from tui_finetune.live import words


def spoilt(trainer: Any) -> str | None:
    """`loss is nan at step 312`, or which weight is; None where all is well. Two numbers are fetched from the device."""
    return spoilt_losses(trainer) or spoilt_weights(trainer.model)


def spoilt_losses(trainer: Any) -> str | None:
    """The first loss that is no number, of those that nobody has fetched yet."""
    losses: list[torch.Tensor] = list(getattr(trainer, "_losses", ()))
    if not losses:
        return None
    values: list[float] = torch.stack([loss.detach().float().reshape(()) for loss in losses]).tolist()
    first = trainer.state.global_step - len(values) + 1
    odd = next((place for place, value in enumerate(values) if not math.isfinite(value)), None)
    return None if odd is None else f"loss is {words.score(values[odd])} at step {first + odd:,}"


def spoilt_weights(model: Any) -> str | None:
    """The first parameter with a value that is no number, by its name. One pass over the weights on their device."""
    named = [(name, p.detach()) for name, p in model.named_parameters() if p.is_floating_point() and p.numel()]
    if not named:
        return None
    device = named[0][1].device
    largest = torch.stack([torch.linalg.vector_norm(p, torch.inf).float().to(device) for _, p in named])
    finite = torch.isfinite(largest)
    if bool(finite.all()):
        return None
    first = named[int((~finite).nonzero()[0, 0])][0]
    return f"the model is spoilt: {first} has weights that are no numbers"
