"""database: tables of SQLite and DuckDB files, opened for reading only."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tui_finetune.data.problems import listed, refused
from tui_finetune.data.tablefiles import TableFileSource, column_of
from tui_finetune.data.textfile import first_bytes
from tui_finetune.plugin_api import Progress

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
    from pydantic import BaseModel

SQLITE = b"SQLite format 3\x00"
DUCKDB = b"DUCK"
DUCKDB_AT = 8
BATCH = 50_000


class Database(TableFileSource):
    name = "database"
    help = "A table of an SQLite or DuckDB file; data.subset names it. Opened for reading only."
    extensions = (".sqlite", ".sqlite3", ".db", ".duckdb")

    def options_model(self) -> type[BaseModel]:
        from tui_finetune.data.options import SourceOptions

        return SourceOptions

    def matches_file(self, path: Path) -> float:
        return 0.95 if path.is_file() and _kind(path) else 0.0

    def tables_in(self, path: Path) -> list[str]:
        if _kind(path) == "sqlite":
            with _sqlite(path) as base:
                found = base.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
                return [name for (name,) in found]
        with _duckdb(path) as duck:
            rows = duck.execute(
                "SELECT table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE' AND table_schema = 'main'"
            )
            return [name for (name,) in rows.fetchall()]

    def table(self, path: Path, name: str, progress: Progress) -> tuple[pa.Table, list[str]]:
        quoted = '"' + name.replace('"', '""') + '"'
        if _kind(path) == "sqlite":
            with _sqlite(path) as base:
                found = _sqlite_table(base.execute(f"SELECT * FROM {quoted}"), name, progress)
        else:
            with _duckdb(path) as duck:
                found = duck.sql(f"SELECT * FROM {quoted}").to_arrow_table()
        return _without_bytes(found, name)


def _kind(path: Path) -> str | None:
    head = first_bytes(path, 64)
    if head.startswith(SQLITE):
        return "sqlite"
    return "duckdb" if head[DUCKDB_AT : DUCKDB_AT + len(DUCKDB)] == DUCKDB else None


@contextlib.contextmanager
def _sqlite(path: Path) -> Iterator[sqlite3.Connection]:
    """Read-only; what the file's own schema would run is not trusted."""
    base = None
    try:
        base = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)
        base.execute("PRAGMA trusted_schema = OFF")
        base.text_factory = lambda raw: raw.decode("utf-8", "replace")
        yield base
    except sqlite3.Error as error:
        raise refused(f"SQLite cannot read it: {error}.", path) from error
    finally:
        if base is not None:
            base.close()


@contextlib.contextmanager
def _duckdb(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    import duckdb

    duck = None
    try:
        duck = duckdb.connect(str(path), read_only=True, config={"enable_external_access": "false"})
        yield duck
    except duckdb.Error as error:
        raise refused(f"DuckDB cannot read it: {str(error).splitlines()[0]}", path) from error
    finally:
        if duck is not None:
            duck.close()


def _sqlite_table(rows: sqlite3.Cursor, name: str, progress: Progress) -> pa.Table:
    import pyarrow as pa

    names = [column[0] for column in rows.description]
    columns: list[list[Any]] = [[] for _ in names]
    while batch := rows.fetchmany(BATCH):
        for column, values in zip(columns, zip(*batch, strict=True), strict=True):
            column += values
        progress(f"reading {name}", len(columns[0]), None)
    return pa.table([column_of(values) for values in columns], names=names)


def _without_bytes(table: pa.Table, name: str) -> tuple[pa.Table, list[str]]:
    import pyarrow as pa

    from tui_finetune.data.features import plain

    raw = [
        field.name for field in table.schema if pa.types.is_binary(field.type) or pa.types.is_large_binary(field.type)
    ]
    notes = [f"Left out of table {name}, as they hold bytes: {listed(raw)}."] if raw else []
    return plain(table.drop_columns(raw) if raw else table), notes
