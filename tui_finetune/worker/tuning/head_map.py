"""A new head that goes on with outputs of the saved one: those of labels that both have, by name, and all below them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from tui_finetune.plugin_api import LabelSet

if TYPE_CHECKING:
    from torch import nn

    from tui_finetune.inference.saved_head import HeadChoice
    from tui_finetune.plugin_api import ModelRequest


def load_mapped(load: Callable[[ModelRequest], Any], request: ModelRequest, choice: HeadChoice) -> Any:
    """The model with the head of `request.labels`, of which the outputs in `choice.kept` are those of the saved head.

    `load` is the task's own; it is called twice, so that neither head is made by any but the library's own way.
    """
    whole = load(replace(request, labels=LabelSet.of(choice.saved), new_head=False))
    saved = _head_state(whole)
    del whole
    model = load(request)
    lay_over(model, saved, choice.kept)
    return model


def lay_over(model: nn.Module, saved: dict[str, torch.Tensor], kept: Sequence[tuple[int, int]]) -> None:
    """Puts a saved head over the model's: rows of the layer that gives the outputs, the rest whole."""
    outputs = _output_layer(model)
    here, there = (torch.tensor(places) for places in zip(*kept, strict=True))
    with torch.no_grad():
        for name, tensor in _head_state(model).items():
            old = saved.get(name)
            if old is None:
                continue
            if name.rpartition(".")[0] == outputs:
                tensor[here] = old[there].to(tensor.dtype)
            elif old.shape == tensor.shape:
                tensor.copy_(old)


def _head_state(model: nn.Module) -> dict[str, torch.Tensor]:
    """Weights outside the base model, by name; those of the model itself, not copies."""
    base = f"{getattr(model, 'base_model_prefix', '')}."
    return {name: tensor for name, tensor in model.state_dict(keep_vars=True).items() if not name.startswith(base)}


def _output_layer(model: Any) -> str | None:
    """Name of the layer whose outputs are the labels': the last of that width outside the base model."""
    base, width = f"{model.base_model_prefix}.", model.config.num_labels
    named = [
        name
        for name, module in model.named_modules()
        if getattr(module, "out_features", None) == width and not name.startswith(base)
    ]
    return named[-1] if named else None
