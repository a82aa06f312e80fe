"""Which of a row's choices is right: numbers from 0 or 1, or letters."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tui_finetune.errors import DataError, Problem
from tui_finetune.plugin_api import ROW_ID, LabelSet

if TYPE_CHECKING:
    import pyarrow as pa

CHOICES = "choices"
MOST = 26
TOLD = 3
"""Rows named that cannot be."""


def ending(place: int) -> str:
    """The role of a choice that has a column of its own."""
    return f"ending{place}"


def choice_labels(values: pa.ChunkedArray) -> LabelSet:
    """From the first choice to the last that is right somewhere. Raises DataError for what numbers no choices."""
    found = values.drop_null().unique().to_pylist()
    if not found:
        raise DataError(Problem("the label column holds nothing.", key="data.columns.label"))
    for known in _kinds():
        if set(found) <= set(known):
            return LabelSet.of(known[: max(2, 1 + max(known.index(value) for value in found))])
    hint = "Numbers from 0 or from 1, or letters from A or a, tell the right choice; data.labels names others in their order."
    odd = ", ".join(map(str, found[:TOLD]))
    raise DataError(Problem(f"the label column numbers no choices: {odd}.", key="data.columns.label", hint=hint))


def _kinds() -> list[list[Any]]:
    numbers = list(range(MOST))
    as_text = [str(number) for number in numbers]
    return [
        numbers[1:], numbers, as_text[1:], as_text, list(string.ascii_uppercase), list(string.ascii_lowercase),
    ]  # fmt: skip


def choices_of(rows: Mapping[str, Sequence[Any]], at: int) -> list[str]:
    """The choices of a row, from its list or from columns of their own; those that are missing end them."""
    if CHOICES in rows:
        return [str(one or "") for one in rows[CHOICES][at] or ()]
    found: list[str] = []
    while (name := ending(len(found))) in rows and rows[name][at] is not None:
        found.append(str(rows[name][at]))
    return found


def choice_problems(rows: Mapping[str, Sequence[Any]], labels: LabelSet) -> list[Problem]:
    """Rows with fewer than two choices, with more than there are labels, or whose right choice they do not have."""
    counts = [len(choices_of(rows, at)) for at in range(len(rows["text"]))]
    ids = labels.ids()
    gold = [ids.get(value, 0) for value in rows.get("label", [None] * len(counts))]
    few = [at for at, count in enumerate(counts) if count < 2]
    many = [at for at, count in enumerate(counts) if count > len(labels)]
    absent = [at for at, count in enumerate(counts) if 2 <= count <= gold[at]]
    names = ", ".join(labels.names)
    told = (
        (few, "with fewer than two choices", "Drop them, or name another column: data.columns.choices."),
        (many, f"with more choices than the {len(labels)} labels ({names})", "Name a label for each in data.labels."),
        (absent, "whose right choice is not among theirs", "Labels count from 0, or from 1 where none is 0."),
    )
    return [
        Problem(f"{len(which):,} row{'' if len(which) == 1 else 's'} {what}: {_rows(rows, which)}.", "data", hint=hint)
        for which, what, hint in told
        if which
    ]


def _rows(rows: Mapping[str, Sequence[Any]], which: Sequence[int]) -> str:
    named = [str(rows[ROW_ID][at]) if ROW_ID in rows else f"row {at + 1}" for at in which[:TOLD]]
    return ", ".join(named) + (" …" if len(which) > TOLD else "")
