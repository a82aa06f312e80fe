"""Writing recipes: the resolved one of a run, which reads back as it was, and edits of a person's file that keep comments."""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any, Final

import tomli
import tomlkit
from pydantic import ValidationError
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Float, InlineTable, Table, Trivia

from tui_finetune.config.arguments import fixed_defaults
from tui_finetune.config.locate import key_lines
from tui_finetune.config.schema import Recipe
from tui_finetune.errors import Problem, RecipeError

_HEAD: Final = "# The recipe as the run uses it. An absent key means none. The person's own file is request.toml.\n\n"


class WrittenFloat(float):
    """A float that is written as it was typed: `3e-4`, not `0.0003`. For `tomli.loads(…, parse_float=WrittenFloat)`."""

    def __new__(cls, text: str) -> WrittenFloat:
        return super().__new__(cls, text)

    def __init__(self, text: str) -> None:
        self.text = text


def resolved_toml(recipe: Recipe, facts: Mapping[str, Any] | None = None) -> str:
    """The recipe as a run keeps it: all values written out, our fixed defaults of `[train]` too, none left out.

    facts: what the check found out (inputs, plugins, rows, format, versions); becomes the table `[resolved]`.
    """
    return _HEAD + tomlkit.dumps(toml_items(as_resolved(recipe, facts)))


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
    return str(tomlkit.item(toml_items(value)).as_string())


def toml_items(value: Any) -> Any:
    """`value`, for tomlkit to write, with floats as a person writes them, `2e-5` and not `2e-05`."""
    if isinstance(value, float):
        return Float(value, Trivia(), _float_text(value))
    if isinstance(value, Mapping):
        return {key: toml_items(item) for key, item in value.items()}
    return [toml_items(item) for item in value] if isinstance(value, list | tuple) else value


def _float_text(value: float) -> str:
    """The text that it was typed with, else the shortest that reads back as the same float."""
    if isinstance(value, WrittenFloat):
        return value.text
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


def rename(text: str, key: str, name: str) -> str:
    """`text` with the last part of the dotted `key` called `name`; its value, comment and place stay.

    Raises RecipeError where the key cannot be found as it is written.
    """
    line, old = key_lines(text).get(key), key.rpartition(".")[2]
    lines = text.split("\n")
    if line is not None:
        at = line - 1
        written = re.compile(rf"(^|[\s.\[{{,])(\"{re.escape(old)}\"|'{re.escape(old)}'|{re.escape(old)})(?=\s*[=.\]])")
        lines[at] = written.sub(lambda found: found.group(1) + tomlkit.key(name).as_string(), lines[at], count=1)
        renamed = "\n".join(lines)
        if _is_renamed(text, renamed, key, name):
            return renamed
    raise RecipeError(Problem(f"cannot be renamed to {name} here.", key, hint="Rename it in the file."))


def _is_renamed(before: str, after: str, key: str, name: str) -> bool:
    """True where one key has another name and nothing else has changed."""
    try:
        was, now = tomli.loads(before), tomli.loads(after)
    except tomli.TOMLDecodeError:
        return False
    *tables, old = key.split(".")
    where: Any = was
    for part in tables:
        where = where[int(part)] if isinstance(where, list) else where.get(part)
    if not isinstance(where, dict) or name in where or old not in where:
        return False
    where[name] = where.pop(old)
    return bool(was == now)


def add_step(text: str, use: str) -> str:
    """`text` with a `[[preprocess]]` step behind the others. Raises RecipeError where the text cannot be edited."""
    try:
        document = tomlkit.parse(text)
        steps = document.get("preprocess")
        if not isinstance(steps, AoT):
            if steps is not None:
                raise RecipeError(Problem("is no list of tables; edit it in the file.", "preprocess"))
            steps = tomlkit.aot()
            document.append("preprocess", steps)
        step = tomlkit.table()
        step["use"] = use
        steps.append(step)
        return tomlkit.dumps(document)
    except TOMLKitError as error:
        raise RecipeError(Problem(f"this text cannot be edited: {error}.", "preprocess")) from error


def _keep_comment(old: Any, new: Any) -> None:
    """The comment behind the old value goes behind the new one."""
    trivia = getattr(old, "trivia", None)
    if trivia is not None and trivia.comment and hasattr(new, "trivia"):
        new.trivia.comment_ws, new.trivia.comment = trivia.comment_ws, trivia.comment
