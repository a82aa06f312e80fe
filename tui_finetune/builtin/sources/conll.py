"""conll: a word and its tags a line, a blank line between sentences; CoNLL-U too."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.data.filesource import FileSource, FileTable, Looked
from tui_finetune.plugin_api import Progress

if TYPE_CHECKING:
    from pydantic import BaseModel


class Conll(FileSource):
    name = "conll"
    help = "CoNLL: a word a line with its tags, by tab or blank, an empty line between sentences; CoNLL-U; words alone."
    extensions = (".conll", ".conllu", ".bio", ".iob", ".iob2", ".iobes", ".annotated")

    def options_model(self) -> type[BaseModel]:
        from tui_finetune.data.options import ConllOptions

        return ConllOptions

    def matches_file(self, path: Path) -> float:
        if path.suffix.lower() in self.extensions:
            return 0.9
        from tui_finetune.data.conllfile import looks_like_conll

        return 0.75 if path.suffix.lower() in (".txt", ".tsv", ".tab", "", ".data") and looks_like_conll(path) else 0.0

    def read(self, looked: Looked, options: Mapping[str, Any], progress: Progress) -> FileTable:
        from tui_finetune.data.conllfile import read_conll

        assert looked.text is not None
        table, lines, form, notes = read_conll(
            looked.text,
            names=options.get("names"),
            word_column=options.get("word_column"),
            tag_column=options.get("tag_column"),
            progress=progress,
        )
        return FileTable(table, f"{form}, {looked.text.encoding.removesuffix('-sig')}", notes, positions=lines)
