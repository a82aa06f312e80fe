"""Rows of a split by their numbers, cut to what a table shows: a few at a time, never the whole."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from tui_finetune.data.scan.stored import ROW, Stored, is_list, stored_in

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = Sequence[int] | NDArray[np.int64]

CELL_CHARACTERS = 400
"""Characters of a text that a cell of a table can show at most."""
CELL_ITEMS = 100


class RowReader(ABC):
    """A split on disk."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def identified(self, rows: Numbers) -> pa.Table:
        """These rows with everything that they hold, ids and hashes in front."""

    def whole(self, row: int) -> dict[str, Any]:
        """One row of these as Python has it."""
        found: dict[str, Any] = self.identified([row]).to_pylist()[0]
        return found

    @abstractmethod
    def picked(self, rows: Numbers, columns: Sequence[str]) -> pa.Table:
        """These columns of these rows, in the order of `rows`."""

    def cells(self, rows: Sequence[int], columns: Sequence[str]) -> list[dict[str, Any]]:
        """These rows, long texts and lists cut."""
        picked = self.picked(rows, columns)
        cut = {name: _cut(picked.column(name)) for name in columns}
        return [dict(zip(cut, values, strict=True)) for values in zip(*cut.values(), strict=True)] if cut else []

    def columns(self, rows: Numbers, columns: Sequence[str]) -> list[pa.ChunkedArray]:
        """These columns of these rows, whole."""
        picked = self.picked(rows, columns)
        return [picked.column(name) for name in columns]

    @abstractmethod
    def close(self) -> None:
        """Lets go of what it holds open."""


class TableReader(RowReader):
    """Rows that are mapped into memory."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def identified(self, rows: Numbers) -> pa.Table:
        return self.picked(rows, self._table.column_names)

    def picked(self, rows: Numbers, columns: Sequence[str]) -> pa.Table:
        table = self._table.select(list(columns))
        first = int(rows[0]) if len(rows) else 0
        if len(rows) and all(row == first + place for place, row in enumerate(rows)):
            return table.slice(first, len(rows))
        # `take` over many chunks looks at each of them: a row at a time is quicker where few are wanted.
        return pa.concat_tables([table.slice(int(row), 1) for row in rows]) if len(rows) else table.slice(0, 0)

    def close(self) -> None:
        """Nothing is held."""


class ParquetReader(RowReader):
    """Rows that stay in Parquet files: DuckDB reads those that are wanted. For several threads."""

    def __init__(self, stored: Stored) -> None:
        from tui_finetune.data.scan.pages import Pages

        self._pages = Pages(stored)
        self._rows = stored.rows

    def __len__(self) -> int:
        return self._rows

    def identified(self, rows: Numbers) -> pa.Table:
        return self._pages.identified(rows)

    def picked(self, rows: Numbers, columns: Sequence[str]) -> pa.Table:
        return self._pages.rows(rows, columns)

    def close(self) -> None:
        self._pages.close()


def open_reader(path: Path) -> RowReader:
    """A reader of a split's file."""
    return reader_of(stored_in(path)) if is_list(path) else TableReader(_mapped(path))


def reader_of(stored: Stored) -> RowReader:
    """A reader of rows that a query reads too."""
    return TableReader(stored.table.drop_columns([ROW])) if stored.table is not None else ParquetReader(stored)


def _mapped(path: Path) -> pa.Table:
    return pa.ipc.open_stream(pa.memory_map(str(path))).read_all()


def _cut(column: pa.ChunkedArray) -> list[Any]:
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return list(pc.utf8_slice_codeunits(column, 0, CELL_CHARACTERS).to_pylist())
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        column = pc.list_slice(column, 0, CELL_ITEMS)
    return list(column.to_pylist())
