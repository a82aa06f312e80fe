"""json: an object a line, a list of objects, or an object that holds such a list."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.data.filesource import FileSource, FileTable, Looked
from tui_finetune.plugin_api import Progress

if TYPE_CHECKING:
    from pydantic import BaseModel


class Json(FileSource):
    name = "json"
    help = "JSON: an object a line (.jsonl), a list of objects, or an object that holds such a list."
    extensions = (".jsonl", ".json", ".ndjson")
    version = 2

    def options_model(self) -> type[BaseModel]:
        from tui_finetune.data.options import TextFileOptions

        return TextFileOptions

    def matches_file(self, path: Path) -> float:
        from tui_finetune.data.jsonrows import looks_like_rows

        if path.suffix.lower() in self.extensions:
            return 0.9 if looks_like_rows(path) else 0.5
        return 0.75 if path.suffix.lower() in (".txt", "", ".dat") and looks_like_rows(path, strict=True) else 0.0

    def columns_of(self, path: Path) -> tuple[str, ...]:
        from tui_finetune.data.jsonrows import first_keys

        return first_keys(path)

    def read(self, looked: Looked, options: Mapping[str, Any], progress: Progress) -> FileTable:
        from tui_finetune.data.jsonrows import read_rows

        assert looked.text is not None
        table, lines, form = read_rows(looked.text, progress)
        return FileTable(table, f"{form}, {looked.text.encoding.removesuffix('-sig')}", positions=lines)
