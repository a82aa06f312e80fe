"""Removing checkpoints: a person's, of a run that has ended; while it lives its worker removes its own."""

from __future__ import annotations

import shutil
from pathlib import Path

from tui_finetune.errors import Problem, UserError
from tui_finetune.runs.layout import STAGING_PREFIX, RunPaths
from tui_finetune.runs.status import derive


def drop_checkpoint(paths: RunPaths, step: int) -> None:
    """Removes it for good: out of sight by a rename first, so that half of it is never taken for a checkpoint.

    Raises UserError where the run lives, or there is no such checkpoint; OSError where it cannot be removed.
    """
    if derive(paths).live:
        raise UserError(
            Problem("the run goes on; stop it first.", hint="While it goes on it keeps save_total_limit of them.")
        )
    folder = paths.checkpoint(step)
    if not folder.is_dir():
        raise UserError(Problem(f"there is no checkpoint of step {step:,}."))
    remove(folder)


def remove(folder: Path) -> None:
    """Removes a checkpoint: renamed first, so that a half-removed one never looks like one that is there."""
    going = folder.with_name(f"{STAGING_PREFIX}removing-{folder.name}")
    folder.rename(going)
    shutil.rmtree(going)
