"""The rows that are looked at: of each split the texts that a model reads, and the labels, as columns of Arrow and numpy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tui_finetune.data.quality.finding import Rows
from tui_finetune.plugin_api import ROW_ID

Kind = Literal["label", "labels", "none"]
"""label: one a row. labels: a list a row (tags, several labels). none: no labels, or numbers."""
BETWEEN = "\x1f"
"""Stands between the texts of a pair, and between the labels of a row."""


@dataclass(frozen=True)
class Roles:
    """Which columns are what."""

    inputs: tuple[str, ...]
    """What the model reads, in its order."""
    gold: str | None = None
    class_names: tuple[str, ...] | None = None
    """What integers in the gold column stand for."""
    required: bool = True
    """Whether each of the inputs has to hold a text; else one of them has to."""


@dataclass(frozen=True)
class Part:
    """A split."""

    name: str
    table: pa.Table
    texts: pa.Array
    """large_string, one a row: of pairs both, of words all; null where all are missing."""
    labels: pa.Array | None
    """large_string: the label, or of a list all of them; None where this split has none."""
    flat: pa.Array | None = None
    """Of lists: the labels one by one."""
    parents: Rows | None = None
    """The row of each of `flat`."""
    columns: tuple[pa.Array, ...] = ()
    """The texts of each input; the same as `texts` where there is one."""
    required: bool = True
    """Whether each of the inputs has to hold a text."""

    @property
    def rows(self) -> int:
        return int(self.table.num_rows)

    def row_id(self, row: int) -> str:
        return str(self.table.column(ROW_ID)[row].as_py()) if ROW_ID in self.table.column_names else str(row)


@dataclass(frozen=True)
class Codes:
    """Values of all splits one after the other, as numbers from 0; -1 is a missing one."""

    codes: NDArray[np.int64]
    values: pa.Array


@dataclass(frozen=True)
class Material:
    """All splits. What is trained on comes first."""

    parts: tuple[Part, ...]
    kind: Kind
    windowed: bool = False
    """A row that is longer than the model reads is read in windows: nothing of it is lost."""

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.parts)

    @property
    def train(self) -> Part:
        return self.parts[0]

    @property
    def labelled(self) -> tuple[Part, ...]:
        return tuple(part for part in self.parts if part.labels is not None)

    @cached_property
    def texts(self) -> Codes:
        """A number a distinct text."""
        return coded([part.texts for part in self.parts])

    @cached_property
    def labels(self) -> Codes:
        """A number a distinct label (of lists: a set of labels in its order); -1 in splits without."""
        absent = [pa.nulls(part.rows, pa.large_string()) if part.labels is None else part.labels for part in self.parts]
        return coded(absent)

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """Where each split begins among all rows."""
        return np.concatenate([[0], np.cumsum([part.rows for part in self.parts])]).astype(np.int64)

    def by_split(self, rows: Rows) -> dict[str, Rows]:
        """Numbers among all rows as numbers within their splits, in their order."""
        found = {}
        for index, part in enumerate(self.parts):
            inside = rows[(rows >= self.starts[index]) & (rows < self.starts[index + 1])] - self.starts[index]
            if len(inside):
                found[part.name] = inside.astype(np.int64)
        return found

    def place(self, row: int) -> tuple[str, int]:
        """The split of one of all rows, and its number there."""
        index = int(np.searchsorted(self.starts, row, side="right")) - 1
        return self.parts[index].name, row - int(self.starts[index])


def coded(arrays: Sequence[pa.Array]) -> Codes:
    """Arrays of texts as one run of numbers."""
    whole = pa.concat_arrays(list(arrays)) if arrays else pa.array([], pa.large_string())
    encoded = whole.dictionary_encode()
    return Codes(np.asarray(pc.fill_null(encoded.indices, -1), dtype=np.int64), encoded.dictionary)


def material(tables: Mapping[str, pa.Table], roles: Mapping[str, Roles]) -> Material:
    """Of tables by split, each with its own columns; a split that lacks an input is left out. The first is trained on."""
    parts = [_part(name, table, roles[name]) for name, table in tables.items() if name in roles]
    lists = any(part.flat is not None for part in parts)
    labelled = any(part.labels is not None for part in parts)
    return Material(tuple(parts), "labels" if lists else "label" if labelled else "none")


def _part(name: str, table: pa.Table, roles: Roles) -> Part:
    columns = tuple(_text(table.column(column)) for column in roles.inputs)
    labels, flat, parents = None, None, None
    if roles.gold is not None and roles.gold in table.column_names:
        labels, flat, parents = _labels(table.column(roles.gold), roles.class_names)
    return Part(name, table, _joined(columns), labels, flat, parents, columns, roles.required)


def _text(column: pa.ChunkedArray) -> pa.Array:
    """A column of texts, or of lists of words, as one array of texts."""
    whole = one_array(column)
    if pa.types.is_nested(whole.type):
        words = pc.cast(whole, pa.large_list(pa.large_string()))
        return pc.binary_join(words, pa.scalar(" ", pa.large_string()))
    return pc.cast(whole, pa.large_string())


def _joined(columns: Sequence[pa.Array]) -> pa.Array:
    if len(columns) == 1:
        return columns[0]
    return pc.binary_join_element_wise(*columns, pa.scalar(BETWEEN, pa.large_string()), null_handling="skip")


def _labels(
    column: pa.ChunkedArray, class_names: Sequence[str] | None
) -> tuple[pa.Array | None, pa.Array | None, Rows | None]:
    """Labels by name, and of lists one by one with their rows. Numbers with a fraction are no labels."""
    whole = one_array(column)
    if whole.null_count == len(whole) or pa.types.is_floating(whole.type):
        return None, None, None
    if pa.types.is_nested(whole.type):
        flat = _named(pc.list_flatten(whole), class_names)
        sizes = pc.fill_null(pc.list_value_length(whole), 0)
        ends = np.concatenate([[0], np.cumsum(np.asarray(sizes, dtype=np.int64))])
        lists = pa.LargeListArray.from_arrays(pa.array(ends), flat)
        parents = np.asarray(pc.list_parent_indices(whole), dtype=np.int64)
        return pc.binary_join(lists, pa.scalar(BETWEEN, pa.large_string())), flat, parents
    return _named(whole, class_names), None, None


def _named(values: pa.Array, class_names: Sequence[str] | None) -> pa.Array:
    if class_names and pa.types.is_integer(values.type):
        known = pc.and_(pc.greater_equal(values, 0), pc.less(values, len(class_names)))
        named = pc.take(pa.array(class_names, pa.large_string()), pc.if_else(known, values, None))
        return pc.coalesce(named, pc.cast(values, pa.large_string()))
    if pa.types.is_boolean(values.type):
        values = pc.if_else(values, "true", "false")
    return pc.cast(values, pa.large_string())


def one_array(column: Any) -> pa.Array:
    """A column as one array."""
    if isinstance(column, pa.Array):
        return column
    found = column.combine_chunks()
    return found if isinstance(found, pa.Array) else pa.concat_arrays(found.chunks)
