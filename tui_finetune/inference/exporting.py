"""A trained model as a folder of its own, without what only a resume reads: for transformers, another machine, the Hub.

A folder with whole weights is copied; an adapter is merged into the model around which it was trained, which takes torch and
so is done by the model helper. The folder is whole or not there.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tui_finetune.errors import ModelError, Problem, UserError
from tui_finetune.inference.adapters import VIRTUAL_TOKENS, adapter_of
from tui_finetune.inference.client import HelperSpec, ModelHelper
from tui_finetune.inference.model_card import write_model_card
from tui_finetune.inference.model_choice import Chosen
from tui_finetune.inference.model_folder import ModelFolder
from tui_finetune.live.words import size
from tui_finetune.plugin_api import Progress, no_progress
from tui_finetune.runs import atomic
from tui_finetune.runs.layout import MANIFEST, STAGING_PREFIX, TRAINING_ONLY
from tui_finetune.runs.manifest import problem

if TYPE_CHECKING:
    from tui_finetune.inference.soup import Soup
    from tui_finetune.paths import Home

CARD = "README.md"
CHUNK = 8_388_608
SPARE = 1_000_000
"""Bytes of the small files that are written anew."""

Merge = Callable[[Path], None]
"""Writes the merged model and its tokenizer into a folder."""


@dataclass(frozen=True)
class Exported:
    """What was written."""

    folder: Path
    files: tuple[str, ...]
    bytes: int
    merged: bool
    """An adapter was merged into its model."""


def export(
    chosen: Chosen,
    model: ModelFolder,
    target: Path,
    *,
    home: Home,
    merge: Merge,
    progress: Progress = no_progress,
    soup: Soup | None = None,
) -> Exported:
    """The model in `target`, which must not be there or be empty; of a soup the mean of several.

    Raises UserError where it cannot be written, and ModelError where the model's files are not what its manifest says.
    """
    target = target.expanduser().absolute()
    _check_target(target, home)
    if (model.path / MANIFEST).is_file() and (why := problem(model.path)) is not None:
        raise ModelError(
            Problem(f"{chosen.title} is not whole ({why}).", hint="Export a checkpoint: RUN@best, RUN@last.")
        )
    merges = _merges(model.path)
    files = list(_files(model.path))
    _check_room(target, sum(path.stat().st_size for path in files))
    staging = target.parent / f"{STAGING_PREFIX}{target.name}"
    shutil.rmtree(staging, ignore_errors=True)
    try:
        staging.mkdir(parents=True)
        if merges:
            merge(staging)
        else:
            _copy(files, model.path, staging, progress)
        if soup is None:
            _write_cards(chosen, model, staging)
        else:
            soup.stir(staging)
        _sync(staging)
        if target.is_dir():
            target.rmdir()
        os.rename(staging, target)
        atomic.sync_folder(target.parent)
    except OSError as error:
        raise UserError(Problem(f"{target} cannot be written: {error.strerror or error}.")) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    written = sorted(path for path in target.rglob("*") if path.is_file())
    names = tuple(path.relative_to(target).as_posix() for path in written)
    return Exported(target, names, sum(path.stat().st_size for path in written), merges)


def merged_by(spec: HelperSpec, progress: Progress = no_progress) -> Merge:
    """Merges in a model helper of its own: nothing of torch in this process."""

    def merge(folder: Path) -> None:
        with ModelHelper(spec) as helper:
            progress("merging the adapter", 0, None)
            helper.save(folder, progress)

    return merge


def _check_target(target: Path, home: Home) -> None:
    if home.runs in (target, *target.parents):
        raise UserError(Problem(f"{target} is among the runs themselves.", hint="Name a folder outside of them."))
    if target.is_dir() and any(target.iterdir()):
        raise UserError(Problem(f"{target} is there and not empty.", hint="Name a new folder, or empty that one."))
    if target.exists() and not target.is_dir():
        raise UserError(Problem(f"{target} is a file.", hint="Name a folder."))


def _check_room(target: Path, needed: int) -> None:
    place = next(folder for folder in target.parents if folder.is_dir())
    free = shutil.disk_usage(place).free
    if free < needed + SPARE:
        raise UserError(Problem(f"{size(needed)} are needed and {size(free)} free at {place}."))


def _merges(folder: Path) -> bool:
    adapter = adapter_of(folder)
    return adapter is not None and adapter.get("peft_type") not in VIRTUAL_TOKENS


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not (path.parent == folder and path.name in TRAINING_ONLY):
            yield path


def _copy(files: list[Path], source: Path, staging: Path, progress: Progress) -> None:
    total, done = sum(path.stat().st_size for path in files), 0
    for path in files:
        place = staging / path.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        with path.open("rb") as read, place.open("wb") as write:
            while chunk := read.read(CHUNK):
                write.write(chunk)
                done += len(chunk)
                progress("copying, in MB", done // 1_000_000, total // 1_000_000)


def _write_cards(chosen: Chosen, model: ModelFolder, folder: Path) -> None:
    """What the program has to know of the model, and what a person does; a final model has both."""
    model.card.write(folder)
    recipe = chosen.recipe()
    if chosen.run is None or chosen.step is None or recipe is None:
        card = model.path / CARD
        if card.is_file() and not (folder / CARD).exists():
            shutil.copyfile(card, folder / CARD)
        return
    from tui_finetune.inference.run_card import checkpoint_facts

    write_model_card(folder, checkpoint_facts(chosen.run, chosen.step, recipe, model.task, model.card))


def _sync(folder: Path) -> None:
    """To the disk; readable by whoever may read the folder, for a model of a run is its owner's alone."""
    mode = folder.stat().st_mode & 0o666
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(mode)
            with path.open("rb") as file:
                os.fsync(file.fileno())
        else:
            atomic.sync_folder(path)
    atomic.sync_folder(folder)
