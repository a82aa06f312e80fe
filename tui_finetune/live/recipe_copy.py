"""A run's recipe as the start of another: the person's file, with what was set beside it and without relative paths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomli

from tui_finetune.config.write import edit
from tui_finetune.errors import RecipeError
from tui_finetune.live.form import Form
from tui_finetune.live.recipe_form import parse, read_form
from tui_finetune.runs.info import RunInfo

if TYPE_CHECKING:
    from tui_finetune.plugin_api.manager import Catalog

FOUND = frozenset(
    {"data.columns", "data.labels", "data.label_names", "data.source", "data.revision", "model.revision", "data.path"}
)
"""Keys that a check fills in: where the person left them out they are left out of the copy too."""
OWN = frozenset({"version", "name", "kind", "resolved"})
"""The run's own."""


def copy_of_run(info: RunInfo, catalog: Catalog, cache: Path | None = None) -> str:
    """The text of a run's recipe for another run. Raises RecipeError where the run has none that can be read."""
    try:
        asked = info.paths.request_toml.read_text(encoding="utf-8-sig")
        resolved = parse(info.paths.recipe_toml.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RecipeError(f"{info.title} has no recipe: a script of its own made it.") from error
    except OSError as error:
        raise RecipeError(f"{error.filename} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, tomli.TOMLDecodeError) as error:
        raise RecipeError(f"The recipe of {info.title} cannot be read: {error}.") from error
    return as_copy(asked, resolved, info.model, catalog, cache)


def branch_of_run(
    info: RunInfo, step: int, catalog: Catalog, cache: Path | None = None, *, keep: bool, name: str
) -> str:
    """The text of a recipe that goes on from a checkpoint of a run. keep: with the optimizer's state, else fresh.

    Raises RecipeError where the run has no recipe that can be read.
    """
    text = copy_of_run(info, catalog, cache)
    text = edit(edit(text, "model.path", None), "of", None)
    text = edit(edit(text, "of.run", info.id), "of.checkpoint", step)
    text = edit(text, "of.optimizer", "keep") if keep else text
    return edit(text, "name", name)


def as_copy(
    asked: str, resolved: Mapping[str, Any], model: str | None, catalog: Catalog, cache: Path | None = None
) -> str:
    """`asked` with every value that the run had otherwise: given by `--set`, or a path that was relative.

    model: as lists name it; the resolved recipe has the folder that it was found in.
    """
    form = read_form(asked, catalog, cache)
    if form is None:
        raise RecipeError("The recipe that was asked for is no TOML.")
    if model is not None and isinstance(resolved.get("model"), Mapping):
        resolved = {**resolved, "model": {**resolved["model"], "path": model}}
    if (parse(asked).get("of") or {}).get("run"):
        resolved = {**resolved, "model": {k: v for k, v in resolved["model"].items() if k != "path"}}
    text = asked
    for key, value in _leaves(resolved):
        if key.partition(".")[0] not in OWN and _differs(form, key, value):
            text = edit(text, key, value)
    return text


def _leaves(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Values by dotted key; tables that are one value of the form stay whole."""
    for name, value in table.items():
        key = f"{prefix}{name}"
        if isinstance(value, Mapping) and key != "data.columns" and not key.startswith("train."):
            yield from _leaves(value, f"{key}.")
        elif isinstance(value, list) and key == "preprocess":
            for index, step in enumerate(value):
                yield from _leaves(step, f"{key}.{index}.")
        else:
            yield key, value


def _differs(form: Form, key: str, value: Any) -> bool:
    found = form.field(key)
    if found is None:
        return False
    if key in FOUND and not found.written:
        return False
    return bool(found.effective != value)
