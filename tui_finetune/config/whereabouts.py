"""Relative paths of a recipe made absolute: relative to the recipe's folder, those of `--set` to the current one."""

from __future__ import annotations

import glob
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from tui_finetune.config.schema import Recipe

HUB = "hub"
"""The one builtin source whose path is not a place on this machine."""
MODEL_SCHEMES = ("run:", "builtin:")
_HERE = ("./", "../", "~", "/")


def absolute(value: str, base: Path) -> str:
    """`value` as a path from `base`; `~` is home; links are kept as they are named."""
    return os.path.normpath(base / Path(value).expanduser())


def with_absolute_paths(
    recipe: Recipe, base: Path, sources: Mapping[str, Any], *, from_sets: Collection[str]
) -> Recipe:
    """The recipe with every path absolute. `from_sets`: dotted keys whose value came from `--set`."""
    here = Path.cwd()

    def folder(key: str) -> Path:
        return here if key in from_sets else base

    data = recipe.data
    endings = {ending for source in sources.values() for ending in getattr(source, "extensions", ())}
    local = _local_source(data.source, sources)
    changes: dict[str, Any] = {}
    if data.path is not None:
        changes["path"] = _each(data.path, lambda v: _data_path(v, folder("data.path"), local, endings))
    if data.mix:
        mixed = [_data_path(one.path, folder("data.mix"), None, endings) for one in data.mix]
        changes["mix"] = [one.model_copy(update={"path": path}) for one, path in zip(data.mix, mixed, strict=True)]
    if data.split_file is not None:
        changes["split_file"] = absolute(data.split_file, folder("data.split_file"))
    if data.edits is not None:
        changes["edits"] = absolute(data.edits, folder("data.edits"))
    for key in ("validation", "test"):
        value = getattr(data, key)
        if isinstance(value, str | list) and data.source != HUB:
            changes[key] = _each(
                value,
                lambda v, key=key: _split_path(v, folder(f"data.{key}"), endings, isinstance(value, list)),  # noqa: B023
            )
    model = recipe.model.model_copy(update={"path": model_path(recipe.model.path, folder("model.path"))})
    return recipe.model_copy(update={"data": data.model_copy(update=changes), "model": model})


def model_path(value: str, base: Path) -> str:
    """A folder as an absolute path; a Hub id, `run:…` and `builtin:…` as they are."""
    if value.startswith(MODEL_SCHEMES):
        return value
    if value in (".", "..") or value.startswith(_HERE) or (base / value).is_dir():
        return absolute(value, base)
    return value


def _local_source(name: str | None, sources: Mapping[str, Any]) -> bool | None:
    """True: every path of it is a place on this machine; False: none is; None: look at the path."""
    if name is None:
        return None
    if name == HUB:
        return False
    source = sources.get(name)
    return True if getattr(source, "extensions", None) else None


def _data_path(value: str, base: Path, local: bool | None, endings: Collection[str]) -> str:
    if "://" in value or local is False:
        return value
    return absolute(value, base) if local or looks_local(value, base, endings) else value


def _split_path(value: str, base: Path, endings: Collection[str], is_path: bool) -> str:
    """A split's name stays; a path is told by a slash, an ending that a source knows, or by standing in a list."""
    if "://" in value:
        return value
    if (
        is_path
        or "/" in value
        or value.startswith(_HERE)
        or Path(value).suffix.lower() in endings
        or glob.has_magic(value)
    ):
        return absolute(value, base)
    return value


def looks_local(value: str, base: Path, endings: Collection[str]) -> bool:
    """True where `value` means a place on this machine and not a Hub id."""
    if value in (".", "..") or value.startswith(_HERE) or glob.has_magic(value):
        return True
    return Path(value).suffix.lower() in endings or value.count("/") > 1 or (base / value).exists()


def _each(value: str | list[str], change: Any) -> Any:
    return [change(item) for item in value] if isinstance(value, list) else change(value)


_GENERIC = ("train", "training", "data", "dataset", "all", "")


def name_from_data(recipe: Recipe) -> str:
    """A name for a run whose recipe gives none: that of the data set, file or folder, else the source's."""
    return name_of_path(recipe.data.path) or recipe.data.source or recipe.task


def name_of_path(path: str | list[str] | None) -> str | None:
    """What a data set, file or folder is called, without its ending: `imdb`, `reviews`; a `train.csv` is called as its folder."""
    first = path[0] if isinstance(path, list) and path else path
    for part in reversed(Path(first).parts) if isinstance(first, str) else ():
        stem = "".join(char for char in part.partition(".")[0] if char not in "*?[]/").strip("-_ ")
        if stem.lower() not in _GENERIC:
            return stem[:100]
    return None
