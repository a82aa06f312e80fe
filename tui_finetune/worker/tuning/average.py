"""`[regularize] average`: weights averaged over the steps, beside those that are trained. They are evaluated and saved.

In a checkpoint the model's own files hold the averaged weights, as whoever uses it expects; those that training goes on
from lie beside them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from tui_finetune.runs import atomic
from tui_finetune.runs.layout import AVERAGE_STATE, RAW_WEIGHTS
from tui_finetune.worker.parameters import free_names

EMA, SWA = "ema", "swa"


class Average:
    """Of all parameters that may be trained: exponential (ema), or from a share of the steps on the plain mean (swa)."""

    def __init__(self, model: Any, kind: str, *, decay: float, begins: float) -> None:
        self._kind, self._decay, self._begins = kind, decay, begins
        free = set(free_names(model))
        self._parameters = {n: p for n, p in model.named_parameters() if n in free and p.is_floating_point()}
        self._kept: dict[str, torch.Tensor] = {}
        self._count = 0
        """Weights that the mean is of."""

    def update(self, step: int, steps: int) -> None:
        """After an optimizer step."""
        if self._kind == SWA and step <= self._begins * steps:
            return
        self._count += 1
        share = 1 / self._count if self._kind == SWA else 1 - self._decay
        with torch.no_grad():
            for name, parameter in self._parameters.items():
                kept = self._kept.get(name)
                if kept is None:
                    self._kept[name] = parameter.detach().clone()
                else:
                    self._kept[name] = kept.to(parameter.device).lerp_(parameter.detach().to(kept.dtype), share)

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """Within it the model has the averaged weights; the same as always before the first of them."""
        own = self._swapped(self._kept)
        try:
            yield
        finally:
            self._swapped(own)

    def stay(self) -> None:
        """Training is over: the model has the averaged weights from now on."""
        self._swapped(self._kept)
        self._kept = {}

    def _swapped(self, weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Puts the weights into the model; those that it had."""
        own: dict[str, torch.Tensor] = {}
        for name, tensor in weights.items():
            parameter = self._parameters[name]
            own[name] = parameter.data
            parameter.data = tensor.to(parameter.device)
        return own

    def write(self, folder: Path) -> None:
        """Into a checkpoint: the weights in training, and how many the mean is of."""
        raw = {name: self._parameters[name].detach().to("cpu", copy=True).contiguous() for name in self._kept}
        save_file(raw, folder / RAW_WEIGHTS, metadata={"format": "pt"})
        atomic.write_json(folder / AVERAGE_STATE, {"v": 1, "count": self._count}, sync=False)

    def read(self, folder: Path) -> None:
        """From a checkpoint whose averaged weights the model has just been given; without them the mean begins anew."""
        self._kept, self._count = {}, 0
        if not (folder / AVERAGE_STATE).is_file():
            return
        raw = load_file(folder / RAW_WEIGHTS)
        self._kept = {name: self._parameters[name].detach().clone() for name in raw}
        put_raw(dict(self._parameters), raw)
        self._count = int(atomic.read_json(folder / AVERAGE_STATE)["count"])


def put_raw(parameters: dict[str, Any], raw: dict[str, torch.Tensor]) -> None:
    """The weights in training in place of the averaged ones."""
    with torch.no_grad():
        for name, tensor in raw.items():
            parameters[name].copy_(tensor)


def raw_weights(folder: Path) -> dict[str, torch.Tensor]:
    """Of a checkpoint with averaged weights those in training; of any other none."""
    return load_file(folder / RAW_WEIGHTS) if (folder / RAW_WEIGHTS).is_file() else {}


class Averaging(TrainerCallback):  # type: ignore[misc]
    """Takes the weights into the average at the end of each step, before anything is evaluated or saved."""

    def __init__(self, average: Average) -> None:
        self._average = average

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **more: Any) -> None:
        self._average.update(state.global_step, state.max_steps)
