"""Which splits a run has, and where each comes from: the recipe's words against what the source has."""

from __future__ import annotations

import glob
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.data.files import role_of_split
from tui_finetune.errors import DataError, Problem, nearest
from tui_finetune.plugin_api import Opened

if TYPE_CHECKING:
    from tui_finetune.config.schema import Recipe

VALIDATION_SHARE = 0.1
TRAIN, VALIDATION, TEST = "train", "validation", "test"


@dataclass(frozen=True)
class Choice:
    """Where a split comes from: one of the source's splits, another path, or a share of train."""

    split: str | None = None
    path: str | list[str] | None = None
    share: float | None = None
    by_default: bool = False
    """True where the recipe is silent."""
    words: str = ""
    listed: bool = False
    """The rows of train that `data.split_file` names for it."""
    fold: int | None = None
    """The fold of train that it is, from 1."""

    @property
    def of_train(self) -> bool:
        """True where its rows are some of train's."""
        return self.share is not None or self.listed or self.fold is not None


def choices(recipe: Recipe, opened: Opened) -> tuple[dict[str, Choice], list[str]]:
    """The splits of the run in the order train, validation, test; notes. Raises DataError with all problems."""
    if recipe.kind == "evaluate":
        return _measured(recipe, opened)
    problems: list[Problem] = []
    notes: list[str] = []
    train = _train(recipe, opened, problems, notes)
    found = {TRAIN: Choice(split=train)} if train is not None else {}
    taken = {train}
    for name, value in ((VALIDATION, recipe.data.validation), (TEST, recipe.data.test)):
        choice = _choice(name, value, opened, taken, problems)
        if recipe.data.split_file is not None and value is None and (choice is None or choice.share is not None):
            choice = Choice(listed=True)
        if name == VALIDATION and recipe.data.folds is not None:
            choice = Choice(fold=recipe.data.fold or 1)
        if choice is not None:
            found[name] = choice
            taken.add(choice.split)
    if problems:
        raise DataError(problems)
    return found, notes


def _train(recipe: Recipe, opened: Opened, problems: list[Problem], notes: list[str]) -> str | None:
    wanted = recipe.data.split
    found = split_called(wanted, opened.splits)
    if found is None and len(opened.splits) == 1 and wanted == TRAIN:
        found = next(iter(opened.splits))
        notes.append(f"Its one split, {found}, is trained on.")
    if found is None:
        problems.append(_no_split(wanted, "data.split", opened))
    return found


def _choice(name: str, value: Any, opened: Opened, taken: set[str | None], problems: list[Problem]) -> Choice | None:
    if isinstance(value, float):
        return Choice(share=value)
    if value is None:
        own = next((s for s in opened.splits if role_of_split(s) == name and s not in taken), None)
        if own is not None:
            return Choice(split=own, by_default=True)
        return Choice(share=VALIDATION_SHARE, by_default=True) if name == VALIDATION else None
    if is_path(value):
        return Choice(path=value, words=_path_words(value))
    split = split_called(value, opened.splits)
    if split is not None:
        return Choice(split=split)
    if os.path.exists(value):
        return Choice(path=os.path.abspath(value), words=_path_words(value))
    problems.append(_no_split(value, f"data.{name}", opened, path=True))
    return None


def is_path(value: str | Sequence[str]) -> bool:
    """True for a list, and for what the recipe's reader made absolute; a split's name stays as it is."""
    return not isinstance(value, str) or os.path.isabs(value) or glob.has_magic(value)


def _path_words(value: str | Sequence[str]) -> str:
    return Path(value).name if isinstance(value, str) else ", ".join(Path(item).name for item in value)


def split_called(name: str, splits: Mapping[str, Any]) -> str | None:
    """The split of this name; or the one that means the same, `dev` for `validation`."""
    if name in splits:
        return name
    role = role_of_split(name)
    same = [split for split in splits if role_of_split(split) == role] if role is not None else []
    return same[0] if len(same) == 1 else None


def named_split(opened: Opened, name: str, key: str | None = None) -> str:
    """The split of another path that plays the part `name`: its only one, or the one called so. Raises DataError.

    key: of the recipe, where it is not that of the part.
    """
    if len(opened.splits) == 1:
        return next(iter(opened.splits))
    found = split_called(name, opened.splits)
    if found is None:
        raise DataError(_no_split(name, key or f"data.{name}", opened))
    return found


def _no_split(name: str, key: str, opened: Opened, *, path: bool = False, more: Sequence[str] = ()) -> Problem:
    """more: splits that can be named beside the source's own."""
    known = list(dict.fromkeys((*opened.splits, *more)))
    near = nearest(name, known)
    names = ", ".join(known)
    hint = f"Did you mean {near}? It has: {names}." if near else f"It has: {names}."
    return Problem(f"'{name}' is no split of this data{', and no path' if path else ''}.", key, hint=hint)


def _measured(recipe: Recipe, opened: Opened) -> tuple[dict[str, Choice], list[str]]:
    """Of a recipe of kind evaluate: the one split that is measured; and train where it is a share of that."""
    wanted = recipe.evaluate.split or TEST
    problems: list[Problem] = []
    value = {VALIDATION: recipe.data.validation, TEST: recipe.data.test}.get(wanted)
    found = split_called(wanted, opened.splits)
    if recipe.data.split_file is not None and value is None and found is None and wanted in (VALIDATION, TEST):
        train = _train(recipe, opened, problems, [])
        if train is not None:
            return {TRAIN: Choice(split=train), wanted: Choice(listed=True)}, []
    if recipe.data.folds is not None and wanted == VALIDATION:
        choice: Choice | None = Choice(fold=recipe.data.fold or 1)
    elif value is not None or (found is None and wanted == VALIDATION):
        choice = _choice(wanted, value, opened, set(), problems)
    elif found is not None:
        choice = Choice(split=found)
    elif len(opened.splits) == 1 and recipe.evaluate.split in (None, *opened.splits):
        only = next(iter(opened.splits))
        return {wanted: Choice(split=only, words=f"split {only}")}, [f"Its one split, {only}, is measured."]
    else:
        choice = None
        shares = (VALIDATION,) if recipe.data.test is None else (VALIDATION, TEST)
        more = [name for name in shares if split_called(name, opened.splits) is None]
        problems.append(_no_split(wanted, "evaluate.split", opened, more=more))
    if choice is not None and choice.of_train:
        train = _train(recipe, opened, problems, [])
        # The other share is taken too, so that the rows are those that the run left out of training.
        rest = {name: Choice(share=v) for name, v in (("test", recipe.data.test),) if isinstance(v, float)}
        if not problems and train is not None:
            return {TRAIN: Choice(split=train), wanted: choice, **rest}, []
    if problems or choice is None:
        raise DataError(problems)
    return {wanted: choice}, []
