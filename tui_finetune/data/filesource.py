"""What sources of files share: which files, hashing, cache, row identity. A source adds how one file becomes a table."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from tui_finetune.data.cache import cached, fingerprint, write_tables
from tui_finetune.data.file_names import is_label_list
from tui_finetune.data.files import DataFile, files_in, left_out, nothing_in, paths_of, with_splits
from tui_finetune.data.identity import with_identity, with_ids
from tui_finetune.data.label_list import VERSION as LIST_VERSION
from tui_finetune.data.label_list import LabelList, labelled, list_beside
from tui_finetune.data.nested import flattened
from tui_finetune.data.problems import Collector, listed, refused
from tui_finetune.data.textfile import TextFile, look_at, sha256_of
from tui_finetune.errors import DataError
from tui_finetune.plugin_api import (
    ROW_HASH,
    ROW_ID,
    Column,
    InputFile,
    Opened,
    OpenRequest,
    Progress,
    Source,
    columns_of,
    no_progress,
)

if TYPE_CHECKING:
    import pyarrow as pa

DROP_MISSING = "drop_missing"
"""Option that concerns the rows of a run, not how files are read."""
FITS = 0.5
"""From this on a file is taken to be of a source's kind."""


@dataclass
class FileTable:
    """What reading one file gave."""

    table: pa.Table
    format: str
    """In words: `csv, comma, utf-8`."""
    notes: Sequence[str] = ()
    class_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    positions: Sequence[int] | None = None
    """Where each row stands in the file: its line, where the file has lines; else rows count from 0."""
    places: Sequence[str] | None = None
    """The ids of the rows, where one file of the request is many files on disk."""


@dataclass(frozen=True)
class Looked:
    """A file that was hashed and, where it is text, found to decode."""

    file: DataFile
    input: InputFile
    text: TextFile | None = None


class FileSource(Source):
    """A source of local files."""

    is_text: ClassVar[bool] = True
    """True where files are decoded: encoding, NUL bytes and emptiness are then looked at before reading."""
    version: ClassVar[int] = 1
    """Change it when what this source makes of a file changes."""

    @abstractmethod
    def read(self, looked: Looked, options: Mapping[str, Any], progress: Progress) -> FileTable:
        """One file as a table, without row ids. Raises DataError with all problems of the file."""

    def together(self, looked: Sequence[Looked]) -> list[list[Looked]]:
        """The files that make one table, line by line: each alone for most sources."""
        return [[one] for one in looked]

    def read_together(self, looked: Sequence[Looked], options: Mapping[str, Any], progress: Progress) -> FileTable:
        """The table of files that belong together. Raises DataError with all problems of theirs."""
        return self.read(looked[0], options, progress)

    def columns_of(self, path: Path) -> tuple[str, ...]:
        """The columns of a file by a look at its beginning, where they tell sets apart; nothing where they do not."""
        return ()

    def layout(self, folder: Path) -> tuple[str, ...] | None:
        """The splits of a folder that is one set by how it is laid out; None where its files say."""
        return None

    def parts_of(self, path: Path) -> list[tuple[str, tuple[str, ...]]]:
        """The sets within one file, tables or sheets, with their splits; `subset` names one. None for most sources."""
        return []

    def sets_of(self, folder: Path, files: Sequence[Path]) -> list[tuple[str, list[Path]]]:
        """Groups of files of a folder that are one set only together, with the source's name: nothing for most sources."""
        return []

    def settle(self, tables: dict[str, list[pa.Table]]) -> dict[str, list[pa.Table]]:
        """Makes the files' tables agree in their types; `tables` by split, a table a file."""
        return tables

    def matches(self, path: Path) -> float:
        if not os.path.exists(path):
            return super().matches(path)
        if path.is_dir():
            fits = [self.matches_file(file) for file in self._files_of(path)]
            return 0.95 * max(fits, default=0.0)
        return self.matches_file(path)

    def matches_file(self, path: Path) -> float:
        """How well this source fits a file."""
        return 0.8 if path.suffix.lower() in self.extensions else 0.0

    def open(self, request: OpenRequest, progress: Progress = no_progress) -> Opened:
        files, notes = self.find(request.path)
        looked = self._looked(files, request.options, progress)
        beside = list_beside([one.file.path for one in looked])
        facts = {
            "source": self.name,
            "version": self.version,
            "options": {key: value for key, value in request.options.items() if key != DROP_MISSING},
            "files": [[one.file.split, one.file.place, one.input.sha256] for one in looked],
            **({"labels": [LIST_VERSION, beside.input.sha256]} if beside is not None else {}),
        }
        inputs = [one.input for one in looked]
        made = cached(
            request.cache,
            f"{self.name}-{fingerprint(facts)}",
            lambda folder: self._written(folder, looked, request.options, progress, beside),
            inputs,
        )
        if notes:
            return Opened(
                made.source, made.format, made.splits, made.columns, made.files, (*notes, *made.notes), made.revision
            )
        return made

    # Which files

    def find(self, path: str | Sequence[str] | None) -> tuple[list[DataFile], list[str]]:
        """The files that a path means, with their splits; notes on what was left out."""
        places = paths_of(path)
        if len(places) == 1 and places[0].is_dir():
            folder = places[0]
            fitting = self._files_of(folder)
            found = with_splits(fitting, folder)
            if not found:
                raise nothing_in(folder, self.name, self.extensions)
            return found, [*left_out(fitting, found, folder), *self._of_other_kinds(fitting, folder)]
        problems = Collector()
        for place in places:
            if place.is_dir():
                problems.add(*refused("is a folder; name it alone, or files.", str(place)).problems)
        problems.raise_if_any()
        found = with_splits(places, None)
        return found, left_out(places, found, found[0].path.parent)

    def _files_of(self, folder: Path) -> list[Path]:
        """Files of this kind in a folder: those at its top, else those below. Splits take them by name, so that a stray file
        beside `train` and `test` is none."""
        for deep in (False, True):
            every = files_in(folder, deep=deep)
            fitting = [file for file in every if self._is_mine(file)]
            if fitting:
                return fitting
        return []

    def _of_other_kinds(self, fitting: Sequence[Path], folder: Path) -> list[str]:
        """A note about files beside those that are read which another source might read."""
        beside = {file.parent for file in fitting}
        there = [file for file in files_in(folder) if file.parent in beside and file not in fitting]
        others = [file for file in there if not is_label_list(file)]
        names = [os.path.relpath(file, folder) for file in others]
        return (
            [f"Left out of {folder.name}/, as source {self.name} does not read them: {listed(names)}."] if names else []
        )

    def _is_mine(self, file: Path) -> bool:
        try:
            return self.matches_file(file) >= FITS
        except DataError:
            return file.suffix.lower() in self.extensions  # reading it will say what is wrong

    # Reading

    def _looked(self, files: Sequence[DataFile], options: Mapping[str, Any], progress: Progress) -> list[Looked]:
        found: list[Looked] = []
        problems = Collector()
        for index, file in enumerate(files):
            progress("looking at files", index, len(files))
            with problems:
                if self.is_text:
                    text = look_at(file.path, options.get("encoding"))
                    found.append(Looked(file, text.input, text))
                else:
                    if file.path.stat().st_size == 0:
                        raise refused("is empty.", file.path)
                    found.append(Looked(file, sha256_of(file.path)))
        problems.raise_if_any()
        return found

    def _written(
        self,
        folder: Path,
        looked: Sequence[Looked],
        options: Mapping[str, Any],
        progress: Progress,
        beside: LabelList | None,
    ) -> Opened:
        by_split: dict[str, list[FileTable]] = {}  # parallel to `places`
        places: dict[str, list[str]] = {}
        notes: dict[str, None] = {}
        problems = Collector()
        for together in self.together(looked):
            one = together[0]
            with problems:
                made = self.read_together(together, options, progress)
                by_split.setdefault(one.file.split, []).append(made)
                places.setdefault(one.file.split, []).append(one.file.place)
                notes |= dict.fromkeys(
                    [*(note for each in together if each.text for note in each.text.notes), *made.notes]
                )
        problems.raise_if_any()
        settled = self.settle({split: [made.table for made in group] for split, group in by_split.items()})
        given: dict[str, tuple[str, ...]] = {}
        if beside is not None:
            named = labelled(settled, beside)
            settled, given = named.tables, named.class_names
            notes |= dict.fromkeys(named.notes)
        tables: dict[str, pa.Table] = {}
        for split, group in settled.items():
            progress(f"hashing rows of {split}", 0, sum(table.num_rows for table in group))
            with problems:
                parts = [
                    identified(table, made, place)
                    for table, made, place in zip(group, by_split[split], places[split], strict=True)
                ]
                tables[split] = one_table(parts, places[split])
            progress(f"hashing rows of {split}", tables[split].num_rows if split in tables else 0, None)
        problems.raise_if_any()
        tables = flattened(tables)
        every = [made for group in by_split.values() for made in group]
        formats = dict.fromkeys(made.format for made in every)
        names = given | {name: classes for made in every for name, classes in made.class_names.items()}
        return Opened(
            self.name,
            "; ".join(formats),
            write_tables(folder, tables),
            columns_in(tables, names),
            tuple(one.input for one in looked),
            tuple(notes),
        )


def identified(table: pa.Table, made: FileTable, place: str) -> pa.Table:
    """The settled table of a file with the ids of its rows."""
    if reserved := [name for name in table.column_names if name in (ROW_ID, ROW_HASH)]:
        raise refused(f"has columns {listed(reserved)}, which are names of ours.", place, hint="Rename them.")
    if made.places is not None:
        import pyarrow as pa

        return with_ids(table, pa.array(made.places, pa.string()))
    return with_identity(table, place, made.positions)


def one_table(parts: Sequence[pa.Table], places: Sequence[str]) -> pa.Table:
    """Files of a split as one table. Raises DataError where their columns differ."""
    import pyarrow as pa

    first = parts[0].column_names
    problems = Collector()
    for part, place in zip(parts[1:], places[1:], strict=True):
        if sorted(part.column_names) != sorted(first):
            missing = [name for name in first if name not in part.column_names]
            more = [name for name in part.column_names if name not in first]
            words = " and ".join(
                [f"lacks {', '.join(missing)}"] * bool(missing) + [f"has {', '.join(more)} more"] * bool(more)
            )
            problems.add(*refused(f"other columns than {places[0]}: it {words}.", place).problems)
    problems.raise_if_any()
    try:
        return pa.concat_tables([part.select(first) for part in parts], promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise refused(f"columns of other types than in {places[0]}: {error}.", os.path.basename(places[-1])) from error


def columns_in(tables: Mapping[str, pa.Table], class_names: Mapping[str, tuple[str, ...]]) -> tuple[Column, ...]:
    """The columns of all splits, without row_id and row_hash."""
    found: dict[str, Column] = {}
    for table in tables.values():
        for column in columns_of(table.schema):
            if column.name not in (ROW_ID, ROW_HASH):
                kind = column.type.replace("<item: ", "<").replace("<element: ", "<")
                found.setdefault(column.name, Column(column.name, kind, class_names.get(column.name)))
    return tuple(found.values())
