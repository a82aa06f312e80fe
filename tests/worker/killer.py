"""A plugin file for tests: kills its worker with SIGKILL, once, at a named instant. Copied into a plugin folder.

The environment names the instant: TEST_KILL_AT is `step:7`, `substep:7`, `prediction:4`, `saving:8`, `train_end:18`, or
`pause:3`, which only waits; TEST_KILL_FLAG is the file whose existence means that it has been done, or that it waits.
TEST_SAVE_SECONDS is the time after which a checkpoint that could not be written is tried again, and training waits for it.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tui_finetune.plugin_api import hookimpl


@hookimpl
def training_callbacks(recipe: Mapping[str, Any]) -> Sequence[Any]:
    from transformers import TrainerCallback
    from transformers.trainer_callback import ExportableState

    where, _, step = os.environ.get("TEST_KILL_AT", "none:0").partition(":")
    flag = Path(os.environ.get("TEST_KILL_FLAG", "/nonexistent/flag"))

    if seconds := os.environ.get("TEST_SAVE_SECONDS"):
        from tui_finetune.worker import saving

        saving.RETRY_SECONDS = saving.PAUSE_AFTER_SECONDS = float(seconds)

    def die(state: Any, instant: str) -> None:
        if instant == where and state.global_step == int(step) and not flag.exists():
            if where == "pause":
                flag.touch()
                while flag.exists():
                    time.sleep(0.01)
                return
            flag.touch()
            os.kill(os.getpid(), signal.SIGKILL)

    class Killer(TrainerCallback, ExportableState):  # type: ignore[misc]
        def __init__(self) -> None:
            self._trainer_state: Any = None

        def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            self._trainer_state = state
            die(state, "step")
            die(state, "pause")

        def on_substep_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            die(state, "substep")

        def on_train_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            die(state, "train_end")

        def on_prediction_step(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            die(state, "prediction")

        def state(self) -> dict[str, Any]:
            """Asked while a checkpoint is being written."""
            if self._trainer_state is not None:
                die(self._trainer_state, "saving")
            return {"args": {}, "attributes": {}}

    return [Killer()]
