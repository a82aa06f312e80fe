"""Tables checked against their pydantic models, every mistake as a Problem in plain words.

Unknown keys are found here and not by pydantic: one that is nearly a known key is checked further under that name, so
that a slip in a table's name does not hide the mistakes inside it.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any, Generic, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from tui_finetune.errors import Problem, nearest

Model = TypeVar("Model", bound=BaseModel)

NOT_A_SETTING = "not a setting."
"""What is said of a key that nobody knows."""
_LISTED = 8
"""So many known keys are listed where none is near."""


@dataclass(frozen=True)
class Outcome(Generic[Model]):
    """What checking a table gave."""

    found: Model | None
    """None where something is wrong."""
    mended: dict[str, Any]
    """The table without unknown keys, nearly known ones under their known names."""
    problems: list[Problem]
    renamed: Mapping[str, str]
    """Dotted key under its known name to the key as it is written."""

    def as_written(self, key: str) -> str:
        """The key as the person spelled it."""
        return _as_written(key, self.renamed)


def check_table(model: type[Model], data: Mapping[str, Any], prefix: str = "") -> Outcome[Model]:
    """`data` as the model, and all that is wrong with it. Keys get `prefix` in front."""
    renamed: dict[str, str] = {}
    mended, problems = without_unknown(model, data, prefix, renamed)
    found: Model | None = None
    try:
        found = model.model_validate(mended)
    except ValidationError as error:
        problems += _problems(model, error, mended, prefix)
    problems = [replace(problem, key=_as_written(problem.key or "", renamed)) for problem in problems]
    return Outcome(None if problems else found, mended, problems, renamed)


def without_unknown(
    model: type[BaseModel], data: Mapping[str, Any], prefix: str, renamed: dict[str, str]
) -> tuple[dict[str, Any], list[Problem]]:
    """`data` without unknown keys, nearly known ones renamed; and a problem for each of them.

    All dotted keys are of known names; `renamed` is filled with how they are written.
    """
    known = {field.alias or name: field for name, field in model.model_fields.items()}
    given = {key: value for key, value in data.items() if key in known}
    extra: dict[str, Any] = {}
    problems: list[Problem] = []
    for key, value in data.items():
        if key in known:
            continue
        if model.model_config.get("extra") == "allow":
            extra[key] = value
            continue
        problems.append(unknown_key(key, known, prefix))
        name = nearest(key, known)
        if name is not None and _may_join(given.get(name), value):
            _remember(f"{prefix}{name}", f"{prefix}{key}", value, given.get(name), renamed)
            given[name] = {**value, **given[name]} if name in given else value
    clean = dict(extra)
    for name, value in given.items():
        clean[name], inner = _inside(known[name], value, f"{prefix}{name}.", renamed)
        problems += inner
    return clean, problems


def _may_join(there: Any, slip: Any) -> bool:
    """True where a value under a slip of the key can be checked as that of the key: alone, or as two tables in one."""
    return there is None or (isinstance(there, dict) and isinstance(slip, dict))


def _remember(known: str, written: str, value: Any, there: Any, renamed: dict[str, str]) -> None:
    if there is None:
        renamed[known] = written
    else:
        renamed |= {f"{known}.{name}": f"{written}.{name}" for name in value if name not in there}


def unknown_key(key: str, known: Iterable[str], prefix: str = "") -> Problem:
    """The problem of a key that nobody knows."""
    known = list(known)
    near = nearest(key, known)
    if near:
        hint: str | None = f"Did you mean {near}?"
    elif not known:
        hint = "There are none here."
    else:
        hint = f"There are: {', '.join(known)}." if len(known) <= _LISTED else None
    return Problem(NOT_A_SETTING, f"{prefix}{key}", hint=hint)


def _inside(field: FieldInfo, value: Any, prefix: str, renamed: dict[str, str]) -> tuple[Any, list[Problem]]:
    """The value of a field that is a table or a list of tables, cleaned likewise."""
    table = table_of(field.annotation)
    if table is not None and isinstance(value, dict):
        return without_unknown(table, value, prefix, renamed)
    if table is not None and isinstance(value, list):
        cleaned = [
            _inside(field, item, f"{prefix}{i}.", renamed) if isinstance(item, dict) else (item, [])
            for i, item in enumerate(value)
        ]
        return [item for item, _ in cleaned], [p for _, problems in cleaned for p in problems]
    return value, []


def table_of(annotation: Any) -> type[BaseModel] | None:
    """The model inside `Model`, `Model | None`, `list[Model]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := table_of(part)) is not None), None)


def _problems(model: type[BaseModel], error: ValidationError, data: Mapping[str, Any], prefix: str) -> list[Problem]:
    """One problem a key: pydantic tells every branch of a union by itself."""
    found: dict[str, Problem] = {}
    for detail in error.errors(include_url=False):
        path = _path(detail["loc"], data, missing=detail["type"] == "missing")
        key = prefix + ".".join(path)
        if key not in found:
            found[key] = _problem(model, path, key, dict(detail), data)
    return list(found.values())


def _as_written(key: str, renamed: Mapping[str, str]) -> str:
    """The key with every renamed part as the person spelled it."""
    longest_first = sorted(renamed.items(), key=lambda pair: -len(pair[0]))
    for _ in renamed:  # a table and a key in it can both be renamed
        for known, written in longest_first:
            if key == known or key.startswith(f"{known}."):
                key = written + key.removeprefix(known)
                break
    return key


def _path(loc: tuple[int | str, ...], data: Any, *, missing: bool) -> list[str]:
    """The part of pydantic's location that is in the data; names of union branches are not."""
    path: list[str] = []
    for index, part in enumerate(loc):
        if isinstance(data, dict) and (part in data or (missing and index == len(loc) - 1)):
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        else:
            continue
        path.append(str(part))
    return path


def _problem(
    model: type[BaseModel], path: list[str], key: str, detail: dict[str, Any], data: Mapping[str, Any]
) -> Problem:
    kind, context = detail["type"], detail.get("ctx") or {}
    field = _field(model, path)
    help_ = field.description if field is not None and field.description else None
    value = _value_at(data, path)
    bounds = {"greater_than": ("gt", "above"), "greater_than_equal": ("ge", "at least")}
    bounds |= {"less_than": ("lt", "below"), "less_than_equal": ("le", "at most")}
    if kind == "missing":
        return Problem("is missing.", key, hint=help_)
    if kind in bounds:
        name, word = bounds[kind]
        return Problem(f"is {said(value)}, must be {word} {context[name]:g}.", key)
    if kind in ("string_too_short", "too_short"):
        return Problem("is empty.", key, hint=help_)
    if kind == "string_too_long":
        return Problem(f"has {len(value)} characters, at most {context['max_length']} are taken.", key)
    if kind == "finite_number":
        return Problem(f"is {said(value)}, must be a finite number.", key)
    if kind == "value_error":
        return Problem(f"{str(context.get('error', detail['msg'])).rstrip('.')}.", key)
    if kind == "literal_error" and field is not None and (near := _near_choice(value, field.annotation)):
        return Problem(f"is {said(value)}; expected {expected(field.annotation)}.", key, hint=f"Did you mean {near}?")
    if kind == "string_pattern_mismatch" and help_:
        return Problem(f"is {said(value)}; expected {help_}", key)
    if kind == "string_pattern_mismatch" or field is None:
        return Problem(f"is {said(value)}, which does not fit.", key, hint=f"{detail['msg']}.")
    annotation = _item(field.annotation) if isinstance(_value_at(data, path[:-1]), list) else field.annotation
    hint = "Write it without the quotes." if isinstance(value, str) and _is_number(value, annotation) else None
    return Problem(f"is {said(value)}; expected {expected(annotation)}.", key, hint=hint)


def _field(model: type[BaseModel], path: list[str]) -> FieldInfo | None:
    """The declared field that `path` leads to or into."""
    field: FieldInfo | None = None
    table: type[BaseModel] | None = model
    for part in path:
        if table is not None and part in table.model_fields:
            field = table.model_fields[part]
            table = table_of(field.annotation)
    return field


def _item(annotation: Any) -> Any:
    """The type of the items where a list is expected."""
    for part in (annotation, *get_args(annotation)):
        if get_origin(part) is list:
            return get_args(part)[0]
    return annotation


def _value_at(data: Any, path: list[str]) -> Any:
    for part in path:
        if isinstance(data, dict):
            data = data.get(part)
        elif isinstance(data, list):
            data = data[int(part)]
    return data


def _near_choice(value: Any, annotation: Any) -> str | None:
    return nearest(value, _choices(annotation)) if isinstance(value, str) else None


def _choices(annotation: Any) -> list[str]:
    parts = get_args(annotation) if get_origin(annotation) is Literal else ()
    return [str(part) for part in parts]


def _is_number(text: str, annotation: Any) -> bool:
    wants = {int, float} & {annotation, *get_args(annotation)}
    try:
        float(text)
    except ValueError:
        return False
    return bool(wants)


_WORDS: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    dict: "a table",
    list: "a list",
    Any: "a value",
}


def expected(annotation: Any) -> str:
    """A type in words: `a whole number`, `a list of texts`, `one of length, random`."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is typing.Annotated:
        return expected(args[0])
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(expected(arg) for arg in args if arg is not type(None)))
    if origin is Literal:
        return str(args[0]) if len(args) == 1 else f"one of {', '.join(map(str, args))}"
    if origin is list:
        item = expected(args[0])
        return f"a list of {item.removeprefix('a ')}s" if item.count(" ") == 1 else f"a list, each {item}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "a table"
    return _WORDS.get(origin or annotation, "another value")


def said(value: Any) -> str:
    """A value as the person wrote it, short: `"16"`, `true`, `a list`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value if len(value) <= 60 else value[:59] + "…"}"'
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, date | datetime | time):
        return f"the date or time {value}"
    return str(value)
