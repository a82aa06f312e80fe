"""text: plain texts, a row a line, a paragraph or a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.data.filesource import FileSource, FileTable, Looked
from tui_finetune.data.problems import refused
from tui_finetune.data.textfile import TextFile
from tui_finetune.plugin_api import Progress

if TYPE_CHECKING:
    from pydantic import BaseModel

COLUMN = "text"


class Text(FileSource):
    name = "text"
    help = "Plain text without labels, for prediction and evaluation of speed: a row a line, a paragraph or a file."
    extensions = (".txt", ".text")

    def options_model(self) -> type[BaseModel]:
        from tui_finetune.data.options import TextOptions

        return TextOptions

    def matches_file(self, path: Path) -> float:
        return 0.55 if path.suffix.lower() in self.extensions else 0.0

    def read(self, looked: Looked, options: Mapping[str, Any], progress: Progress) -> FileTable:
        import pyarrow as pa

        assert looked.text is not None
        by = options.get("by", "line")
        rows = list(_rows(looked.text, by))
        if not rows:
            raise refused("holds no text.", looked.file.path)
        progress(f"reading {looked.file.path.name}", len(rows), len(rows))
        table = pa.table({COLUMN: pa.array([text for _, text in rows], pa.string())})
        form = f"text, a row a {by}, {looked.text.encoding.removesuffix('-sig')}"
        return FileTable(table, form, positions=[line for line, _ in rows])


def _rows(text: TextFile, by: str) -> Iterator[tuple[int, str]]:
    """The line that each row begins on, and the row; what is blank is none."""
    if by == "file":
        with text.open(None) as file:
            yield 1, file.read().strip("\n")
        return
    lines: list[str] = []
    start = 1
    with text.lines() as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip("\r\n")
            if by == "line":
                if line.strip():
                    yield number, line
            elif line.strip():
                start = start if lines else number
                lines.append(line)
            elif lines:
                yield start, "\n".join(lines)
                lines = []
    if lines:
        yield start, "\n".join(lines)
