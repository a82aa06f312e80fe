"""Rows of Parquet files by their numbers: the files that have them are asked, and of these the pages that do."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui_finetune.data.identity import with_ids
from tui_finetune.data.nested import flattened
from tui_finetune.data.scan.locked import name_of
from tui_finetune.data.scan.stored import ROW, Piece, Stored, connected
from tui_finetune.errors import DataError, Problem
from tui_finetune.plugin_api import ROW_ID

if TYPE_CHECKING:
    import duckdb
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    Numbers = Sequence[int] | NDArray[np.int64]

FEW = 1_000
"""Numbers that stand in a query; more are joined."""
_WANTED = "wanted_rows"


class Pages:
    """Windows of a split, by a connection that stays open. For several threads."""

    def __init__(self, stored: Stored) -> None:
        self._stored = stored
        self._open = contextlib.ExitStack()
        self._lock = threading.Lock()
        self._duck: duckdb.DuckDBPyConnection | None = None

    def close(self) -> None:
        with self._lock:
            self._open.close()
            self._duck = None

    def rows(self, rows: Numbers, columns: Sequence[str]) -> pa.Table:
        """These columns of these rows, in the order of `rows`. Raises DataError where a file is not as it was."""
        expressions = self._stored.expressions or {}
        return self._picked(rows, {name: expressions[name] for name in columns}, ids=False)

    def identified(self, rows: Numbers) -> pa.Table:
        """These rows whole, with their ids and hashes in front: as if the whole file had been read."""
        import pyarrow as pa

        found = self._picked(rows, {name: name_of(name) for name in self._stored.raw}, ids=self._stored.has_ids)
        if self._stored.has_ids:
            ids = found.column(ROW_ID).combine_chunks()
            found = found.drop_columns([ROW_ID])
        else:
            ids = pa.array([self._id(int(row)) for row in rows], pa.string())
        return flattened({"": with_ids(found, ids)})[""]

    def _id(self, row: int) -> str:
        piece = self._piece_of(row)
        return f"{piece.place}:{row - piece.first}"

    def _piece_of(self, row: int) -> Piece:
        return next(one for one in self._stored.pieces if row < one.first + one.rows)

    def _picked(self, rows: Numbers, expressions: dict[str, str], *, ids: bool) -> pa.Table:
        import duckdb
        import numpy as np
        import pyarrow as pa

        wanted = np.asarray(rows, dtype=np.int64)
        duck = self._connection().cursor()
        try:
            if len(wanted) > FEW:
                duck.register(_WANTED, pa.table({"n": wanted}))
            found = duck.sql(self._query(wanted, expressions, ids)).to_arrow_table()
        except duckdb.Error as error:
            said = str(error).splitlines()[0]
            raise DataError(Problem(f"its rows cannot be read any more: {said}", hint="r opens it again.")) from error
        finally:
            duck.close()
        numbers = np.asarray(found.column(ROW), dtype=np.int64)
        order = np.argsort(numbers, kind="stable")
        places = order[np.searchsorted(numbers, wanted, sorter=order)] if len(numbers) else order
        return found.drop_columns([ROW]).take(pa.array(places))

    def _query(self, wanted: NDArray[np.int64], expressions: dict[str, str], ids: bool) -> str:
        parts = [
            self._stored.part(piece, condition, expressions, ids=ids)
            for piece in self._stored.pieces
            if (condition := _within(wanted, piece)) or not len(wanted)
        ]
        return " UNION ALL ".join(parts) if len(wanted) else f"{parts[0]} LIMIT 0"

    def _connection(self) -> duckdb.DuckDBPyConnection:
        with self._lock:
            if self._duck is None:
                self._duck = self._open.enter_context(connected(self._stored))
            return self._duck


def _within(wanted: NDArray[np.int64], piece: Piece) -> str:
    """A condition that those of the rows meet that are in a file; nothing where none is."""
    own = wanted[(wanted >= piece.first) & (wanted < piece.first + piece.rows)] - piece.first
    if not len(own):
        return ""
    low, high = int(own.min()), int(own.max())
    if high - low + 1 == len(own):
        return f"file_row_number BETWEEN {low} AND {high}"
    if len(wanted) > FEW:
        return f"file_row_number + {piece.first} IN (SELECT n FROM {_WANTED})"
    return f"file_row_number IN ({', '.join(map(str, own.tolist()))})"
