"""A plugin of tests: it writes down the first batch that the model is trained on."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from tui_finetune.plugin_api import hookimpl


class FirstBatch(TrainerCallback):  # type: ignore[misc]
    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **more: Any) -> None:
        def write(module: Any, given: Any, named: dict[str, Any]) -> None:
            path = Path(os.environ["TEST_BATCH"])
            if not path.exists():
                path.write_text(json.dumps({name: named[name].tolist() for name in ("input_ids", "attention_mask")}))

        model.register_forward_pre_hook(write, with_kwargs=True)


@hookimpl
def training_callbacks(recipe: dict[str, Any]) -> list[TrainerCallback]:
    return [FirstBatch()]
