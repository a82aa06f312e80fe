"""A large CSV or TSV file piece by piece: cut by DuckDB, strictly, each row with the line that it begins on."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tui_finetune.data.convert.bytes_of import Bytes, bytes_of
from tui_finetune.data.convert.parts import Again, Otherwise, Part, Reader
from tui_finetune.data.delimited import Dialect, Top, quote_signs, top_of
from tui_finetune.data.labelled_lines import is_labelled_lines
from tui_finetune.data.scan.locked import locked, name_of, quoted
from tui_finetune.data.textfile import TextFile, first_bytes, refuse_binary
from tui_finetune.errors import DataError

if TYPE_CHECKING:
    import duckdb
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

BATCH = 50_000
LONGEST_LINE = 4 << 20
"""Bytes; two of these are DuckDB's buffer, of which it holds some."""
ENDINGS = (".csv", ".tsv", ".tab")
_NO_NULL = "\x01\x02"
"""What no cell is: to DuckDB an empty cell is a text as any other."""


@dataclass
class CsvRows(Reader):
    """One file, its cells as texts, empty ones null."""

    texts_alone = True
    _quoting: bool | None = None
    """Whether quotes are quotes, as far as is known."""

    def parts(self) -> Iterator[Part]:
        import duckdb

        found, top = self._looked
        if self._quoting is None:
            self._quoting = found.quotes and top.delimiter != "\t"
        if self._quoting and found.odd_quotes:
            raise Otherwise
        self.notes[:] = list(top.notes)
        try:
            with (
                tempfile.TemporaryDirectory(prefix="tui-finetune-scan-") as scratch,
                locked([self.path], Path(scratch)) as duck,
            ):
                yield from self._cut(duck, found, top)
        except duckdb.Error as error:
            if not self._quoting or top.delimiter == "\t":
                raise Otherwise from error
            self._quoting = False
            raise Again from error
        self._tell(found, top)

    @functools.cached_property
    def _looked(self) -> tuple[Bytes, Top]:
        try:
            refuse_binary(self.path, first_bytes(self.path))
            if self.path.suffix.lower() not in ENDINGS and is_labelled_lines(self.path):
                raise Otherwise
            top = top_of(TextFile(self.path, "utf-8-sig", 0, "", "\n"))
        except (DataError, UnicodeError) as error:
            raise Otherwise from error
        return bytes_of(self.path, top.delimiter), top

    def _cut(self, duck: duckdb.DuckDBPyConnection, found: Bytes, top: Top) -> Iterator[Part]:
        next_line = 1 + (1 + sum(cell.count("\n") for cell in top.first) if top.header else 0)
        asked = found.quotes and top.delimiter == "\t" and not self._quoting
        at_odds = meant = False
        cut = 0
        for batch in duck.sql(self._query(top)).to_arrow_reader(BATCH):
            table = _nulls(batch)
            if asked and not at_odds:
                now_at_odds, now_meant = quote_signs(table.columns)
                at_odds, meant = at_odds or now_at_odds, meant or now_meant
            lines, next_line = self._lines(table, next_line)
            cut += _bytes(table)
            yield Part(table, lines, 100 * min(1.0, cut / found.size))
        if next_line != found.lines + 1:
            raise Otherwise  # blank lines, or ends of lines that are none to everybody
        if meant and not at_odds:
            self._quoting = True
            raise Again

    def _query(self, top: Top) -> str:
        columns = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in top.columns)
        quote = quoted('"' if self._quoting else "")
        names = ", ".join(map(name_of, top.columns))
        return (
            f"SELECT {names} FROM read_csv({quoted(str(self.path))}, auto_detect = false, columns = {{{columns}}}, "
            f"delim = {quoted(top.delimiter)}, quote = {quote}, escape = {quote}, header = {str(top.header).lower()}, "
            f"nullstr = '{_NO_NULL}', "
            f"strict_mode = true, null_padding = false, max_line_size = {LONGEST_LINE}, "
            f"buffer_size = {2 * LONGEST_LINE})"
        )

    def _lines(self, table: pa.Table, first: int) -> tuple[NDArray[np.int64], int]:
        """The line that each row begins on, and the one after the last."""
        import numpy as np
        import pyarrow.compute as pc

        spans = np.ones(table.num_rows, dtype=np.int64)
        if self._quoting:
            for column in table.columns:
                spans += np.asarray(pc.fill_null(pc.count_substring(column, "\n"), 0), dtype=np.int64)
        ends = first + np.cumsum(spans)
        return ends - spans, int(ends[-1])

    def _tell(self, found: Bytes, top: Top) -> None:
        if found.quotes and not self._quoting:
            why = ": as quotes they do not close" if top.delimiter != "\t" else ""
            self.notes.append(f"Quotes in {self.path.name} are taken as characters of the texts{why}.")
        dialect = Dialect(top.delimiter, bool(self._quoting) or top.delimiter != "\t", top.header)
        if found.quotes and not self._quoting:
            dialect = Dialect(top.delimiter, False, top.header)
        self.format = f"csv, {dialect.words}, utf-8" + ("" if top.header else ", no header")


def _bytes(table: pa.Table) -> int:
    """What the rows take in the file, about: their texts without what Arrow holds beside them, and a sign after each."""
    return int(table.nbytes - 3 * table.num_rows * table.num_columns)


def _nulls(batch: pa.RecordBatch) -> pa.Table:
    """Empty cells as nulls."""
    import pyarrow as pa
    import pyarrow.compute as pc

    empty = pa.scalar(None, pa.string())
    columns = [pc.if_else(pc.equal(column, ""), empty, column) for column in batch.columns]
    return pa.table(dict(zip(batch.schema.names, columns, strict=True)))
