"""parquet: columns with types; names of integer labels where the datasets library wrote them in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.data.filesource import FileSource, FileTable, Looked
from tui_finetune.data.problems import refused
from tui_finetune.plugin_api import Progress

if TYPE_CHECKING:
    from pydantic import BaseModel

MAGIC = b"PAR1"


class Parquet(FileSource):
    name = "parquet"
    help = "Parquet files, one or many a split."
    extensions = (".parquet", ".pq")
    is_text = False

    def options_model(self) -> type[BaseModel]:
        from tui_finetune.data.options import SourceOptions

        return SourceOptions

    def matches_file(self, path: Path) -> float:
        from tui_finetune.data.textfile import first_bytes

        if path.suffix.lower() in self.extensions:
            return 0.9
        return 0.85 if path.is_file() and first_bytes(path, len(MAGIC)) == MAGIC else 0.0

    def columns_of(self, path: Path) -> tuple[str, ...]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        from tui_finetune.data.packed import for_arrow

        try:
            return tuple(sorted(pq.read_schema(for_arrow(path)).names))
        except (pa.ArrowInvalid, OSError):
            return ()  # reading it says what is wrong

    def read(self, looked: Looked, options: Mapping[str, Any], progress: Progress) -> FileTable:
        import pyarrow as pa
        import pyarrow.parquet as pq

        from tui_finetune.data.features import class_names_in, plain
        from tui_finetune.data.packed import for_arrow

        path = looked.file.path
        try:
            table = pq.ParquetFile(for_arrow(path)).read()
        except (pa.ArrowInvalid, pa.ArrowTypeError, OSError) as error:
            raise refused(f"no whole Parquet file: {str(error).splitlines()[0]}", path) from error
        if table.num_rows == 0:
            raise refused("holds no row.", path)
        progress(f"reading {path.name}", table.num_rows, table.num_rows)
        return FileTable(plain(table), "parquet", class_names=class_names_in(table.schema))
