"""What a person types to find rows: words, `label:good`, `words>60`, `text:` for what is missing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

from tui_finetune.errors import nearest

Relation = Literal["word", ":", "=", "missing", ">", "<", ">=", "<="]
MEASURES = ("words", "tokens", "chars")
"""Lengths of what the model reads; a column of that name comes first."""

_PARTS = re.compile(
    r"""(?P<key>[^\s:=<>"]+)(?P<relation>>=|<=|[:=<>])(?P<value>"[^"]*"|\S*)|"(?P<quoted>[^"]*)"|(?P<word>\S+)"""
)


@dataclass(frozen=True)
class Condition:
    """One thing that a row has to meet."""

    relation: Relation
    value: str
    column: str | None = None
    """A column or a measure; None for a word that may stand in any text."""

    @property
    def number(self) -> float:
        """The value of a comparison."""
        return float(self.value)


def parse_conditions(text: str, columns: Sequence[str]) -> tuple[list[Condition], list[str]]:
    """The conditions, all of which a row has to meet, and what was taken otherwise than it may be meant.

    What names no column, a web address for instance, is looked for as it stands.
    """
    found: list[Condition] = []
    notes: list[str] = []
    for match in _PARTS.finditer(text):
        key, relation = match["key"], cast("Relation", match["relation"])
        if key is None:
            word = match["word"] if match["quoted"] is None else match["quoted"]
            found += [Condition("word", word)] if word else []
            continue
        value = match["value"].strip('"')
        if key not in columns and key not in MEASURES:
            near = nearest(key, [*columns, *MEASURES])
            notes += [f"No column {key}. Did you mean {near}?"] if near else []
            found.append(Condition("word", match.group()))
        elif relation in (">", "<", ">=", "<="):
            problem = _no_number(value)
            notes += [f"{key}{relation} wants a number."] if problem else []
            found += [] if problem else [Condition(relation, value, key)]
        else:
            found.append(Condition(relation if value else "missing", value, key))
    return found, notes


def _no_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return True
    return False
