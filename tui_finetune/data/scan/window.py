"""A window of rows out of files of any size: counted, met by an SQL condition, and only what is shown is read."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.data.scan.locked import locked, name_of, quoted, refused_where, selecting
from tui_finetune.data.scan.stored import Stored
from tui_finetune.plugin_api import ROW_HASH, ROW_ID

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Window:
    """Some rows, of how many."""

    columns: tuple[tuple[str, str], ...]
    """Names and types."""
    rows: list[dict[str, Any]]
    offset: int
    total: int
    """Rows that meet the condition."""

    def as_json(self) -> dict[str, Any]:
        columns = [{"name": name, "type": kind} for name, kind in self.columns]
        return {"rows": self.rows, "offset": self.offset, "total": self.total, "columns": columns}


def parquet_window(files: Sequence[Path], count: int, offset: int = 0, where: str = "") -> Window:
    """Rows of Parquet files, in their order. Raises DataError for a condition that is none."""
    source = "read_parquet([" + ", ".join(quoted(str(file)) for file in files) + "])"
    return _window(source, files, None, count, offset, where)


def table_window(table: pa.Table, count: int, offset: int = 0, where: str = "") -> Window:
    """The same of a table that is mapped into memory."""
    kept = [name for name in table.column_names if name not in (ROW_ID, ROW_HASH)]
    return _window("rows_of_table", (), table.select(kept), count, offset, where)


def stored_window(stored: Stored, count: int, offset: int = 0, where: str = "") -> Window:
    """The same of a split; without a condition its rows are read by their numbers."""
    from tui_finetune.data.scan.pages import Pages

    if where.strip():
        picked = f"(SELECT {', '.join(map(name_of, stored.columns))} FROM {stored.relation})"
        return _window(picked, stored.files, None, count, offset, where)
    pages = Pages(stored)
    try:
        found = pages.rows(range(min(offset, stored.rows), min(offset + count, stored.rows)), list(stored.columns))
    finally:
        pages.close()
    columns = tuple((field.name, str(field.type)) for field in found.schema)
    return Window(columns, found.to_pylist(), offset, stored.rows)


def _window(source: str, files: Sequence[Path], table: pa.Table | None, count: int, offset: int, where: str) -> Window:
    import duckdb

    meeting = f"FROM {source} WHERE (\n{where}\n)" if where.strip() else f"FROM {source}"
    with tempfile.TemporaryDirectory(prefix="tui-finetune-scan-") as scratch, locked(files, Path(scratch)) as duck:
        if table is not None:
            duck.register(source, table)
        window = selecting(duck, f"SELECT * {meeting} LIMIT {count} OFFSET {offset}", where)
        counted = selecting(duck, f"SELECT count(*) {meeting}", where)
        try:
            ((total,),) = duck.execute(counted).fetchall()
            found = duck.sql(window).to_arrow_table()
        except duckdb.Error as error:
            raise refused_where(where or source, error) from error
    columns = tuple((field.name, str(field.type)) for field in found.schema)
    return Window(columns, found.to_pylist(), offset, int(total))
