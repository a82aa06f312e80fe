"""What a person types to find rows: words, `label:good`, `words>60`, `text~^Re`, `text:` for what is missing, `sql:…`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

from tui_finetune.errors import nearest

Relation = Literal["word", ":", "=", "~", "missing", ">", "<", ">=", "<=", "duplicates", "sql"]
MEASURES = ("words", "tokens", "chars", "length")
"""Lengths of what the model reads, `length` in characters as `chars` is; a column of that name comes first."""
DUPLICATES = "duplicates"
"""`duplicates:text` is rows whose text others have too; `duplicates:` rows that are the same in every column."""
SQL = "sql:"
"""What follows it is one condition in SQL."""

_PARTS = re.compile(
    r"""(?P<key>[^\s:=<>~"]*)(?P<relation>~|(?<=[^\s])(?:>=|<=|[:=<>]))(?P<value>"[^"]*"|\S*)|"(?P<quoted>[^"]*)"|(?P<word>\S+)"""
)


@dataclass(frozen=True)
class Condition:
    """One thing that a row has to meet."""

    relation: Relation
    value: str
    column: str | None = None
    """A column or a measure; None for a word or an expression that may stand in any text, and for SQL."""

    @property
    def number(self) -> float:
        """The value of a comparison."""
        return float(self.value)


def parse_conditions(text: str, columns: Sequence[str]) -> tuple[list[Condition], list[str]]:
    """The conditions, all of which a row has to meet, and what was taken otherwise than it may be meant.

    What names no column, a web address for instance, is looked for as it stands.
    """
    if text.lstrip().lower().startswith(SQL):
        said = text.lstrip()[len(SQL) :].strip()
        return ([Condition("sql", said)] if said else []), []
    found: list[Condition] = []
    notes: list[str] = []
    for match in _PARTS.finditer(text):
        if match["relation"] is None:
            word = match["word"] if match["quoted"] is None else match["quoted"]
            found += [Condition("word", word)] if word else []
            continue
        condition, note = _of_key(match, columns)
        found += [condition] if condition else []
        notes += [note] if note else []
    return found, notes


def _of_key(match: re.Match[str], columns: Sequence[str]) -> tuple[Condition | None, str]:
    key, relation, value = match["key"], cast("Relation", match["relation"]), match["value"].strip('"')
    if relation == "~" and (not key or key in columns):
        return _expression(key or None, value)
    if key == DUPLICATES and key not in columns and relation == ":":
        if value and value not in columns:
            return None, f"No column {value}. {_meant(value, columns)}".rstrip()
        return Condition("duplicates", "", value or None), ""
    if key not in columns and (key not in MEASURES or relation == "~"):
        near = nearest(key, [*columns, *MEASURES, DUPLICATES])
        return Condition("word", match.group()), f"No column {key}. Did you mean {near}?" if near else ""
    if relation in (">", "<", ">=", "<="):
        bad = _no_number(value)
        return (None, f"{key}{relation} wants a number.") if bad else (Condition(relation, value, key), "")
    if key in MEASURES and key not in columns and _no_number(value):
        return None, f"{key}{relation} wants a number."
    return Condition(relation if value else "missing", value, key), ""


def _expression(column: str | None, value: str) -> tuple[Condition | None, str]:
    return (Condition("~", value, column), "") if value else (None, "~ wants a regular expression.")


def _meant(name: str, columns: Sequence[str]) -> str:
    near = nearest(name, list(columns))
    return f"Did you mean {near}?" if near else ""


def _no_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return True
    return False
