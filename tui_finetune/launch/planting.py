"""What a new run takes from another one's directory into its own: linked, else copied, so that it lives on without the other."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from tui_finetune.runs import atomic
from tui_finetune.runs.kept import Kept
from tui_finetune.runs.layout import MANIFEST, STAGING_PREFIX, TRAINER_STATE, TRAINING_ONLY, RunPaths
from tui_finetune.runs.manifest import problem

if TYPE_CHECKING:
    from tui_finetune.config.schema import Recipe
    from tui_finetune.paths import Home


def with_own_model(paths: RunPaths, recipe: Recipe, home: Home) -> Recipe:
    """The recipe with the model that it begins from in its own directory, where that is another run's.

    Raises OSError where it cannot be written.
    """
    source = Path(recipe.model.path)
    if recipe.kind != "train" or home.runs not in source.parents or not source.is_dir():
        return recipe
    _link_folder(source, paths.start, without=TRAINING_ONLY)
    return recipe.model_copy(update={"model": recipe.model.model_copy(update={"path": str(paths.start)})})


def plant_checkpoint(paths: RunPaths, checkpoint: Kept, other: RunPaths) -> None:
    """The checkpoint, and the best one by then where that is another, in the new run. Raises OSError as above."""
    paths.checkpoints.mkdir(mode=0o700, exist_ok=True)
    for step, folder in {checkpoint.step: checkpoint.path, **_best_by_then(checkpoint, other)}.items():
        _link_folder(folder, paths.checkpoint(step))
    atomic.sync_folder(paths.checkpoints)


def _best_by_then(checkpoint: Kept, other: RunPaths) -> dict[int, Path]:
    """The best checkpoint that the state of this one knows, where it is still there and whole."""
    try:
        step = atomic.read_json(checkpoint.path / TRAINER_STATE).get("best_global_step")
    except (FileNotFoundError, atomic.Unreadable):
        return {}
    if not isinstance(step, int) or step == checkpoint.step:
        return {}
    folder = other.checkpoint(step)
    return {step: folder} if problem(folder) is None else {}


def _link_folder(source: Path, target: Path, *, without: Collection[str] = ()) -> None:
    staging = target.parent / f"{STAGING_PREFIX}{target.name}"
    for path in sorted(source.rglob("*"), key=lambda one: one.name == MANIFEST):
        place = staging / path.relative_to(source)
        if path.is_file() and path.name not in without:
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _link_file(path, place)
    os.rename(staging, target)


def _link_file(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one that has no links
        shutil.copyfile(source, target)
        target.chmod(0o600)
        with target.open("rb") as file:
            os.fsync(file.fileno())
