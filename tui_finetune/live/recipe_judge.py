"""Judging a recipe while it is typed: every problem that can be known without looking at data and model. For threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tui_finetune.config.load import load_recipe
from tui_finetune.config.locate import key_lines
from tui_finetune.config.verify import verify
from tui_finetune.errors import Problem, RecipeError
from tui_finetune.live.form import FormField, Judged, Trial
from tui_finetune.live.form_hints import advice, arranged, last_item
from tui_finetune.live.recipe_form import read_form
from tui_finetune.live.typed import read_typed

if TYPE_CHECKING:
    from tui_finetune.plugin_api.manager import Catalog


def judge(text: str, path: Path, catalog: Catalog, cache: Path | None = None) -> Judged:
    """The form, and every problem that can be known without looking at data and model.

    path: of the recipe, also where it is no file yet: relative paths in it are relative to its folder.
    """
    form = read_form(text, catalog, cache)
    return Judged(text, form, _problems(text, path, catalog, cache), key_lines(text) if form is not None else {})


def _problems(text: str, path: Path, catalog: Catalog, cache: Path | None) -> tuple[Problem, ...]:
    try:
        loaded = load_recipe(path, text.encode("utf-8", "surrogateescape"), catalog=catalog, cache=cache)
    except RecipeError as error:
        return error.problems
    found = verify(loaded)
    if loaded.recipe.kind != "train":
        hint = "tui-finetune evaluate measures a model."
        found.append(loaded.placed(Problem(f"is '{loaded.recipe.kind}', not 'train'.", "kind", hint=hint)))
    return tuple(found)


def attempt(
    field: FormField,
    typed: str,
    edited: Callable[[], str],
    path: Path,
    catalog: Catalog,
    cache: Path | None,
    more: Sequence[str] = (),
) -> Trial:
    """What is wrong with a value while it is typed, and what it may be.

    edited: makes the recipe with the value in it; more: choices that are known besides the field's own.
    """
    choices = _choices_for(field, typed, (*field.choices, *more))
    if not typed.strip():
        return Trial(field.key, typed, choices=choices)
    try:
        problems = _problems(edited(), path, catalog, cache)
    except RecipeError as error:
        problems = error.problems
    own = next((one for one in problems if _is_of(one.key, field.key)), None)
    if own is not None:
        return Trial(field.key, typed, " ".join(part for part in (own.message, own.hint) if part), choices=choices)
    return Trial(field.key, typed, "", advice(field.key, read_typed(field.kind, typed), field.usual), choices)


def _is_of(key: str | None, wanted: str) -> bool:
    return key is not None and (key == wanted or key.startswith(f"{wanted}."))


def _choices_for(field: FormField, typed: str, choices: Sequence[str]) -> tuple[str, ...]:
    if field.kind in ("texts", "values"):
        before, last = last_item(typed)
        taken = {one.strip() for one in before.split(",")}
        return arranged([one for one in choices if one not in taken], last)
    return arranged(tuple(dict.fromkeys(choices)), typed)
