"""The first batch of a recipe, looked at by a process that goes as far as a run would before it trains."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from tui_finetune.children import child_environment
from tui_finetune.data.helper import ask
from tui_finetune.launch.check import Checked
from tui_finetune.launch.handoff import Launch
from tui_finetune.launch.start import write_begin
from tui_finetune.paths import Home
from tui_finetune.plugin_api import Progress, no_progress
from tui_finetune.runs.store import RunStore

MODULE = "tui_finetune.worker.first_batch"


def first_batch(
    checked: Checked, launch: Launch, *, measure: bool = False, progress: Progress = no_progress
) -> dict[str, Any]:
    """What `worker.first_batch` tells: `rows`, `tensors`, `choices`. Nothing of it stays. Raises DataError, LaunchError."""
    run = checked.recipe.run.model_copy(update={"queue": False, "after": None, "notify": None, "auto_resume": 0})
    recipe = checked.recipe.model_copy(update={"run": run})
    edits = checked.prepared.edits.data if checked.prepared.edits is not None else None
    with tempfile.TemporaryDirectory(prefix="tui-finetune-batch-") as folder:
        paths = RunStore(Home(Path(folder)).ensure()).create("batch", kind="train", task=recipe.task, of=None)
        write_begin(paths, checked.request, recipe, checked.facts, None, launch.home, edits)
        request = {
            "run": str(paths.root),
            "home": str(launch.home.root),
            "plugin_dirs": [str(one) for one in launch.plugin_dirs],
            "third_party": launch.third_party,
            "measure": measure,
        }
        return ask(request, progress, MODULE, name="process that makes the batch", environment=child_environment())
