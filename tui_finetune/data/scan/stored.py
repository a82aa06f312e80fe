"""What a query reads: the rows of a split where they lie, each with its number, whatever they lie in."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.data.scan.locked import locked, name_of, quoted
from tui_finetune.plugin_api import ROW_HASH, ROW_ID

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

ROW = "__row__"
"""The column of the row's number in a relation, counted from 0."""
LIST_ENDING = ".rows.json"
"""Files that say which Parquet files hold the rows of a split."""
_TABLE = "rows_of_table"


@dataclass(frozen=True)
class Piece:
    """A Parquet file of a split."""

    path: str
    """In a list, of a file beside it, its name."""
    place: str
    """What the ids of its rows begin with, where they are not in the file."""
    first: int
    """Number of its first row."""
    rows: int


@dataclass(frozen=True)
class Stored:
    """The rows of a split."""

    columns: Mapping[str, str]
    """Name to type, as Arrow spells it, without those of identity."""
    rows: int
    pieces: tuple[Piece, ...] = ()
    expressions: Mapping[str, str] | None = None
    """SQL of each column of the pieces: an object's fields are columns of their own."""
    raw: tuple[str, ...] = ()
    """The columns as the pieces have them, which the hash of a row is of."""
    has_ids: bool = True
    """True where row ids are in the data; else they count within each piece."""
    table: pa.Table | None = None
    """The rows themselves, where they are mapped into memory."""

    @property
    def files(self) -> list[Path]:
        return [Path(piece.path) for piece in self.pieces]

    @property
    def relation(self) -> str:
        """SQL to select from: the columns, ROW, and row ids where the data have them."""
        if self.table is not None:
            return _TABLE
        return f"({' UNION ALL '.join(self.part(piece) for piece in self.pieces)})"

    @property
    def identified(self) -> str:
        """The same, with row ids in any case."""
        if self.table is not None or self.has_ids:
            return self.relation
        parts = (
            self.part(piece, expressions={ROW_ID: _id_sql(piece), **(self.expressions or {})}) for piece in self.pieces
        )
        return f"({' UNION ALL '.join(parts)})"

    def part(
        self, piece: Piece, numbers: str = "", expressions: Mapping[str, str] | None = None, *, ids: bool | None = None
    ) -> str:
        """SQL of the rows of one file. numbers: a condition on `file_row_number`; expressions: other columns than all."""
        columns = (self.expressions or {}) if expressions is None else expressions
        picked = [f"file_row_number + {piece.first} AS {name_of(ROW)}"]
        picked += [name_of(ROW_ID)] if (self.has_ids if ids is None else ids) else []
        picked += [f"{expression} AS {name_of(name)}" for name, expression in columns.items()]
        where = f" WHERE {numbers}" if numbers else ""
        return f"SELECT {', '.join(picked)} FROM read_parquet({quoted(piece.path)}, file_row_number = true){where}"

    def holds(self, column: str) -> str:
        """`text`, `texts` (a list of them), `number`, `list` or `other`."""
        return kind_of(self.columns[column])

    def as_json(self) -> dict[str, Any]:
        return {
            "columns": dict(self.columns),
            "rows": self.rows,
            "pieces": [asdict(piece) for piece in self.pieces],
            "expressions": dict(self.expressions or {}),
            "raw": list(self.raw),
            "has_ids": self.has_ids,
        }


def _id_sql(piece: Piece) -> str:
    """Ids that count within a file."""
    return f"{quoted(piece.place + ':')} || file_row_number"


def kind_of(type_name: str) -> str:
    """`text`, `texts` (a list of them), `number`, `list` or `other`, of an Arrow type's name."""
    kind = type_name.removeprefix("large_")
    if kind.startswith(("list", "fixed_size_list")):
        inner = kind.partition("<")[2].removeprefix("item: ").removeprefix("element: ")
        return "texts" if inner.removeprefix("large_").startswith("string") else "list"
    if kind.startswith("string"):
        return "text"
    return "number" if kind.startswith(("int", "uint", "float", "double", "half")) else "other"


def stored_table(table: pa.Table) -> Stored:
    """The rows of a table in memory, or mapped into it."""
    import numpy as np
    import pyarrow as pa

    columns = {field.name: str(field.type) for field in table.schema if field.name not in (ROW_ID, ROW_HASH)}
    numbered = table.append_column(ROW, pa.array(np.arange(table.num_rows, dtype=np.int64)))
    return Stored(columns, table.num_rows, has_ids=ROW_ID in table.column_names, table=numbered)


def stored_in(path: Path) -> Stored:
    """The rows of a split's file: an Arrow stream, or a list of Parquet files."""
    if not is_list(path):
        import pyarrow as pa

        return stored_table(pa.ipc.open_stream(pa.memory_map(str(path))).read_all())
    found = json.loads(path.read_text(encoding="utf-8"))
    return Stored(
        found["columns"],
        found["rows"],
        tuple(Piece(**{**one, "path": str(path.parent / one["path"])}) for one in found["pieces"]),
        found["expressions"],
        tuple(found["raw"]),
        found["has_ids"],
    )


def is_list(path: Path | str) -> bool:
    """True for a split whose rows stay in Parquet files."""
    return str(path).endswith(LIST_ENDING)


@contextlib.contextmanager
def connected(stored: Stored, further: Sequence[Path] = ()) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that reads these rows, files of `further`, and nothing else."""
    with (
        tempfile.TemporaryDirectory(prefix="tui-finetune-scan-") as scratch,
        locked([*stored.files, *further], Path(scratch)) as duck,
    ):
        if stored.table is not None:
            duck.register(_TABLE, stored.table)
        yield duck
