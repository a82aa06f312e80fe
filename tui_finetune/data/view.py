"""Which rows of a split are shown, in which order: one query, of which only the numbers of the rows are kept, in a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_finetune.data.conditions import Condition, parse_conditions
from tui_finetune.data.lengths import token_counts
from tui_finetune.data.scan.locked import name_of, selecting
from tui_finetune.data.scan.matching import LENGTH, condition_sql, order_sql
from tui_finetune.data.scan.running import numbers_into
from tui_finetune.data.scan.stored import ROW, Stored, connected
from tui_finetune.data.windows import RowReader, reader_of
from tui_finetune.errors import DataError, Problem
from tui_finetune.plugin_api import Progress, no_progress

__all__ = ["LENGTH", "Wish", "write_rows"]

PIECE = 20_000
"""Rows that are tokenized in one go; between two the work can be ended."""
TOKENIZED_ROWS = 1_000_000
"""Most rows that a condition on tokens counts."""
_COMPARE = {">": np.greater, "<": np.less, ">=": np.greater_equal, "<=": np.less_equal}

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Wish:
    """How a split is to be shown."""

    filter: str = ""
    sort: str = ""
    """A column, or `length`; empty for the order of the data."""
    reverse: bool = False
    inputs: tuple[str, ...] = ()
    """The columns that the model reads: what is measured."""
    class_names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Of columns of integers the names that they stand for."""
    tokenizer: Path | None = None

    @property
    def plain(self) -> bool:
        """True for all rows as they are."""
        return not self.filter.strip() and not self.sort and not self.reverse


def wish_of(given: Mapping[str, Any]) -> Wish:
    """A wish as another process sent it."""
    tokenizer = given.get("tokenizer")
    named = {name: value for name, value in given.items() if name not in ("inputs", "tokenizer")}
    return Wish(**named, inputs=tuple(given.get("inputs", ())), tokenizer=Path(tokenizer) if tokenizer else None)


def write_rows(stored: Stored, wish: Wish, target: Path, progress: Progress = no_progress) -> tuple[int, Sequence[str]]:
    """Writes the numbers of the rows that are shown, in their order, eight bytes each; how many, and notes.

    Raises DataError for what cannot be looked for. Whatever `progress` raises ends it.
    """
    asked = ask(stored, wish, name_of(ROW))
    what = f"sorting by {wish.sort}" if wish.sort and not wish.filter.strip() else "looking through rows"
    with connected(stored) as duck:
        query = selecting(duck, asked.query, wish.filter.strip(), "filter")
        count = numbers_into(duck, query, target, wish.filter.strip() or wish.sort, what, stored.rows, progress)
    if not wish.sort and not wish.reverse:
        _in_order(target)
    return (_by_tokens(stored, asked.counted, wish, target, progress) if asked.counted else count), asked.notes


@dataclass(frozen=True)
class Query:
    """A wish in SQL."""

    query: str
    notes: Sequence[str]
    counted: Sequence[Condition]
    """Conditions that are not in it: tokens are counted row by row."""


def ask(stored: Stored, wish: Wish, columns: str, relation: str | None = None) -> Query:
    """The query of a wish for some columns. relation: other SQL to select from than the rows'. Raises DataError."""
    conditions, notes = parse_conditions(wish.filter, list(stored.columns))
    counted = [one for one in conditions if one.column == "tokens" and "tokens" not in stored.columns]
    tests = [condition_sql(one, stored, wish.inputs, wish.class_names) for one in conditions if one not in counted]
    query = f"SELECT {columns} FROM {relation or stored.relation}"
    query += f" WHERE {' AND '.join(tests)}" if tests else ""
    return Query(query + _order(stored, wish), notes, counted)


def _order(stored: Stored, wish: Wish) -> str:
    if wish.sort:
        turned = "DESC" if wish.reverse else "ASC"
        return f" ORDER BY {order_sql(wish.sort, stored, wish.inputs)} {turned} NULLS LAST, {name_of(ROW)}"
    return f" ORDER BY {name_of(ROW)} DESC" if wish.reverse else ""


def _in_order(target: Path) -> None:
    """The numbers in the order of the rows, which a query with a query in it does not keep."""
    if not target.stat().st_size:
        return
    numbers = np.memmap(target, dtype=np.int64, mode="r+")
    if not bool(np.all(numbers[:-1] < numbers[1:])):
        numbers.sort()
        numbers.flush()


def _by_tokens(stored: Stored, conditions: Sequence[Condition], wish: Wish, target: Path, progress: Progress) -> int:
    """Leaves those rows in the file whose tokens, counted one by one, are as many as the conditions say."""
    if not wish.inputs:
        raise DataError(Problem("tokens: no column here is read by a model.", hint="Name a task first."))
    if wish.tokenizer is None:
        raise DataError(Problem("tokens: no tokenizer is chosen.", hint="words counts words; m chooses a model."))
    rows = np.fromfile(target, dtype=np.int64)
    if len(rows) > TOKENIZED_ROWS:
        hint = "A condition beside it leaves fewer: chars>600 tokens>128."
        raise DataError(Problem(f"tokens: {len(rows):,} rows are too many to count.", hint=hint))
    reader, kept = reader_of(stored), []
    for start in range(0, len(rows), PIECE):
        progress("counting tokens", start, len(rows))
        piece = rows[start : start + PIECE]
        kept.append(piece[_fits(reader, piece, conditions, wish, wish.tokenizer)])
    found = np.concatenate(kept) if kept else rows
    found.tofile(target)
    return len(found)


def _fits(
    reader: RowReader, rows: Rows, conditions: Sequence[Condition], wish: Wish, tokenizer: Path
) -> NDArray[np.bool_]:
    counts = np.asarray(token_counts(tokenizer, reader.columns(rows, wish.inputs)))
    fits = np.ones(len(rows), dtype=bool)
    for one in conditions:
        fits &= _COMPARE.get(one.relation, np.equal)(counts, one.number)
    return fits
