"""For authors of sources: rows with identity, written as the Arrow files that `Opened` names."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.plugin_api.sources import ROW_HASH, ROW_ID, Column, SplitTable

if TYPE_CHECKING:
    import pyarrow as pa

ROWS_A_BATCH = 1000


def row_hash(row: Mapping[str, Any]) -> str:
    """16 hex digits of the raw row in canonical JSON: equal rows are equal wherever they stand."""
    text = json.dumps(row, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def write_split(
    folder: Path, name: str, rows: Iterable[Mapping[str, Any]], *, schema: pa.Schema, place: str
) -> SplitTable:
    """Writes `rows` as the split `name` under `folder`, beside and renamed.

    `place` begins their ids: `reviews.csv` gives `reviews.csv:0`. `schema` has the rows' own columns; row_id and row_hash
    are added. Raises pyarrow.ArrowInvalid where a row does not fit.
    """
    import pyarrow as pa

    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{name}.arrow"
    beside = folder / f".writing-{os.getpid()}-{name}.arrow"
    full = pa.schema([pa.field(ROW_ID, pa.string()), pa.field(ROW_HASH, pa.string()), *schema])
    numbered, count = enumerate(rows), 0
    try:
        with pa.OSFile(str(beside), "wb") as sink, pa.ipc.new_stream(sink, full) as writer:
            while batch := list(itertools.islice(numbered, ROWS_A_BATCH)):
                made = [{ROW_ID: f"{place}:{index}", ROW_HASH: row_hash(row), **row} for index, row in batch]
                writer.write_table(pa.Table.from_pylist(made, schema=full))
                count += len(made)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
    return SplitTable(name, path, count)


def columns_of(schema: pa.Schema) -> tuple[Column, ...]:
    """The columns of a schema as `Opened` lists them."""
    return tuple(Column(field.name, str(field.type)) for field in schema)
