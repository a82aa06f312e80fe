"""Rows of a split by their numbers, cut to what a table shows: a few at a time, never the whole."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

CELL_CHARACTERS = 400
"""Characters of a text that a cell of a table can show at most."""
CELL_ITEMS = 100


class RowReader:
    """A split on disk, mapped into memory. For one thread at a time."""

    def __init__(self, arrow: Path) -> None:
        self._table: pa.Table = pa.ipc.open_stream(pa.memory_map(str(arrow))).read_all()

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def cells(self, rows: Sequence[int], columns: Sequence[str]) -> list[dict[str, Any]]:
        """These rows, long texts and lists cut."""
        picked = self._pick(rows, columns)
        cut = {name: _cut(picked.column(name)) for name in columns}
        return [dict(zip(cut, values, strict=True)) for values in zip(*cut.values(), strict=True)] if cut else []

    def whole(self, row: int) -> dict[str, Any]:
        """One row with everything that it holds."""
        found: dict[str, Any] = self._table.slice(row, 1).to_pylist()[0]
        return found

    def columns(self, rows: Sequence[int], columns: Sequence[str]) -> list[pa.ChunkedArray]:
        """These columns of these rows, whole."""
        picked = self._pick(rows, columns)
        return [picked.column(name) for name in columns]

    def _pick(self, rows: Sequence[int], columns: Sequence[str]) -> pa.Table:
        table = self._table.select(list(columns))
        first = rows[0] if len(rows) else 0
        if len(rows) and all(row == first + place for place, row in enumerate(rows)):
            return table.slice(first, len(rows))
        # `take` over many chunks looks at each of them: a row at a time is quicker where few are wanted.
        return pa.concat_tables([table.slice(row, 1) for row in rows]) if len(rows) else table.slice(0, 0)


def _cut(column: pa.ChunkedArray) -> list[Any]:
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return list(pc.utf8_slice_codeunits(column, 0, CELL_CHARACTERS).to_pylist())
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        column = pc.list_slice(column, 0, CELL_ITEMS)
    return list(column.to_pylist())
