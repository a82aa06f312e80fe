"""arrow: Arrow IPC files and streams, Feather, and folders that `save_to_disk` of the datasets library wrote."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.data.files import TRAIN, DataFile
from tui_finetune.data.filesource import FileSource, FileTable, Looked
from tui_finetune.data.problems import refused
from tui_finetune.plugin_api import Progress

if TYPE_CHECKING:
    from pydantic import BaseModel

MAGIC = b"ARROW1"
SPLITS, STATE = "dataset_dict.json", "state.json"
"""What `save_to_disk` leaves in the folder of all splits, and of one."""


class Arrow(FileSource):
    name = "arrow"
    help = "Arrow IPC files (.arrow, .feather), and folders written by save_to_disk of the datasets library."
    extensions = (".arrow", ".feather", ".ipc")
    is_text = False

    def options_model(self) -> type[BaseModel]:
        from tui_finetune.data.options import SourceOptions

        return SourceOptions

    def matches(self, path: Path) -> float:
        if path.is_dir() and ((path / SPLITS).is_file() or (path / STATE).is_file()):
            return 1.0
        return super().matches(path)

    def layout(self, folder: Path) -> tuple[str, ...] | None:
        if (folder / SPLITS).is_file():
            return tuple(_json(folder / SPLITS)["splits"])
        return (TRAIN,) if (folder / STATE).is_file() else None

    def matches_file(self, path: Path) -> float:
        from tui_finetune.data.textfile import first_bytes

        if path.suffix.lower() in self.extensions:
            return 0.9
        return 0.85 if path.is_file() and first_bytes(path, len(MAGIC)) == MAGIC else 0.0

    def find(self, path: str | Sequence[str] | None) -> tuple[list[DataFile], list[str]]:
        folder = Path(path) if isinstance(path, str) else Path()
        if isinstance(path, str) and (folder / SPLITS).is_file():
            names = _json(folder / SPLITS)["splits"]
            return [file for name in names for file in _saved(folder / name, name, f"{name}/")], []
        if isinstance(path, str) and (folder / STATE).is_file():
            return _saved(folder, TRAIN, ""), []
        return super().find(path)

    def read(self, looked: Looked, options: Mapping[str, Any], progress: Progress) -> FileTable:
        import pyarrow as pa

        from tui_finetune.data.features import class_names_in, plain

        path = looked.file.path
        try:
            table = _table(path)
        except (pa.ArrowInvalid, OSError) as error:
            raise refused(f"no whole Arrow file: {str(error).splitlines()[0]}", path) from error
        if table.num_rows == 0:
            raise refused("holds no row.", path)
        progress(f"reading {path.name}", table.num_rows, table.num_rows)
        return FileTable(plain(table), "arrow", class_names=class_names_in(table.schema))


def _saved(folder: Path, split: str, prefix: str) -> list[DataFile]:
    files = [folder / entry["filename"] for entry in _json(folder / STATE)["_data_files"]]
    return [DataFile(file, split, f"{prefix}{file.name}") for file in files]


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise refused("cannot be read: save_to_disk writes it anew.", path) from error


def _table(path: Path) -> Any:
    import pyarrow as pa
    from pyarrow import feather

    from tui_finetune.data.packed import for_arrow

    with path.open("rb") as file:
        magic = file.read(len(MAGIC))
    content = for_arrow(path)
    if magic.startswith(b"FEA1"):
        return feather.read_table(content)
    mapped = pa.memory_map(content) if isinstance(content, str) else content
    return (pa.ipc.open_file if magic == MAGIC else pa.ipc.open_stream)(mapped).read_all()
