"""folder: a folder a class, a file a text; train/ and test/ above the classes as splits."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tui_finetune.data.cache import cached, fingerprint, write_tables
from tui_finetune.data.files import SPLIT_WORDS, TRAIN, paths_of
from tui_finetune.data.filesource import columns_in
from tui_finetune.data.identity import with_ids
from tui_finetune.data.problems import Collector, listed, refused, told
from tui_finetune.data.textfile import text_of
from tui_finetune.errors import DataError
from tui_finetune.plugin_api import InputFile, Opened, OpenRequest, Progress, Source, no_progress

if TYPE_CHECKING:
    import pyarrow as pa
    from pydantic import BaseModel

DEFAULT_ENDINGS = (".txt",)
PROGRESS_EVERY = 200


@dataclass(frozen=True)
class _Entry:
    split: str
    label: str
    path: Path
    place: str


class Folder(Source):
    name = "folder"
    help = "A folder a class, a file a text: pos/1.txt, neg/2.txt; or the same below train/ and test/."

    def options_model(self) -> type[BaseModel]:
        from tui_finetune.data.options import FolderOptions

        return FolderOptions

    def matches(self, path: Path) -> float:
        if not path.is_dir():
            return 0.0
        roots = _split_folders(path) or {TRAIN: path}
        classes = {name for root in roots.values() for name in _classes(root, DEFAULT_ENDINGS)}
        return 0.9 if len(classes) > 1 else 0.0

    def open(self, request: OpenRequest, progress: Progress = no_progress) -> Opened:
        places = paths_of(request.path)
        if len(places) != 1 or not places[0].is_dir():
            raise refused("one folder is expected.", str(places[0]), hint='A file is read by source = "text".')
        root = places[0]
        entries = _entries(root, request.options.get("endings") or DEFAULT_ENDINGS)
        rows, digest, size = _read(entries, request.options.get("encoding"), progress)
        facts = {"source": self.name, "version": 1, "sha256": digest}
        return cached(
            request.cache,
            f"{self.name}-{fingerprint(facts)}",
            lambda folder: _written(folder, rows),
            [InputFile(root, size, digest)],
        )


def _split_folders(root: Path) -> dict[str, Path]:
    """Split to folder, where the folders below `root` are named as splits."""
    named = {SPLIT_WORDS[p.name.lower()]: p for p in _folders(root) if p.name.lower() in SPLIT_WORDS}
    return named if TRAIN in named else {}


def _folders(root: Path) -> list[Path]:
    return sorted(p for p in root.iterdir() if p.is_dir() and not p.name.startswith((".", "_")))


def _classes(root: Path, endings: Sequence[str]) -> list[str]:
    """Names of the folders that hold texts."""
    found = []
    for folder in _folders(root):
        with os.scandir(folder) as entries:
            if any(entry.name.lower().endswith(tuple(endings)) for entry in entries):
                found.append(folder.name)
    return found


def _entries(root: Path, endings: Sequence[str]) -> list[_Entry]:
    """Every text, by split, class and name. Raises DataError where there are no classes."""
    problems = Collector()
    found: list[_Entry] = []
    splits = _split_folders(root) or {TRAIN: root}
    for split, folder in splits.items():
        classes = _classes(folder, endings)
        if not classes:
            below = [p.name for p in _folders(folder)]
            hint = f"In it: {listed(below)}." if below else "A folder a class is expected, and a file a text in it."
            problems.add(*refused(f"holds no folder with {', '.join(endings)} files.", str(folder), hint=hint).problems)
        for label in classes:
            names = sorted(n for n in os.listdir(folder / label) if n.lower().endswith(tuple(endings)) and n[0] != ".")
            for name in names:
                path = folder / label / name
                found.append(_Entry(split, label, path, os.path.relpath(path, root).replace(os.sep, "/")))
    problems.raise_if_any()
    return found


def _read(
    entries: Sequence[_Entry], encoding: str | None, progress: Progress
) -> tuple[list[tuple[_Entry, str]], str, int]:
    """The texts; a hash of all with their names; their size. Raises DataError for files that are no text."""
    problems = Collector()
    digest, size, rows = hashlib.sha256(), 0, []
    for index, entry in enumerate(entries):
        try:
            text, file = text_of(entry.path, encoding)
        except DataError as error:
            problems.add(*(dataclasses.replace(problem, file=entry.place) for problem in error.problems))
            continue
        rows.append((entry, text.strip("\n")))
        digest.update(f"{entry.split}\0{entry.place}\0{file.sha256}\n".encode("utf-8", "surrogateescape"))
        size += file.size
        if index % PROGRESS_EVERY == 0:
            progress("reading texts", index, len(entries))
    problems.problems = told(problems.problems, kind="files")
    problems.raise_if_any()
    return rows, digest.hexdigest(), size


def _written(folder: Path, rows: Sequence[tuple[_Entry, str]]) -> Opened:
    import pyarrow as pa

    tables: dict[str, pa.Table] = {}
    for split in dict.fromkeys(entry.split for entry, _ in rows):
        part = [(entry, text) for entry, text in rows if entry.split == split]
        table = pa.table(
            {
                "text": pa.array([text for _, text in part], pa.string()),
                "label": pa.array([entry.label for entry, _ in part], pa.string()),
            }
        )
        tables[split] = with_ids(table, pa.array([f"{entry.place}:1" for entry, _ in part], pa.string()))
    counts: Mapping[str, int] = {split: len(set(t.column("label").to_pylist())) for split, t in tables.items()}
    form = f"folder, {max(counts.values())} classes, a file a text"
    return Opened(Folder.name, form, write_tables(folder, tables), columns_in(tables, {}))
