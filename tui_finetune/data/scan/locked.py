"""DuckDB shut in: it reads the files it is given, and what a person types reaches nothing else."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tui_finetune.errors import DataError, Problem

if TYPE_CHECKING:
    import duckdb

MEMORY = "100MB"
"""Of DuckDB itself; with the interpreter and pyarrow the process stays under 300 MB."""
THREADS = 4
_SHUT = {
    "python_enable_replacements": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
}


@contextlib.contextmanager
def locked(files: Sequence[Path], scratch: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection in memory that opens `files` and its own scratch folder only. Its settings cannot be changed again."""
    import duckdb

    threads = str(min(THREADS, os.cpu_count() or 1))
    config = {**_SHUT, "threads": threads, "memory_limit": MEMORY, "temp_directory": str(scratch)}
    duck = duckdb.connect(config=config)
    try:
        duck.execute("SET allowed_paths = [" + ", ".join(quoted(str(file)) for file in files) + "]")
        duck.execute("SET enable_external_access = false")
        duck.execute("SET enable_progress_bar_print = false")
        duck.execute("SET enable_progress_bar = true")  # it is asked for, and never printed
        duck.execute("SET lock_configuration = true")
        yield duck
    finally:
        duck.close()


def selecting(duck: duckdb.DuckDBPyConnection, query: str, where: str, option: str = "--where") -> str:
    """The query as it is, where it is one SELECT: `where`, which a person typed as `option`, could close it and go on with
    another. Raises DataError."""
    import duckdb

    try:
        found = duck.extract_statements(query)
    except duckdb.Error as error:
        raise refused_where(where, error, option) from error
    if [statement.type for statement in found] != [duckdb.StatementType.SELECT]:
        raise DataError(
            Problem(f"{where} is more than a condition.", option, hint="One SQL condition, as in stars > 3.")
        )
    return query


def refused_where(where: str, error: Exception, option: str = "--where") -> DataError:
    """What DuckDB says about an expression, in its first line."""
    said = str(error).strip().splitlines()[0]
    return DataError(Problem(f"{where}: {said}", option, hint="An SQL condition, as in \"label = 'good'\"."))


def name_of(column: str) -> str:
    """An SQL name."""
    return '"' + column.replace('"', '""') + '"'


def quoted(text: str) -> str:
    """An SQL string."""
    return "'" + text.replace("'", "''") + "'"
