"""Writing recipes: the resolved one of a run, which reads back as it was, and edits of a person's file that keep comments."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any, Final

import tomli
import tomlkit
from pydantic import ValidationError
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Float, InlineTable, Table, Trivia

from tui_finetune.config.arguments import fixed_defaults
from tui_finetune.config.schema import Recipe
from tui_finetune.errors import Problem, RecipeError

_HEAD: Final = "# The recipe as the run uses it. An absent key means none. The person's own file is request.toml.\n\n"


def resolved_toml(recipe: Recipe, facts: Mapping[str, Any] | None = None) -> str:
    """The recipe as a run keeps it: all values written out, our fixed defaults of `[train]` too, none left out.

    facts: what the check found out (inputs, plugins, rows, format, versions); becomes the table `[resolved]`.
    """
    return _HEAD + tomlkit.dumps(_items(as_resolved(recipe, facts)))


def as_resolved(recipe: Recipe, facts: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The same as a dict of TOML values."""
    document = recipe.model_dump(mode="json")
    document["train"] = {**fixed_defaults(), **document["train"]} if recipe.kind == "train" else document["train"]
    document["resolved"] = {**document["resolved"], **(facts or {})}
    written: dict[str, Any] = _without_none(document)
    for table in (written, written["data"], written["model"], *written["preprocess"]):
        for key in [key for key, value in table.items() if value in ({}, [])]:
            del table[key]
    return written


def read_resolved(path: Path) -> Recipe:
    """The recipe of a run. Raises RecipeError where the file cannot be read or holds something else."""
    try:
        return Recipe.model_validate(tomli.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise RecipeError(f"{path} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, tomli.TOMLDecodeError) as error:
        raise RecipeError(Problem(f"is not a recipe that tui-finetune wrote: {error}.", file=str(path))) from error
    except ValidationError as error:
        raise RecipeError(_told(error, path)) from error


def _told(error: ValidationError, path: Path) -> list[Problem]:
    hint = "It may have been written by another version of tui-finetune."
    return [
        Problem(f"{detail['msg']}.", ".".join(map(str, detail["loc"])), str(path), hint=hint)
        for detail in error.errors(include_url=False)
    ]


def _without_none(value: Any) -> Any:
    """`value` without what TOML has no word for."""
    if isinstance(value, Mapping):
        return {str(k): _without_none(v) for k, v in value.items() if v is not None}
    if isinstance(value, list | tuple):
        return [_without_none(item) for item in value if item is not None]
    return str(value) if isinstance(value, Path) else value


def toml_value(value: Any) -> str:
    """A value as one writes it on one line of a recipe: `2e-5`, `"a"`, `["a", "b"]`, `{ text = "review" }`."""
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{tomlkit.key(str(k)).as_string()} = {toml_value(v)}" for k, v in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(toml_value(item) for item in value)}]"
    return str(tomlkit.item(_items(value)).as_string())


def _items(value: Any) -> Any:
    """`value` with floats as a person writes them, `2e-5` and not `2e-05`."""
    if isinstance(value, float):
        return Float(value, Trivia(), _float_text(value))
    if isinstance(value, Mapping):
        return {key: _items(item) for key, item in value.items()}
    return [_items(item) for item in value] if isinstance(value, list | tuple) else value


def _float_text(value: float) -> str:
    """The shortest text that reads back as the same float."""
    mantissa, exponent, power = repr(float(value)).partition("e")
    return f"{mantissa}e{int(power)}" if exponent else mantissa


def edit(text: str, key: str, value: Any) -> str:
    """`text` with the dotted `key` set, or taken out where `value` is None; comments and order stay.

    Items of lists are named by number, `preprocess.0.use`. Raises RecipeError where the key leads into a single value,
    or where the text is not TOML.
    """
    try:
        document = tomlkit.parse(text)
        *tables, last = key.split(".")
        where: Any = document
        for depth, part in enumerate(tables):
            where = _step(where, part, ".".join(tables[: depth + 1]), make=value is not None)
            if where is None:
                return text
        _set(where, last, value, key)
    except TOMLKitError as error:
        raise RecipeError(Problem(f"this text cannot be edited: {error}.", key)) from error
    return tomlkit.dumps(document)


def _step(where: Any, part: str, key: str, *, make: bool) -> Any:
    """The table or list under `part`; made where it is absent, or None where nothing is to be made."""
    if isinstance(where, MutableMapping):
        if part not in where:
            if not make:
                return None
            where[part] = tomlkit.inline_table() if isinstance(where, InlineTable) else tomlkit.table()
        found = where[part]
    elif isinstance(where, list) and part.isdecimal() and int(part) < len(where):
        found = where[int(part)]
    else:
        raise RecipeError(Problem("there is no such place in the recipe.", key))
    if not isinstance(found, MutableMapping | list):
        raise RecipeError(Problem("is a single value.", key))
    return found


def _set(where: Any, name: str, value: Any, key: str) -> None:
    if isinstance(where, list):
        if not name.isdecimal() or int(name) >= len(where):
            raise RecipeError(Problem("there is no such item.", key))
        index: Any = int(name)
        present = True
    else:
        index, present = name, name in where
    if value is None:
        if present:
            del where[index]
        return
    value = _without_none(value)
    if present and isinstance(where[index], Table) and isinstance(value, Mapping):
        table = where[index]
        for old in [old for old in table if old not in value]:
            del table[old]
        for inner, new in value.items():
            _set(table, inner, new, f"{key}.{inner}")
        return
    item = tomlkit.value(toml_value(value))
    if present and not isinstance(where, list):
        _keep_comment(where[index], item)
    where[index] = item


def _keep_comment(old: Any, new: Any) -> None:
    """The comment behind the old value goes behind the new one."""
    trivia = getattr(old, "trivia", None)
    if trivia is not None and trivia.comment and hasattr(new, "trivia"):
        new.trivia.comment_ws, new.trivia.comment = trivia.comment_ws, trivia.comment
