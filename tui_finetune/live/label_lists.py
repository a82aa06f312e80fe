"""Lists of labels, several of a text or one a word, as one line that a person changes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tui_finetune.live.data_set import DataSet

SHOWN = 10


class NoList(ValueError):
    """What was typed is no list that the column can have; the message says why."""


def can_be_typed(found: DataSet, column: str) -> bool:
    """True for a column of labels that are lists."""
    info, kind = found.column(column), found.kinds.get(found.gold or "", "")
    return info is not None and found.is_gold(column) and kind in ("labels", "tags") and info.holds in ("texts", "list")


def as_typed(found: DataSet, column: str, value: Sequence[Any] | None) -> str:
    """`joy, surprise`; as JSON where a name would not be told back."""
    names = found.names_of(column)
    told = [names.get(one, str(one)) for one in value or ()]
    line = ", ".join(told)
    return line if _parts(line) == told and not line.startswith("[") else json.dumps(told, ensure_ascii=False)


def from_typed(found: DataSet, column: str, typed: str, now: Sequence[Any] | None) -> list[Any]:
    """The values that are meant. Raises NoList. now: what stands there, as long as which the tags of words have to be."""
    values = {name: value for value, name in found.names_of(column).items()}
    told = _read(typed)
    info = found.column(column)
    unknown = [one for one in told if one not in values]
    if unknown and (info is None or info.holds != "texts"):
        there = ", ".join(list(values)[:SHOWN])
        raise NoList(f"{unknown[0]!r} is no label here. There are: {there}{' …' if len(values) > SHOWN else ''}.")
    if found.kinds.get(found.gold or "") == "tags" and len(told) != len(now or ()):
        raise NoList(f"Each of {len(now or ()):,} words has one tag; these are {len(told):,}.")
    return [values.get(one, one) for one in told]


def _read(typed: str) -> list[str]:
    text = typed.strip()
    if not text.startswith("["):
        return _parts(text)
    try:
        told = json.loads(text)
    except json.JSONDecodeError as error:
        raise NoList(f"No list: {error.msg} at sign {error.colno}.") from error
    if not all(isinstance(one, str | int) for one in told):
        raise NoList("A list of names is expected, with commas between.")
    return [str(one) for one in told]


def _parts(line: str) -> list[str]:
    return [part for one in line.split(",") if (part := one.strip())]
