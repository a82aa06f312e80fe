"""A large Arrow file piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_finetune.data.convert.parts import Otherwise, Part, Reader, counted
from tui_finetune.data.features import class_names_in, plain

if TYPE_CHECKING:
    import pyarrow as pa

BATCH = 50_000
_FILE = b"ARROW1"


@dataclass
class ArrowRows(Reader):
    """An Arrow IPC file or stream, mapped into memory."""

    def parts(self) -> Iterator[Part]:
        import pyarrow as pa

        try:
            table = self._table()
            for start in range(0, table.num_rows, BATCH):
                piece = plain(table.slice(start, BATCH))
                yield Part(piece, counted(start, piece.num_rows), 100 * start / table.num_rows)
        except (pa.ArrowInvalid, OSError) as error:
            raise Otherwise from error
        self.format = "arrow"

    def class_names(self) -> dict[str, tuple[str, ...]]:
        return class_names_in(self._table().schema)

    def _table(self) -> pa.Table:
        import pyarrow as pa

        with self.path.open("rb") as file:
            is_file = file.read(len(_FILE)) == _FILE
        mapped = pa.memory_map(str(self.path))
        return (pa.ipc.open_file if is_file else pa.ipc.open_stream)(mapped).read_all()
