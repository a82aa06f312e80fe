"""A plugin whose task is text classification on a device that has memory for so many tokens, and no more.

TEST_ROOM holds JSON: `train` and `eval`, tokens of a batch that fit (activation checkpointing doubles the first, and bf16
too where `bf16` says that this device multiplies in it at speed);
`from_step` and `until_step`: the optimizer steps in which they count, else always; `times`: how often it fails at most.
"""

from __future__ import annotations

import json
import os
from typing import Any

from tui_finetune.builtin.heads.text_classification import TextClassificationHead
from tui_finetune.builtin.tasks.text_classification import TextClassification
from tui_finetune.plugin_api import ModelRequest, Task, hookimpl


class Cramped(TextClassification):
    name = "cramped"
    heavy = f"{__name__}:CrampedHead"


class CrampedHead(TextClassificationHead):
    """Raises what torch raises, before anything is computed."""

    def load_model(self, request: ModelRequest) -> Any:
        model = super().load_model(request)
        from tui_finetune.worker import fitting

        room = json.loads(os.environ["TEST_ROOM"])
        self.step = -1
        if room.get("bf16"):
            fitting.bf16_at_speed = lambda: True
            fitting.Search._emulated = lambda search, way: False  # type: ignore[assignment, method-assign]
        failed: list[int] = []

        def look(model: Any, given: Any, named: dict[str, Any]) -> None:
            import torch

            begins, ends = room.get("from_step"), room.get("until_step", 1 << 30)
            if begins is not None and not begins <= self.step < ends:
                return
            most = room.get("train" if model.training else "eval")
            if model.training and model.is_gradient_checkpointing and most is not None:
                most *= 2
            if room.get("bf16") and most is not None and torch.is_autocast_enabled("cpu"):
                most *= 2
            if most is not None and named["input_ids"].numel() > most and len(failed) < room.get("times", 1 << 30):
                failed.append(self.step)
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 1.20 GiB.")

        model.register_forward_pre_hook(look, with_kwargs=True)
        return model

    def callbacks(self) -> list[Any]:
        from transformers import TrainerCallback

        head = self

        class Steps(TrainerCallback):  # type: ignore[misc]
            def on_step_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
                head.step = state.global_step + 1

        return [*super().callbacks(), Steps()]


@hookimpl
def register_tasks() -> list[Task]:
    return [Cramped()]
