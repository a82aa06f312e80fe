"""Data too large to be read whole before anything is seen: rows stay in Parquet, and what is said of them is of a sample."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tui_finetune.data.cache import cached, fingerprint, lying
from tui_finetune.data.convert.parts import Otherwise, Reader
from tui_finetune.data.filesource import FileSource
from tui_finetune.data.identity import place_as_text
from tui_finetune.data.label_list import list_beside
from tui_finetune.data.opening import FOLDER, Wanted, of_set, source_of
from tui_finetune.data.packed import Packed
from tui_finetune.data.scan.locked import name_of
from tui_finetune.data.scan.stored import LIST_ENDING, Piece, Stored
from tui_finetune.errors import DataError, UserError
from tui_finetune.paths import private_folder
from tui_finetune.plugin_api import (
    ROW_HASH,
    ROW_ID,
    Column,
    InputFile,
    Opened,
    OpenRequest,
    Progress,
    Source,
    SplitTable,
)

if TYPE_CHECKING:
    import pyarrow as pa

    from tui_finetune.data.files import DataFile
    from tui_finetune.plugin_api.manager import Catalog

LARGE_BYTES = 64 << 20
"""Files of together so many bytes are not read whole; nor are Parquet files of LARGE_ROWS."""
LARGE_ROWS = 500_000
HEAD_BYTES = 256 << 10
HEAD_ROWS = 1_000
"""What is shown of a file while it is being converted: of text its first bytes."""
_FEWEST_LINES = 3
PARQUET, CONVERTED = "parquet", ("csv", "json", "arrow")


@dataclass(frozen=True)
class _File:
    """A file in Parquet that holds rows of a split."""

    file: DataFile
    parquet: Path
    rows: int
    schema: pa.Schema


@dataclass(frozen=True)
class Plan:
    """Files that are opened as large ones."""

    source: str
    files: tuple[DataFile, ...]
    notes: tuple[str, ...]

    @property
    def converts(self) -> bool:
        """True where they are brought to Parquet first."""
        return self.source != PARQUET


def plan(wanted: Wanted, catalog: Catalog) -> Plan | None:
    """How data are opened as large ones; None for all that are read whole. Looks at names, sizes and footers only."""
    if wanted.steps or wanted.options or wanted.edits or wanted.splits is not None:
        return None
    wanted = of_set(wanted, catalog)
    source = source_of(wanted, catalog)
    if source.name not in (PARQUET, *CONVERTED) or not isinstance(source, FileSource) or wanted.subset is not None:
        return None
    files, notes = source.find(
        wanted.path if wanted.path is None or isinstance(wanted.path, str) else list(wanted.path)
    )
    paths = [one.path for one in files]
    if not files or any(isinstance(path, Packed) or not path.is_file() for path in paths):
        return None
    size = sum(path.stat().st_size for path in paths)
    if size < LARGE_BYTES and not (source.name == PARQUET and _rows(paths) >= LARGE_ROWS):
        return None
    return None if list_beside(paths) is not None else Plan(source.name, tuple(files), tuple(notes))


def open_large(found: Plan, cache: Path, progress: Progress) -> Opened:
    """The splits as lists of Parquet files. Raises Otherwise where the files have to be read whole."""
    folder = private_folder(cache / FOLDER)
    make = _listed if found.source == PARQUET else _converted
    opened = cached(folder, _name(found), lambda at: make(found, at, progress))
    return replace(opened, notes=(*found.notes, *opened.notes))


def is_open(found: Plan, cache: Path) -> bool:
    """True where opening it takes no time."""
    return lying(cache / FOLDER, _name(found)) is not None


def _name(found: Plan) -> str:
    """By where the files are, how large, and when they were written: their content is not read for it."""
    files = [[one.split, one.place, str(one.path), *_written(one.path)] for one in found.files]
    return f"large-{fingerprint({'large': found.source, 'version': 1, 'files': files})}"


def first_rows(found: Plan, catalog: Catalog, scratch: Path) -> Opened | None:
    """The first rows of the first file, as its source reads them, written into `scratch`; None where they cannot be told."""
    one = found.files[0]
    target = scratch / one.place
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if found.source == "arrow":
            _arrow_head(one.path, target)
        else:
            target.write_bytes(_head(one.path))
        return _read_head(catalog.sources[found.source], target, scratch)
    except (OSError, UserError):
        return None  # what is wrong is told by reading the whole


def _head(path: Path) -> bytes:
    """The beginning, up to the end of a line."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    return head[: head.rfind(b"\n") + 1]


def _read_head(source: Source, target: Path, scratch: Path) -> Opened:
    """Rows of a file that was cut off: what is torn at its end is left out."""
    from tui_finetune.data.opening import validated

    model = source.options_model()
    options = validated(model, {}) if model is not None else {}
    request = OpenRequest(path=str(target if target.parent == scratch else scratch), cache=scratch, options=options)
    try:
        return source.open(request)
    except DataError as error:
        line = error.problems[0].line
        if line is None or line < _FEWEST_LINES:
            raise
        lines = target.read_bytes().splitlines(keepends=True)
        target.write_bytes(b"".join(lines[: line - 1]))
        return source.open(request)


def _arrow_head(path: Path, target: Path) -> None:
    import pyarrow as pa

    from tui_finetune.data.convert.arrow_rows import ArrowRows

    part = next(ArrowRows(path).parts()).table.slice(0, HEAD_ROWS)
    with pa.OSFile(str(target), "wb") as sink, pa.ipc.new_stream(sink, part.schema) as writer:
        writer.write_table(part)


def _rows(paths: Sequence[Path]) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return sum(pq.read_metadata(path).num_rows for path in paths)
    except (pa.ArrowInvalid, OSError):
        return 0  # reading it says what is wrong


def _written(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def _listed(found: Plan, folder: Path, progress: Progress) -> Opened:
    """Parquet files where they lie."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from tui_finetune.data.features import class_names_in

    files: list[_File] = []
    names: dict[str, tuple[str, ...]] = {}
    try:
        for one in found.files:
            footer = pq.read_metadata(one.path)
            schema = footer.schema.to_arrow_schema()
            names |= class_names_in(schema)
            files.append(_File(one, one.path, footer.num_rows, _plain(schema)))
    except (pa.ArrowInvalid, OSError) as error:
        raise Otherwise from error
    return _opened(found, folder, files, "parquet", (), names, has_ids=False)


def _converted(found: Plan, folder: Path, progress: Progress) -> Opened:
    """Other files as Parquet in the folder."""
    from tui_finetune.data.convert.writing import Source, write_all

    readers = [_reader(found.source, one.path) for one in found.files]
    sources = [Source(reader, one.place) for reader, one in zip(readers, found.files, strict=True)]
    written = write_all(sources, folder, progress)
    files = [_File(one, made.path, made.rows, made.schema) for one, made in zip(found.files, written, strict=True)]
    formats = "; ".join(dict.fromkeys(reader.format for reader in readers))
    notes = tuple(dict.fromkeys(note for reader in readers for note in reader.notes))
    names = {name: classes for reader in readers for name, classes in reader.class_names().items()}
    return _opened(found, folder, files, formats, notes, names, has_ids=True)


def _reader(source: str, path: Path) -> Reader:
    if source == "csv":
        from tui_finetune.data.convert.csv_rows import CsvRows

        return CsvRows(path)
    if source == "json":
        from tui_finetune.data.convert.json_rows import JsonRows

        return JsonRows(path)
    from tui_finetune.data.convert.arrow_rows import ArrowRows

    return ArrowRows(path)


def _opened(
    found: Plan,
    folder: Path,
    files: Sequence[_File],
    form: str,
    notes: tuple[str, ...],
    class_names: dict[str, tuple[str, ...]],
    *,
    has_ids: bool,
) -> Opened:
    """The manifest, with a list beside it for each split."""
    by_split: dict[str, list[_File]] = {}
    for one in files:
        by_split.setdefault(one.file.split, []).append(one)
    splits: dict[str, SplitTable] = {}
    columns: dict[str, Column] = {}
    for index, (split, group) in enumerate(by_split.items()):
        stored = _stored(group, has_ids=has_ids)
        path = folder / f"{index}{LIST_ENDING}"
        path.write_text(json.dumps(stored.as_json()), encoding="utf-8")
        splits[split] = SplitTable(split, path, stored.rows)
        for name, kind in stored.columns.items():
            told = kind.replace("<item: ", "<").replace("<element: ", "<")
            columns.setdefault(name, Column(name, told, class_names.get(name)))
    inputs = tuple(InputFile(one.path, one.path.stat().st_size, "") for one in found.files)
    return Opened(found.source, form, splits, tuple(columns.values()), inputs, notes)


def _stored(group: Sequence[_File], *, has_ids: bool) -> Stored:
    """The files of a split one after the other. Raises Otherwise where their columns differ, or one holds no row."""
    first = group[0].schema
    raw = [name for name in first.names if not (has_ids and name == ROW_ID)]
    pieces, at = [], 0
    for one in group:
        if not one.rows or not one.schema.equals(first) or {ROW_ID, ROW_HASH} & set(raw):
            raise Otherwise
        # A list moves with its folder, and the Parquet files that were made for it do too.
        path = str(one.parquet) if one.parquet == one.file.path else one.parquet.name
        pieces.append(Piece(path, place_as_text(one.file.place), at, one.rows))
        at += one.rows
    flat = _flat(first)
    if len({name for name, _, _ in flat}) < len(flat):
        raise Otherwise
    return Stored(
        {name: kind for name, kind, _ in flat},
        at,
        tuple(pieces),
        {name: sql for name, _, sql in flat},
        tuple(raw),
        has_ids,
    )


def _plain(schema: pa.Schema) -> pa.Schema:
    """The types that the rows come in: without dictionaries and kinds of text."""
    import pyarrow as pa

    fields = []
    for field in schema:
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        text = pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
        fields.append(pa.field(field.name, pa.string() if text else kind))
    return pa.schema(fields)


def _flat(schema: pa.Schema) -> list[tuple[str, str, str]]:
    """Name, type and SQL of each column; objects as columns of their own."""
    import pyarrow as pa

    found: list[tuple[str, str, str]] = []

    def add(name: str, kind: pa.DataType, sql: str) -> None:
        if not pa.types.is_struct(kind):
            found.append((name, str(kind), sql))
            return
        for index in range(kind.num_fields):
            inner = kind.field(index)
            add(f"{name}.{inner.name}", inner.type, f"{sql}.{name_of(inner.name)}")

    for field in schema:
        add(field.name, field.type, name_of(field.name))
    return found
