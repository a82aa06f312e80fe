"""What sources of files with several tables share: databases, workbooks. Tables are sets; those named as splits are one."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.data.cache import cached, fingerprint, write_tables
from tui_finetune.data.files import TRAIN, paths_of, role_of_split
from tui_finetune.data.filesource import FileSource, FileTable, Looked, columns_in, identified
from tui_finetune.data.nested import flattened
from tui_finetune.data.problems import listed, refused
from tui_finetune.data.textfile import sha256_of
from tui_finetune.errors import DataError, Problem, did_you_mean
from tui_finetune.plugin_api import Opened, OpenRequest, Progress, no_progress

if TYPE_CHECKING:
    import pyarrow as pa


class TableFileSource(FileSource):
    """A source whose files hold tables by name."""

    is_text = False

    @abstractmethod
    def tables_in(self, path: Path) -> list[str]:
        """The names of the tables of a file. Raises DataError."""

    @abstractmethod
    def table(self, path: Path, name: str, progress: Progress) -> tuple[pa.Table, list[str]]:
        """A table without row ids, and what was left out of it. Raises DataError."""

    def parts_of(self, path: Path) -> list[tuple[str, tuple[str, ...]]]:
        if self.matches_file(path) <= 0:
            return []
        return [(name, tuple(tables)) for name, tables in groups_of(self.tables_in(path), path.stem).items()]

    def open(self, request: OpenRequest, progress: Progress = no_progress) -> Opened:
        places = paths_of(request.path)
        if len(places) != 1 or not places[0].is_file():
            raise refused("one file is expected.", str(places[0]))
        path = places[0]
        file = sha256_of(path)
        groups = groups_of(self.tables_in(path), path.stem)
        if not groups:
            raise refused("holds no table.", path)
        name = request.subset or next(iter(groups))
        if name not in groups:
            hint = did_you_mean(name, groups) or f"It has: {listed(groups, 12)}."
            raise DataError(Problem(f"{path.name} holds no table '{name}'.", "data.subset", hint=hint))
        facts = {"source": self.name, "version": self.version, "sha256": file.sha256, "tables": groups[name]}
        facts["place"] = path.name
        return cached(
            request.cache,
            f"{self.name}-{fingerprint(facts)}",
            lambda folder: self._tables_written(folder, path, groups[name], progress),
            [file],
        )

    def _tables_written(self, folder: Path, path: Path, group: Mapping[str, str], progress: Progress) -> Opened:
        tables: dict[str, pa.Table] = {}
        notes: list[str] = []
        for split, name in group.items():
            found, said = self.table(path, name, progress)
            notes += said
            if found.num_rows == 0:
                raise refused(f"table {name} holds no row.", path)
            tables[split] = identified(found, FileTable(found, self.name), f"{path.name}/{name}")
        tables = flattened(tables)
        form = f"{self.name}, table {', '.join(group.values())}"
        return Opened(self.name, form, write_tables(folder, tables), columns_in(tables, {}), (), tuple(notes))

    def read(self, looked: Looked, options: Mapping[str, Any], progress: Progress) -> FileTable:
        found, notes = self.table(looked.file.path, self.tables_in(looked.file.path)[0], progress)
        return FileTable(found, self.name, notes)


def groups_of(tables: Sequence[str], name: str) -> dict[str, dict[str, str]]:
    """Set to its tables by split: tables named as splits are one set, the first; each other one is its own."""
    by_role = {table: role_of_split(table) for table in tables}
    splits = {table: role for table, role in by_role.items() if role is not None}
    roles = set(splits.values())
    if TRAIN not in roles and len(roles) < 2:
        splits = {}
    in_order = sorted(splits.items(), key=lambda item: (TRAIN, "validation", "test").index(item[1]))
    together = {TRAIN if role == TRAIN else table: table for table, role in in_order}
    found: dict[str, dict[str, str]] = {name: together} if together else {}
    return found | {table: {TRAIN: table} for table in tables if table not in together.values()}


def column_of(values: list[Any]) -> pa.Array:
    """The values in one type; texts where they are of several, as SQLite and Excel allow."""
    import pyarrow as pa

    kinds = {type(value) for value in values} - {type(None)}
    if kinds == {int, float}:
        values = [None if value is None else float(value) for value in values]
    elif len(kinds) > 1:
        values = [None if value is None else str(value) for value in values]
    found = pa.array(values)
    return found.cast(pa.string()) if pa.types.is_null(found.type) else found


def needed(module: str, path: Path) -> Any:
    """A module of the extra `formats`. Raises DataError where it is not installed."""
    try:
        return import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        hint = "pip install 'tui-finetune[formats]' brings it; or save the data as CSV or JSON lines."
        raise refused(f"needs the package {package}, which is not installed.", path, hint=hint) from error
