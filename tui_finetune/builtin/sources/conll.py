"""conll: a word and its tags a line, a blank line between sentences; CoNLL-U and CoNLL-2012 too."""

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
    extensions = (
        *(".conll", ".conllu", ".bio", ".iob", ".iob2", ".iobes", ".annotated"),
        *(".gold_conll", ".auto_conll", ".v4_gold_conll", ".v4_auto_conll"),
    )

    def options_model(self) -> type[BaseModel]:
        from tui_finetune.data.options import ConllOptions

        return ConllOptions

    def matches_file(self, path: Path) -> float:
        if path.suffix.lower() in self.extensions:
            return 0.9
        from tui_finetune.data.conll2012 import is_conll2012
        from tui_finetune.data.conllfile import looks_like_conll

        plain = path.suffix.lower() in (".txt", ".tsv", ".tab", "", ".data")
        return 0.75 if plain and (looks_like_conll(path) or is_conll2012(path)) else 0.0

    def read(self, looked: Looked, options: Mapping[str, Any], progress: Progress) -> FileTable:
        from tui_finetune.data.conll2012 import is_conll2012, read_conll2012
        from tui_finetune.data.conllfile import read_conll

        assert looked.text is not None
        encoding = looked.text.encoding.removesuffix("-sig")
        asked = any(options.get(key) is not None for key in ("names", "word_column", "tag_column"))
        if not asked and is_conll2012(looked.file.path):
            table, lines, form = read_conll2012(looked.text, progress)
            return FileTable(table, f"{form}, {encoding}", positions=lines)
        table, lines, form, notes = read_conll(
            looked.text,
            names=options.get("names"),
            word_column=options.get("word_column"),
            tag_column=options.get("tag_column"),
            progress=progress,
        )
        return FileTable(table, f"{form}, {encoding}", notes, positions=lines)
