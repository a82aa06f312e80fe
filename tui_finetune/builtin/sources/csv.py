"""csv: comma, tab, semicolon or bar; a header or none; strict."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.data.filesource import FileSource, FileTable, Looked
from tui_finetune.plugin_api import Progress

if TYPE_CHECKING:
    import pyarrow as pa
    from pydantic import BaseModel


class Csv(FileSource):
    name = "csv"
    help = (
        "CSV and TSV: a row a line, columns by comma, tab, semicolon or bar, quoted or not; with a header or without."
    )
    extensions = (".csv", ".tsv", ".tab")
    version = 3

    def options_model(self) -> type[BaseModel]:
        from tui_finetune.data.options import CsvOptions

        return CsvOptions

    def matches_file(self, path: Path) -> float:
        if path.suffix.lower() in self.extensions:
            return 0.9
        from tui_finetune.data.delimited import guess_delimiter
        from tui_finetune.data.labelled_lines import is_labelled_lines

        if path.suffix.lower() not in (".txt", ".dat", ".data", ""):
            return 0.0
        found = guess_delimiter(path)
        if found is not None and found[0] == "\t" and found[1] > 0.98:
            return 0.7
        return 0.65 if is_labelled_lines(path) else 0.0

    def columns_of(self, path: Path) -> tuple[str, ...]:
        from tui_finetune.data.delimited import first_cells
        from tui_finetune.data.labelled_lines import is_labelled_lines

        if path.suffix.lower() not in self.extensions and is_labelled_lines(path):
            return ("label", "text")
        return first_cells(path)

    def read(self, looked: Looked, options: Mapping[str, Any], progress: Progress) -> FileTable:
        from tui_finetune.data.delimited import read_delimited
        from tui_finetune.data.labelled_lines import is_labelled_lines, read_labelled_lines

        assert looked.text is not None
        path = looked.file.path
        encoding = looked.text.encoding.removesuffix("-sig")
        if options.get("delimiter") is None and path.suffix.lower() not in self.extensions and is_labelled_lines(path):
            table, lines, note = read_labelled_lines(looked.text, options.get("names"))
            return FileTable(table, f"a label and a text a line, {encoding}", [note], positions=lines)
        cut = read_delimited(
            looked.text,
            delimiter=options.get("delimiter"),
            quoting=options.get("quoting"),
            header=options.get("header"),
            names=options.get("names"),
            ragged=options.get("ragged"),
            progress=progress,
        )
        form = f"csv, {cut.dialect.words}, {encoding}" + ("" if cut.dialect.header else ", no header")
        return FileTable(cut.table, form, cut.notes, positions=cut.lines)

    def settle(self, tables: dict[str, list[pa.Table]]) -> dict[str, list[pa.Table]]:
        from tui_finetune.data.values import typed

        return typed(tables)
