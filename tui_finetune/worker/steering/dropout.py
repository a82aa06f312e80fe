"""The dropout of a model: every place that has one, as layers and as numbers that attention reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from torch import nn

NUMBERS = (
    "dropout", "attention_dropout", "activation_dropout", "hidden_dropout", "dropout_prob", "dropout_p",
    "residual_dropout", "resid_pdrop", "attn_pdrop", "embd_pdrop", "attn_dropout", "classifier_dropout",
)  # fmt: skip
"""Attributes of modules by which the library's models keep a probability that they give to a function."""


def set_dropout(model: nn.Module, value: float) -> int:
    """The same probability in all places; how many there are."""
    count = 0
    for module, name in _places(model):
        setattr(module, name, value)
        count += 1
    return count


def all_values(model: nn.Module) -> list[float]:
    """The probability of each place."""
    return [float(getattr(module, name)) for module, name in _places(model)]


def put_values(model: nn.Module, values: Sequence[float]) -> None:
    """Each place as `all_values` found it."""
    for (module, name), value in zip(_places(model), values, strict=True):
        setattr(module, name, value)


def has_dropout(model: nn.Module) -> bool:
    return next(_places(model), None) is not None


def dropout_of(model: nn.Module) -> float | None:
    """The one probability of all places, or None where they differ or there is none."""
    found = {float(getattr(module, name)) for module, name in _places(model)}
    return found.pop() if len(found) == 1 else None


def _places(model: nn.Module) -> Iterator[tuple[Any, str]]:
    for module in model.modules():
        if isinstance(module, nn.modules.dropout._DropoutNd):
            yield module, "p"
            continue
        for name in NUMBERS:
            if isinstance(vars(module).get(name), float):
                yield module, name
