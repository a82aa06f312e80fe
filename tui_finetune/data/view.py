"""Which rows of a split are shown, in which order: filtered and sorted piece by piece, in a process that may take its time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tui_finetune.data.conditions import MEASURES, Condition, parse_conditions
from tui_finetune.data.lengths import token_counts, word_counts
from tui_finetune.errors import DataError, Problem
from tui_finetune.plugin_api import ROW_HASH, ROW_ID, Progress, no_progress

PIECE = 20_000
"""Rows that are looked at in one go; between two the work can be ended."""
LENGTH = "length"
"""What a split can be sorted by beside its columns: characters of what the model reads."""
_COMPARE = {">": pc.greater, "<": pc.less, ">=": pc.greater_equal, "<=": pc.less_equal}

Rows = NDArray[np.int64]
Mask = Any
"""A pyarrow array of booleans, one a row."""


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


def rows_of(table: pa.Table, wish: Wish, progress: Progress = no_progress) -> tuple[Rows, list[str]]:
    """Numbers of the rows that are shown, in their order; notes. Raises DataError for what cannot be looked for."""
    names = [name for name in table.column_names if name not in (ROW_ID, ROW_HASH)]
    conditions, notes = parse_conditions(wish.filter, names)
    every = np.arange(table.num_rows, dtype=np.int64)
    rows = _matching(table, conditions, wish, progress) if conditions else every
    return _ordered(table, rows, wish, names, progress), notes


# Filtering


def _matching(table: pa.Table, conditions: Sequence[Condition], wish: Wish, progress: Progress) -> Rows:
    tests = [_test(table, condition, wish) for condition in conditions]
    found: list[Rows] = []
    for start in range(0, table.num_rows, PIECE):
        piece = table.slice(start, PIECE)
        mask = tests[0](piece)
        for test in tests[1:]:
            mask = pc.and_(mask, test(piece))
        kept = np.flatnonzero(np.asarray(pc.fill_null(mask, False)))
        found.append(kept.astype(np.int64) + start)
        progress("looking through rows", min(start + PIECE, table.num_rows), table.num_rows)
    return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)


def _test(table: pa.Table, condition: Condition, wish: Wish) -> Callable[[pa.Table], Mask]:
    """A function from a piece of the table to which of its rows meet the condition."""
    name = condition.column
    if name is None:
        texts = [column.name for column in table.schema if _holds_text(column.type) and column.name != ROW_HASH]
        return lambda piece: _any([_contains(piece.column(text), condition.value) for text in texts], piece.num_rows)
    if name in MEASURES and name not in table.column_names:
        return _measure_test(condition, wish)
    kind = table.schema.field(name).type
    if condition.relation == "missing":
        return lambda piece: _missing(_whole(piece.column(name)))
    if condition.relation in _COMPARE:
        if not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
            raise DataError(Problem(f"{name} holds no numbers, but {kind}.", hint=f"{name}:text finds texts in it."))
        return lambda piece: _COMPARE[condition.relation](_whole(piece.column(name)), condition.number)
    return _value_test(name, kind, condition, wish.class_names.get(name))


def _value_test(
    name: str, kind: pa.DataType, condition: Condition, class_names: Sequence[str] | None
) -> Callable[[pa.Table], Mask]:
    """`:` is a part of the value, in any case; `=` the whole of it. Names of classes stand for their numbers."""
    value = condition.value
    if class_names is not None and pa.types.is_integer(kind) and not value.lstrip("-").isdigit():
        ids = [index for index, one in enumerate(class_names) if _is_meant(one, condition)]
        return lambda piece: pc.is_in(_whole(piece.column(name)), value_set=pa.array(ids, kind))
    if _holds_text(kind):
        if condition.relation == "=" and not pa.types.is_nested(kind):
            return lambda piece: pc.equal(_whole(piece.column(name)), value)
        return lambda piece: _contains(piece.column(name), value)
    return lambda piece: pc.equal(pc.cast(_whole(piece.column(name)), pa.string()), value)


def _is_meant(name: str, condition: Condition) -> bool:
    if condition.relation == "=":
        return name == condition.value
    return condition.value.lower() in name.lower()


def _measure_test(condition: Condition, wish: Wish) -> Callable[[pa.Table], Mask]:
    if not wish.inputs:
        raise DataError(Problem(f"{condition.column}: no column here is read by a model.", hint="Name a task first."))
    if condition.column == "tokens" and wish.tokenizer is None:
        raise DataError(Problem("tokens: no tokenizer is chosen.", hint="words counts words; m chooses a model."))
    compare = _COMPARE.get(condition.relation, pc.equal)

    def test(piece: pa.Table) -> Mask:
        columns = [piece.column(name) for name in wish.inputs]
        if condition.column == "tokens" and wish.tokenizer is not None:
            measured = pa.array(token_counts(wish.tokenizer, columns))
        else:
            measured = pa.array(word_counts(columns) if condition.column == "words" else char_counts(columns))
        return compare(measured, condition.number)

    return test


def _holds_text(kind: pa.DataType) -> bool:
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _contains(column: pa.ChunkedArray, text: str) -> Mask:
    """Of lists: one of the texts has it."""
    whole = _whole(column)
    if not pa.types.is_nested(whole.type):
        return pc.match_substring(whole, text, ignore_case=True)
    hits = pc.match_substring(pc.list_flatten(whole), text, ignore_case=True)
    rows = pc.unique(pc.filter(pc.list_parent_indices(whole), hits))
    return pc.is_in(pa.array(np.arange(len(whole))), value_set=pc.cast(rows, pa.int64()))


def _missing(array: pa.Array) -> Mask:
    """Null, or a text of nothing but blanks, or an empty list."""
    absent = pc.is_null(array)
    if pa.types.is_nested(array.type):
        return pc.or_(absent, pc.fill_null(pc.equal(pc.list_value_length(array), 0), False))
    if _holds_text(array.type):
        return pc.or_(absent, pc.fill_null(pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(array)), 0), False))
    return absent


def _whole(column: pa.ChunkedArray) -> pa.Array:
    found = column.combine_chunks()
    return found if isinstance(found, pa.Array) else pa.concat_arrays(found.chunks)


def _any(masks: Sequence[Mask], rows: int) -> Mask:
    found = pa.array(np.zeros(rows, dtype=bool))
    for mask in masks:
        found = pc.or_(found, pc.fill_null(mask, False))
    return found


# Sorting


def _ordered(table: pa.Table, rows: Rows, wish: Wish, names: Sequence[str], progress: Progress) -> Rows:
    if wish.sort:
        progress(f"sorting by {wish.sort}", 0, None)
        keys = _sort_keys(table, wish, names)
        keys = keys if len(rows) == table.num_rows else keys.take(pa.array(rows))
        order = pc.sort_indices(keys, sort_keys=[("key", "descending" if wish.reverse else "ascending")])
        return rows[np.asarray(order, dtype=np.int64)]
    return rows[::-1] if wish.reverse else rows


def _sort_keys(table: pa.Table, wish: Wish, names: Sequence[str]) -> pa.Table:
    if wish.sort in names:
        column: Any = table.column(wish.sort)
        if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
            column = pc.list_value_length(column)
        elif pa.types.is_nested(column.type):
            raise DataError(Problem(f"{wish.sort} holds {column.type}, which has no order."))
        return pa.table({"key": column})
    if wish.sort != LENGTH or not wish.inputs:
        raise DataError(Problem(f"no column {wish.sort} to sort by.", hint=f"There are: {', '.join(names)}."))
    return pa.table({"key": pa.array(char_counts([table.column(name) for name in wish.inputs]))})


def char_counts(columns: Sequence[pa.ChunkedArray]) -> Rows:
    """Characters of each row; of lists those of all their texts."""
    found = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        if pa.types.is_nested(column.type):
            whole = _whole(column)
            counts = np.asarray(pc.fill_null(pc.utf8_length(pc.list_flatten(whole)), 0), dtype=np.int64)
            np.add.at(found, np.asarray(pc.list_parent_indices(whole)), counts)
        else:
            found += np.asarray(pc.fill_null(pc.utf8_length(pc.cast(column, pa.string())), 0), dtype=np.int64)
    return found
