"""A large file of JSON lines piece by piece, its columns of the kinds that its first rows show; strictly."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tui_finetune.data.convert.bytes_of import Bytes, bytes_of
from tui_finetune.data.convert.parts import Otherwise, Part, Reader, counted
from tui_finetune.data.jsonrows import rows_table
from tui_finetune.data.textfile import TextFile
from tui_finetune.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

HEAD = 2 << 20
"""Bytes whose rows tell the columns."""
BLOCK = 2 << 20
"""Bytes; a longer line is none that is read piece by piece."""


@dataclass
class JsonRows(Reader):
    """One file with an object a line."""

    def parts(self) -> Iterator[Part]:
        import pyarrow as pa
        from pyarrow import json as reading

        found, schema = self._looked
        options = reading.ParseOptions(
            explicit_schema=schema, newlines_in_values=False, unexpected_field_behavior="error"
        )
        first = 1
        try:
            with self.path.open("rb") as file:
                if found.bom:
                    file.seek(3)
                for batch in reading.open_json(
                    file, read_options=reading.ReadOptions(block_size=BLOCK, use_threads=False), parse_options=options
                ):
                    if not batch.num_rows:
                        continue
                    table = pa.Table.from_batches([batch]).select(schema.names)
                    yield Part(table, counted(first, batch.num_rows), 100 * file.tell() / max(1, found.size))
                    first += batch.num_rows
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
            raise Otherwise from error
        if first != found.lines + 1:
            raise Otherwise  # blank lines: ids of rows are their lines
        self.format = "json, an object a line, utf-8"

    @functools.cached_property
    def _looked(self) -> tuple[Bytes, pa.Schema]:
        with self.path.open("rb") as file:
            head = file.read(HEAD)
        lines = head[: head.rfind(b"\n") + 1].decode("utf-8-sig", "replace").splitlines()
        try:
            rows = [json.loads(line) for line in lines]
            if not rows or not all(isinstance(row, dict) for row in rows):
                raise Otherwise
            text = TextFile(self.path, "utf-8", 0, "", "\n")
            schema: Any = rows_table(text, range(1, len(rows) + 1), rows).schema
        except (ValueError, RecursionError, DataError) as error:
            raise Otherwise from error
        return bytes_of(self.path), schema
