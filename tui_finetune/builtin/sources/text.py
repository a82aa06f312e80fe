"""text: plain texts, a row a line, a paragraph or a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.data.filesource import FileSource, FileTable, Looked
from tui_finetune.data.problems import refused
from tui_finetune.data.textfile import TextFile, head_text
from tui_finetune.plugin_api import Progress

if TYPE_CHECKING:
    from pydantic import BaseModel

COLUMN = "text"
HEAD = 1 << 18
"""Bytes that are looked at for what a row is."""
FEWEST_PARAGRAPHS = 10


class Text(FileSource):
    name = "text"
    help = "Plain text without labels, for prediction and evaluation of speed: a row a line, a paragraph or a file."
    extensions = (".txt", ".text")
    version = 2

    def options_model(self) -> type[BaseModel]:
        from tui_finetune.data.options import TextOptions

        return TextOptions

    def matches_file(self, path: Path) -> float:
        if path.suffix.lower() in self.extensions:
            return 0.55
        from tui_finetune.data.textfile import is_prose

        return 0.53 if path.suffix == "" and is_prose(path) else 0.0

    def read(self, looked: Looked, options: Mapping[str, Any], progress: Progress) -> FileTable:
        import pyarrow as pa

        assert looked.text is not None
        by: str | None = options.get("by")
        notes: list[str] = []
        if by is None:
            by, notes = guess_unit(looked.text)
        rows = list(_rows(looked.text, by))
        if not rows:
            raise refused("holds no text.", looked.file.path)
        progress(f"reading {looked.file.path.name}", len(rows), len(rows))
        table = pa.table({COLUMN: pa.array([text for _, text in rows], pa.string())})
        form = f"text, a row a {by}, {looked.text.encoding.removesuffix('-sig')}"
        return FileTable(table, form, notes, positions=[line for line, _ in rows])


def guess_unit(text: TextFile) -> tuple[str, list[str]]:
    """`paragraph` where blank lines part several lines again and again, as in a play, else `line`; and the guess in words."""
    lines = head_text(text.path, HEAD).split("\n")
    full = [line for line in lines if line.strip()]
    starts = [i for i, line in enumerate(lines) if line.strip() and (i == 0 or not lines[i - 1].strip())]
    if len(starts) < FEWEST_PARAGRAPHS or not 2 * len(starts) <= len(full) <= 20 * len(starts):
        return "line", []
    return "paragraph", [
        f'Blank lines part {text.path.name}: a row is a paragraph. data.options.by = "line" takes lines.'
    ]


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
