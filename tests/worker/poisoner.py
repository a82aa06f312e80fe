"""A plugin file for tests: makes a weight no number at the end of a step. Copied into a plugin folder.

TEST_POISON is `12` (at step 12, each time that it comes by) or `12 once`; TEST_POISON_FLAG the file that remembers.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tui_finetune.plugin_api import hookimpl


@hookimpl
def training_callbacks(recipe: Mapping[str, Any]) -> Sequence[Any]:
    import torch
    from transformers import TrainerCallback

    step, _, often = os.environ.get("TEST_POISON", "-1").partition(" ")
    flag = Path(os.environ.get("TEST_POISON_FLAG", "/nonexistent/flag"))

    class Poisoner(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, args: Any, state: Any, control: Any, model: Any = None, **more: Any) -> None:
            if state.global_step != int(step) or (often and flag.exists()):
                return
            if often:
                flag.touch()
            with torch.no_grad():
                next(p for p in model.parameters() if p.requires_grad).view(-1)[0] = float("nan")

    return [Poisoner()]
