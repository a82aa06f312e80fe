"""parallel: files that belong together line by line, a column a file: texts and labels, a language and another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.data.files import DataFile, files_in, left_out, paths_of, with_splits
from tui_finetune.data.filesource import FileSource, FileTable, Looked
from tui_finetune.data.problems import listed, refused
from tui_finetune.plugin_api import Progress

if TYPE_CHECKING:
    import pyarrow as pa
    from pydantic import BaseModel

    from tui_finetune.data.side_by_side import Pair


class Parallel(FileSource):
    name = "parallel"
    help = "Files that belong together line by line: train_text.txt and train_labels.txt; train.en and train.de."

    def options_model(self) -> type[BaseModel]:
        from tui_finetune.data.options import TextFileOptions

        return TextFileOptions

    def matches(self, path: Path) -> float:
        return 0.97 if path.is_dir() and _groups(files_in(path, deep=False)) else 0.0

    def matches_file(self, path: Path) -> float:
        return 0.0

    def sets_of(self, folder: Path, files: Sequence[Path]) -> list[tuple[str, list[Path]]]:
        return [(self.name, [file for pair in group for file in pair.files]) for group in _groups(files)]

    def find(self, path: str | Sequence[str] | None) -> tuple[list[DataFile], list[str]]:
        places = paths_of(path)
        folder = places[0] if len(places) == 1 and places[0].is_dir() else None
        every = files_in(folder, deep=False) if folder is not None else places
        groups = _groups(every)
        if not groups:
            hint = "As in train_text.txt and train_labels.txt, or train.en and train.de."
            raise refused("holds no files that belong together line by line.", str(places[0]), hint=hint)
        firsts = {pair.files[0]: pair for pair in groups[0]}
        split = with_splits(firsts, folder)
        found = [
            DataFile(file, one.split, one.place if file == one.path else file.name)
            for one in split
            for file in firsts[one.path].files
        ]
        base = folder or places[0].parent
        return found, left_out(list(firsts), split, base)

    def together(self, looked: Sequence[Looked]) -> list[list[Looked]]:
        by_path = {one.file.path: one for one in looked}
        pairs = [pair for group in _groups(list(by_path)) for pair in group]
        in_order = sorted(pairs, key=lambda pair: list(by_path).index(pair.files[0]))
        return [[by_path[file] for file in pair.files] for pair in in_order]

    def read(self, looked: Looked, options: Mapping[str, Any], progress: Progress) -> FileTable:
        return self.read_together([looked], options, progress)

    def read_together(self, looked: Sequence[Looked], options: Mapping[str, Any], progress: Progress) -> FileTable:
        import pyarrow as pa

        ((pair,),) = _groups([one.file.path for one in looked])
        columns: dict[str, pa.Array] = {}
        for name, one in zip(pair.columns, looked, strict=True):
            assert one.text is not None
            with one.text.lines() as lines:
                columns[name] = pa.array([line.rstrip("\r\n") or None for line in lines], pa.string())
            progress(f"reading {one.file.path.name}", len(columns[name]), len(columns[name]))
        counts = {len(column) for column in columns.values()}
        if len(counts) > 1:
            told = ", ".join(
                f"{one.file.path.name} {len(columns[n]):,}" for n, one in zip(columns, looked, strict=True)
            )
            raise refused(f"the files have other numbers of lines: {told}.", looked[0].file.path)
        encodings = dict.fromkeys(one.text.encoding.removesuffix("-sig") for one in looked if one.text)
        return FileTable(
            pa.table(columns),
            f"files line by line, {' and '.join(pair.columns)}, {', '.join(encodings)}",
            [_note(pair)],
            positions=range(1, counts.pop() + 1),
        )

    def settle(self, tables: dict[str, list[pa.Table]]) -> dict[str, list[pa.Table]]:
        from tui_finetune.data.values import typed

        return typed(tables)


def _groups(files: Sequence[Path]) -> list[list[Pair]]:
    from tui_finetune.data.side_by_side import pairs_in

    return pairs_in(files)


def _note(pair: Pair) -> str:
    columns = listed(pair.columns)
    return f"Lines of {' and '.join(file.name for file in pair.files)} belong together: columns {columns}."
