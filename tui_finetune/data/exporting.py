"""Rows as a plain file: CSV, JSON lines or Parquet, written beside and renamed."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tui_finetune.errors import DataError, Problem, cannot_write
from tui_finetune.plugin_api import ROW_HASH, ROW_ID
from tui_finetune.runs.layout import STAGING_PREFIX

if TYPE_CHECKING:
    import pyarrow as pa

ENDINGS = (".csv", ".jsonl", ".parquet")
SPLIT = "split"
BLOCK = 10_000


def exported(tables: Mapping[str, pa.Table], target: Path, *, ids: bool, inputs: Iterable[Path] = ()) -> int:
    """Writes the splits into one file, with a column `split` where there are several; how many rows. Raises DataError.

    inputs: the source's own files, which are never written.
    """
    if target.suffix.lower() not in ENDINGS:
        raise DataError(Problem(f"{target.name}: no such form.", hint=f"Endings: {', '.join(ENDINGS)}."))
    if any(target.exists() and one.exists() and target.samefile(one) for one in inputs):
        raise DataError(Problem(f"{target} is a file of the source, which is never written.", hint="Name another."))
    table = _one_table(tables, ids=ids)
    write = {".csv": _csv, ".jsonl": _json_lines, ".parquet": _parquet}[target.suffix.lower()]
    staging = target.with_name(f"{STAGING_PREFIX}{uuid.uuid4().hex[:8]}-{target.name}")
    try:
        write(table, staging)
        os.replace(staging, target)
    except OSError as error:
        raise DataError(cannot_write(target, error)) from error
    finally:
        staging.unlink(missing_ok=True)
    return int(table.num_rows)


def _one_table(tables: Mapping[str, pa.Table], *, ids: bool) -> pa.Table:
    import pyarrow as pa

    parts = []
    for name, table in tables.items():
        part = table if ids else table.drop_columns([ROW_ID, ROW_HASH])
        if len(tables) > 1:
            column = SPLIT if SPLIT not in part.column_names else f"{SPLIT}_"
            part = part.add_column(0, column, pa.array([name] * part.num_rows, pa.string()))
        parts.append(part)
    try:
        return pa.concat_tables(parts, promote_options="permissive")
    except pa.ArrowInvalid as error:
        hint = "Splits of other columns go into files of their own: --split NAME."
        raise DataError(Problem(f"the splits have other columns: {error}.", hint=hint)) from error


def _csv(table: pa.Table, path: Path) -> None:
    """Lists and structures stand as JSON in their cells."""
    import pyarrow as pa
    from pyarrow import csv

    for at, field in enumerate(table.schema):
        if pa.types.is_nested(field.type) or pa.types.is_dictionary(field.type):
            texts = [None if v is None else json.dumps(v, ensure_ascii=False) for v in table.column(at).to_pylist()]
            table = table.set_column(at, field.name, pa.array(texts, pa.string()))
    csv.write_csv(table, path)


def _json_lines(table: pa.Table, path: Path) -> None:
    from tui_finetune.runs.atomic import dumps

    with path.open("w", encoding="utf-8", errors="backslashreplace") as file:
        for start in range(0, table.num_rows, BLOCK):
            file.writelines(dumps(row) + "\n" for row in table.slice(start, BLOCK).to_pylist())


def _parquet(table: pa.Table, path: Path) -> None:
    import pyarrow.parquet as pq

    pq.write_table(table, path, compression="zstd")
