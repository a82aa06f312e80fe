"""Edits of a recipe's text, as the form makes them; comments and order stay. Imports tomlkit, as reading a form does."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tui_finetune.config.write import add_step, edit, rename
from tui_finetune.errors import Problem, UserError
from tui_finetune.live.form import Form, FormField
from tui_finetune.live.typed import read_typed

if TYPE_CHECKING:
    from tui_finetune.plugin_api.manager import Catalog

_MEANT = re.compile(r"Did you mean (\S+)\?$")
_PLACE = re.compile(r"Here it is ([a-z_]+(?:\.[a-z_]+)+)\.$")


def put(text: str, field: FormField, typed: str) -> str:
    """The recipe with what was typed; nothing typed takes the key out. Raises RecipeError where it cannot be written."""
    return edit(text, field.key, read_typed(field.kind, typed)) if typed.strip() else take_out(text, field.key)


def take_out(text: str, key: str) -> str:
    """The recipe without a key; without the whole step where the key is what a step of `[[preprocess]]` uses."""
    table, _, name = key.rpartition(".")
    if not table.startswith("preprocess.") or name != "use":
        return edit(text, key, None)
    from tui_finetune.live.recipe_form import parse

    steps = parse(text).get("preprocess")
    return edit(text, "preprocess" if isinstance(steps, list) and len(steps) == 1 else table, None)


def add(text: str, use: str) -> str:
    """The recipe with another preprocessing step."""
    return add_step(text, use.strip())


@dataclass(frozen=True)
class Mend:
    """A way out of a problem that can be taken as it is."""

    words: str
    """`renames the key to weight_decay, keeps 0.01 and its comment`."""
    key: str
    to: str
    """The key that it becomes."""
    moves: bool = False

    def apply(self, text: str, form: Form) -> str:
        """The mended recipe. Raises RecipeError where it cannot be done in this text."""
        if not self.moves:
            return rename(text, self.key, self.to.rpartition(".")[2])
        found = form.field(self.key)
        return edit(edit(text, self.to, found.value if found else None), self.key, None)


def mend_of(problem: Problem, form: Form) -> Mend | None:
    """What a problem offers: a key that is nearly one, or that has another place here."""
    key, hint = problem.key, problem.hint or ""
    if key is None or not problem.message.startswith("not a setting"):
        return None
    table = key.rpartition(".")[0]
    if (meant := _MEANT.search(hint)) is not None:
        to = f"{table}.{meant.group(1)}" if table else meant.group(1)
        kept = f", keeps {form.text(key)} and its comment" if form.field(key) is not None else ""
        return None if _is_written(form, to) else Mend(f"renames it to {meant.group(1)}{kept}", key, to)
    if (place := _PLACE.search(hint)) is not None and not _is_written(form, place.group(1)):
        return Mend(f"moves it to {place.group(1)}, keeps {form.text(key)}", key, place.group(1), moves=True)
    return None


def _is_written(form: Form, key: str) -> bool:
    found = form.field(key)
    return found is not None and found.written


def moved(text: str, place: Path, target: Path, catalog: Catalog) -> str:
    """The text for another folder: paths that are relative to the old one are written so that they still lead there.

    As it is where the recipe cannot be read yet.
    """
    from tui_finetune.config.load import load_recipe

    if place.parent == target.parent:
        return text
    try:
        recipe = load_recipe(place, text.encode("utf-8", "surrogateescape"), catalog=catalog).recipe
    except UserError:
        return text
    from tui_finetune.live.recipe_form import parse

    written = parse(text)
    found = {
        "data.path": recipe.data.path,
        "data.validation": recipe.data.validation,
        "data.test": recipe.data.test,
        "model.path": recipe.model.path,
    }
    for key, absolute in found.items():
        table, name = key.split(".")
        if isinstance(absolute, str | list) and (written.get(table) or {}).get(name, absolute) != absolute:
            text = edit(text, key, absolute)
    return text
