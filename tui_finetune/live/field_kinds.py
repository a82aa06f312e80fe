"""What kind of value a field of the form takes, from its type or from the names of its types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args, get_origin

from tui_finetune.config.problems import expected
from tui_finetune.live.form import Kind

_TYPES: Mapping[str, Any] = {"bool": bool, "int": int, "float": float, "str": str, "dict": dict, "list[str]": list[str]}


def words_of_names(types: Sequence[str]) -> str:
    """`a whole number or text`."""
    return " or ".join(dict.fromkeys(expected(_TYPES[kind]) for kind in types if kind in _TYPES))


def literals(annotation: Any) -> tuple[str, ...]:
    """What it can be, where these are few: `true` and `false`, or the texts of a Literal."""
    for part in (annotation, *get_args(annotation)):
        if part is bool:
            return ("true", "false")
        if get_origin(part) is Literal:
            return tuple(str(one) for one in get_args(part))
    return ()


def kind_of(annotation: Any) -> Kind:
    """How what is typed for a field of this type is read."""
    parts = [part for part in (get_args(annotation) or (annotation,)) if part is not type(None)]
    if get_origin(annotation) in (list, dict, Literal):
        parts = [annotation]
    origins = [get_origin(part) or part for part in parts]
    if origins == [str] or (origins == [Literal] and all(isinstance(one, str) for one in get_args(parts[0]))):
        return "text"
    if origins == [dict]:
        return "table"
    if origins == [list]:
        return "texts" if get_args(parts[0]) == (str,) else "values"
    return "path" if set(origins) == {str, list} else "value"


def kind_of_names(types: Sequence[str]) -> Kind:
    """The same from the names of types, as the tables of arguments have them."""
    names = {kind for kind in types if kind != "none"}
    if names == {"str"}:
        return "text"
    if names == {"list[str]"}:
        return "texts"
    return "path" if names == {"str", "list[str]"} else "value"
