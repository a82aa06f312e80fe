"""Rows with identity: `row_id` and `row_hash` for whole Arrow tables, equal to what `plugin_api.row_hash` gives a row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any

from tui_finetune.plugin_api import ROW_HASH, ROW_ID

if TYPE_CHECKING:
    import pyarrow as pa

BLOCK_ROWS = 20_000
"""Rows that are held as Python objects at a time."""


IDS_AT_ONCE = 100_000
"""Row ids that are joined at once."""


def with_identity(table: pa.Table, place: str, positions: Iterable[int] | None = None) -> pa.Table:
    """The table with ids `place:position` and hashes of its rows in front. Positions are lines, or count from 0."""
    import pyarrow as pa

    found = range(table.num_rows) if positions is None else positions
    place = place_as_text(place)
    return with_ids(table, pa.array([f"{place}:{position}" for position in found], pa.string()))


def place_as_text(place: str) -> str:
    """The name of a file as row ids have it: names on disk may be of no encoding."""
    return place.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def with_ids(table: pa.Table, ids: pa.Array) -> pa.Table:
    """The table with these ids and the hashes of its rows in front."""
    import pyarrow as pa

    hashes = pa.array(row_hashes(table), pa.string())
    return table.add_column(0, ROW_HASH, hashes).add_column(0, ROW_ID, ids)


def row_hashes(table: pa.Table) -> list[str]:
    """The hash of each row: 16 hex digits of the row in canonical JSON. Works by column, some five times faster than by row."""
    names = sorted(table.column_names)
    hashes: list[str] = []
    for start in range(0, table.num_rows, BLOCK_ROWS):
        block = table.slice(start, BLOCK_ROWS)
        columns = [_as_json(block.column(name)) for name in names]
        heads = [("{" if i == 0 else ",") + encode_basestring(name) + ":" for i, name in enumerate(names)]
        if not names:
            hashes += [_digest("{}")] * block.num_rows
        elif len(names) == 2:
            first, second = heads
            hashes += [_digest(f"{first}{a}{second}{b}}}") for a, b in zip(*columns, strict=True)]
        else:
            for values in zip(*columns, strict=True):
                hashes.append(_digest("".join(map(str.__add__, heads, values)) + "}"))
    return hashes


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _as_json(column: pa.ChunkedArray) -> Sequence[str]:
    """Each value as JSON."""
    import pyarrow as pa

    values: Iterable[Any] = column.to_pylist()
    write: Callable[[Any], str]
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        write = encode_basestring
    elif pa.types.is_integer(column.type):
        write = str
    elif pa.types.is_boolean(column.type):
        return ["null" if v is None else "true" if v else "false" for v in values]
    else:
        return [json.dumps(v, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str) for v in values]
    if column.null_count:
        return ["null" if v is None else write(v) for v in values]
    return [write(v) for v in values]


def digest(table: pa.Table) -> str:
    """SHA-256 of the row ids in their order: the same where the rows of a split are."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found, ids = hashlib.sha256(), table.column(ROW_ID)
    for start in range(0, len(ids), IDS_AT_ONCE):
        # Arrow joins them: a Python text for each of a million rows would take half a second at every start.
        part = ids.slice(start, IDS_AT_ONCE).cast(pa.string()).combine_chunks()
        joined = pc.binary_join(pa.ListArray.from_arrays([0, len(part)], part), "\n")[0]
        found.update(b"\n" if start else b"")
        found.update(joined.as_buffer())
    return found.hexdigest()
