"""The first batch of a recipe, looked at by a process that goes as far as a run would before it trains."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tui_finetune.children import child_environment
from tui_finetune.errors import LaunchError, Problem, UserError
from tui_finetune.launch.check import Checked
from tui_finetune.launch.handoff import Launch
from tui_finetune.launch.start import write_begin
from tui_finetune.paths import Home
from tui_finetune.plugin_api import Progress, no_progress
from tui_finetune.runs.layout import RunPaths
from tui_finetune.runs.store import RunStore

TAIL = 12
"""Lines of its own output that are told where it ends without an answer."""


def first_batch(
    checked: Checked, launch: Launch, *, measure: bool = False, progress: Progress = no_progress
) -> dict[str, Any]:
    """What `worker.first_batch` tells: `rows`, `tensors`, `choices`. Nothing of it stays. Raises UserError, LaunchError."""
    run = checked.recipe.run.model_copy(update={"queue": False, "after": None, "notify": None, "auto_resume": 0})
    recipe = checked.recipe.model_copy(update={"run": run})
    edits = checked.prepared.edits.data if checked.prepared.edits is not None else None
    with tempfile.TemporaryDirectory(prefix="tui-finetune-batch-") as folder:
        paths = RunStore(Home(Path(folder)).ensure()).create("batch", kind="train", task=recipe.task, of=None)
        write_begin(paths, checked.request, recipe, checked.facts, None, launch.home, edits)
        return _asked(paths, launch, measure=measure, progress=progress)


def _asked(paths: RunPaths, launch: Launch, *, measure: bool, progress: Progress) -> dict[str, Any]:
    command = [
        *(sys.executable, "-m", "tui_finetune.worker.first_batch", str(paths.root), "--home", str(launch.home.root)),
        *(part for folder in launch.plugin_dirs for part in ("--plugin-dir", str(folder))),
        *([] if launch.third_party else ["--no-plugins"]),
        *(["--measure"] if measure else []),
    ]
    with (
        paths.stdout_log.open("wb") as log,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            env=child_environment(PYTHONIOENCODING="utf-8"),
            encoding="utf-8",
        ) as process,
    ):
        assert process.stdout is not None
        try:
            for line in process.stdout:
                said = json.loads(line)
                if "progress" in said:
                    progress(*said["progress"])
                elif "problems" in said:
                    raise UserError([Problem(**one) for one in said["problems"]])
                else:
                    return dict(said["result"])
        finally:
            process.kill()
    tail = paths.stdout_log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL:]
    hint = "\n".join(["Its last lines:", *tail]) if tail else None
    raise LaunchError(Problem(f"The process that makes the batch ended with code {process.returncode}.", hint=hint))
