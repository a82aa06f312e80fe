"""A plugin file for tests: writes down what the optimizer itself has at every step, and waits at a named one.

TEST_RECORD is a file that gets one JSON line an optimizer step; TEST_HOLD_AT are steps, `4,7`, at whose end it waits while
the file TEST_HOLD_FLAG exists, which it makes with the step in it. Copied into a plugin folder.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tui_finetune.plugin_api import hookimpl


@hookimpl
def training_callbacks(recipe: Mapping[str, Any]) -> Sequence[Any]:
    from transformers import TrainerCallback

    record = Path(os.environ.get("TEST_RECORD", os.devnull))
    flag = Path(os.environ.get("TEST_HOLD_FLAG", "/nonexistent/flag"))
    hold_at = {int(step) for step in os.environ.get("TEST_HOLD_AT", "").split(",") if step}

    class Recorder(TrainerCallback):  # type: ignore[misc]
        def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            optimizer, model = more["optimizer"], more["model"]
            line = {
                "step": state.global_step + 1,
                "rates": [group["lr"] for group in optimizer.param_groups],
                "decay": [group["weight_decay"] for group in optimizer.param_groups],
                "trained": sum(p.numel() for group in optimizer.param_groups for p in group["params"]),
                "batch": args.train_batch_size,
                "accumulation": args.gradient_accumulation_steps,
                "dropout": sorted({m.p for m in model.modules() if type(m).__name__ == "Dropout"}),
            }
            with record.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")

        def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            if state.global_step in hold_at:
                beside = flag.with_suffix(".writing")
                beside.write_text(str(state.global_step))
                beside.replace(flag)
                while flag.exists():
                    time.sleep(0.01)

    return [Recorder()]
