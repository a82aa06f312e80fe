"""Whether the places that a recipe names exist. The launch check goes further: it opens data and model."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from pathlib import Path

from tui_finetune.config.load import Loaded
from tui_finetune.errors import Problem, nearest


def verify(loaded: Loaded) -> list[Problem]:
    """What is absent on this machine, with the recipe's file and lines. Hub ids and runs are not looked up."""
    return [loaded.placed(problem) for problem in _absent(loaded)]


def _absent(loaded: Loaded) -> Iterator[Problem]:
    data, model = loaded.recipe.data, loaded.recipe.model.path
    mixed = [one.path for one in data.mix]
    named_by = {"path": data.path, "validation": data.validation, "test": data.test, "mix": mixed}
    for key, named in named_by.items():
        for place in named if isinstance(named, list) else [named]:
            if isinstance(place, str) and os.path.isabs(place) and not _exists(place):
                yield Problem(f"no such file or folder: {place}.", f"data.{key}", hint=_near(place))
    if os.path.isabs(model) and not Path(model).is_dir():
        yield Problem(f"no such folder: {model}.", "model.path", hint=_near(model))


def _exists(place: str) -> bool:
    if os.path.exists(place):
        return True
    return glob.has_magic(place) and next(glob.iglob(place, recursive=True), None) is not None


def _near(place: str) -> str | None:
    """The nearest name in the same folder, or how far the path is right."""
    path = Path(place)
    while not path.parent.is_dir():
        path = path.parent
    if path != Path(place):
        return f"There is no {path}."
    found = nearest(path.name, (entry.name for entry in path.parent.iterdir()))
    return f"Did you mean {found}?" if found else None
