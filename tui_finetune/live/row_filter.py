"""Which predicted rows are shown: `gold:card_arrival wrong loss>1 "my new card"` as something that can be asked of a file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from tui_finetune.errors import did_you_mean

Which = Literal["gold", "predicted", "label"]
LABEL_KEYS: tuple[Which, ...] = ("gold", "predicted", "label")
"""`label` is either of the two."""
NUMBERS = ("score", "loss", "error", "length")
FLAGS = ("wrong", "right", "cut")
KEYS = (*LABEL_KEYS, *NUMBERS, *FLAGS)
_PART = re.compile(r'(?:[^\s"]*"[^"]*"?|[^\s"]+)+')
_BOUND = re.compile(rf"(?i)({'|'.join(NUMBERS)})(<=|>=|<|>|=)(.*)")


@dataclass(frozen=True)
class Bound:
    """A number and where it has to lie."""

    field: str
    sign: str
    value: float


@dataclass(frozen=True)
class RowFilter:
    """Every part must match."""

    words: tuple[str, ...] = ()
    """In the text, in any case."""
    labels: tuple[tuple[Which, str], ...] = ()
    """As typed: a label's name, or a part of one where no label is called so."""
    bounds: tuple[Bound, ...] = ()
    wrong: bool | None = None
    """True for errors, False for what is right."""
    cut: bool = False
    """Only rows that the maximum length cut."""
    problem: str | None = None
    """What of the text is no filter."""

    @property
    def text(self) -> str:
        """As it would be typed."""
        parts = [f"{key}:{quoted(label)}" for key, label in self.labels]
        parts += [] if self.wrong is None else ["wrong" if self.wrong else "right"]
        parts += ["cut"] if self.cut else []
        parts += [f"{one.field}{one.sign}{one.value:g}" for one in self.bounds]
        return " ".join([*parts, *(quoted(word) for word in self.words)])

    @property
    def empty(self) -> bool:
        return self == RowFilter(problem=self.problem)


def quoted(text: str) -> str:
    """A name with blanks in quotes."""
    return f'"{text}"' if re.search(r"\s", text) or not text else text


def parse_rows(typed: str, labels: Sequence[str] = ()) -> RowFilter:
    """What a person typed. What looks like a key and is none is said, and taken as a word."""
    found = RowFilter()
    for part in _PART.findall(typed):
        found = _with(found, part, labels)
    return found


def _with(found: RowFilter, part: str, labels: Sequence[str]) -> RowFilter:
    key, colon, value = part.partition(":")
    key, value = key.lower(), value.replace('"', "")
    if colon and key in LABEL_KEYS:
        which: Which = next(one for one in LABEL_KEYS if one == key)
        problem = found.problem
        if value and labels and not matching_labels(value, labels):
            problem = f"No label has {value}. {did_you_mean(value, labels)}".strip()
        return replace(found, labels=(*found.labels, (which, value)), problem=problem) if value else found
    if (bound := _BOUND.fullmatch(part)) is not None:
        try:
            value_of = float(bound[3])
        except ValueError:
            return replace(found, problem=f"{bound[1]}: a number is wanted after {bound[2]}.")
        return replace(found, bounds=(*found.bounds, Bound(bound[1].lower(), bound[2], value_of)))
    if part.lower() in ("wrong", "right"):
        return replace(found, wrong=part.lower() == "wrong")
    if part.lower() == "cut":
        return replace(found, cut=True)
    if colon and key.isalpha() and value and key not in ("http", "https"):
        found = replace(found, problem=f"{key}: is no key. There are {', '.join(KEYS)}.")
    word = part.replace('"', "")
    return replace(found, words=(*found.words, word)) if word else found


def matching_labels(value: str, labels: Sequence[str]) -> list[str]:
    """The label of exactly that name, else the tags of that type (`B-PER` and `I-PER`), else those whose name has it."""
    if value in labels:
        return [value]
    if typed := [label for label in labels if label[1:2] == "-" and label[2:].lower() == value.lower()]:
        return typed
    return [label for label in labels if value.lower() in label.lower()]


SORTS = ("loss", "score", "length", "row")
"""Columns to sort by: the worst first, the least sure first, the longest first, as they are stored."""
DESCENDING = frozenset({"loss", "length"})


@dataclass(frozen=True)
class RowOrder:
    """How rows are ordered."""

    by: str = "loss"
    reverse: bool = False

    @property
    def descending(self) -> bool:
        return (self.by in DESCENDING) != self.reverse

    def next(self) -> RowOrder:
        """The next column."""
        return RowOrder(SORTS[(SORTS.index(self.by) + 1) % len(SORTS)])
