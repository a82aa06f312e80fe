"""Large files written as Parquet, each piece as it is read, with the ids of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tui_finetune.data.convert.parts import Again, Otherwise, Part, Reader
from tui_finetune.data.identity import place_as_text
from tui_finetune.data.values import all_are, as_kind, kinds_in_turn
from tui_finetune.plugin_api import ROW_ID, Progress

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

ROW_GROUP = 122_880
"""Rows: as many as DuckDB's own, so that two threads find work in a file of a few."""
PAGE = 64 << 10
"""Bytes: a row here and there costs the page that it is on."""


@dataclass(frozen=True)
class Source:
    """A file to be converted."""

    reader: Reader
    place: str
    """What the ids of its rows begin with."""


@dataclass(frozen=True)
class Written:
    """A file in Parquet."""

    path: Path
    rows: int
    schema: pa.Schema
    """Of the columns of the data alone."""


class Kinds:
    """Of columns of texts the kinds that all values are of, found out as they go by."""

    def __init__(self) -> None:
        self._ruled_out: dict[str, list[pa.DataType]] = {}
        """By the columns that have held anything: a value is none of these."""
        self._written: dict[str, pa.DataType] = {}
        self.settled = True
        """False where pieces have been written as another kind than has turned out: all is written anew."""

    def begin(self) -> None:
        self._written, self.settled = {}, True

    def cast(self, table: pa.Table) -> pa.Table:
        """A piece in the kinds that it and all pieces before are of."""
        import pyarrow as pa

        columns = {}
        for name in table.column_names:
            column = table.column(name)
            kind = self._kind(name, column)
            if self._written.setdefault(name, kind) != kind:
                self.settled = False
            columns[name] = as_kind(column, kind) if self.settled else column
        return pa.table(columns)

    def _kind(self, name: str, column: pa.ChunkedArray) -> pa.DataType:
        import pyarrow as pa

        if column.null_count < len(column):
            self._ruled_out.setdefault(name, [])
        out = self._ruled_out.get(name)
        if out is None:
            return pa.string()
        for kind in kinds_in_turn():
            if kind not in out:
                if all_are(column, kind):
                    return kind
                out.append(kind)
        return pa.string()


def write_all(sources: Sequence[Source], folder: Path, progress: Progress) -> list[Written]:
    """Each file as one of Parquet, numbered. Whatever `progress` raises ends it. Raises Otherwise."""
    kinds = Kinds()
    while True:
        kinds.begin()
        try:
            found = [_write(index, source, folder, kinds, progress) for index, source in enumerate(sources)]
        except Again:
            continue
        if kinds.settled:
            return found


def _write(index: int, source: Source, folder: Path, kinds: Kinds, progress: Progress) -> Written:
    path = folder / f"rows-{index}.parquet"
    writer: pq.ParquetWriter | None = None
    rows = 0
    schema: pa.Schema | None = None
    what = f"converting {source.reader.path.name}, MB"
    megabytes = max(1, source.reader.path.stat().st_size // 1_000_000)
    progress(what, 0, None)
    try:
        for part in source.reader.parts():
            table = kinds.cast(part.table) if source.reader.texts_alone else part.table
            progress(what, int(part.share * megabytes / 100), megabytes)
            schema = table.schema
            if not kinds.settled:
                continue  # what else there is among the values is looked for; it is written in the next pass
            rows += table.num_rows
            named = table.add_column(0, ROW_ID, _ids(source.place, part))
            writer = writer or _writer(path, named.schema)
            writer.write_table(named, ROW_GROUP)
    finally:
        if writer is not None:
            writer.close()
    if schema is None:
        raise Otherwise  # it holds no row, which reading it whole tells
    return Written(path, rows, schema)


def _writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    import pyarrow.parquet as pq

    return pq.ParquetWriter(
        path,
        schema,
        data_page_size=PAGE,
        use_dictionary=[name for name in schema.names if name != ROW_ID],
        column_encoding={ROW_ID: "DELTA_BYTE_ARRAY"},
    )


def _ids(place: str, part: Part) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    numbers = pc.cast(pa.array(part.positions), pa.string())
    return pc.binary_join_element_wise(place_as_text(place), numbers, ":")
