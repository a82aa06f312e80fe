"""`[data] edits`: an overlay put onto what was opened, before any step; and whether it fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.data.cache import cached, fingerprint, write_tables
from tui_finetune.data.filesource import columns_in
from tui_finetune.data.scan.stored import is_list, stored_in
from tui_finetune.data.textfile import sha256_of
from tui_finetune.edits import store
from tui_finetune.edits.applying import applied
from tui_finetune.edits.conflicts import Conflict, Judged, judged
from tui_finetune.edits.overlay import RowEdits, counts_of, told
from tui_finetune.errors import DataError, Problem
from tui_finetune.plugin_api import ROW_ID, Opened, SplitTable

if TYPE_CHECKING:
    import pyarrow as pa

KEY = "data.edits"
SHOWN = 5
"""Conflicts that a message names."""


@dataclass(frozen=True)
class Used:
    """The edits of a run."""

    path: Path
    data: bytes
    """The lines of the file, as they were read: what the run's directory keeps."""
    digest: str
    counts: Mapping[str, int]
    """Of the rows that these data have."""

    @property
    def words(self) -> str:
        return f"Edits of {self.path.name}: {told(self.counts)}."

    def as_json(self) -> dict[str, Any]:
        """What a run records."""
        counts = {name: count for name, count in self.counts.items() if count}
        return {"path": str(self.path), "sha256": store.sha256_of(self.data), "digest": self.digest, **counts}


def edited(opened: Opened, path: Path, cache: Path) -> Opened:
    """The splits with the edits that fit, kept as a step's result is. Raises DataError."""
    overlay, _ = store.EditsFile(path).required()
    rows = {key: one for key, one in overlay.rows().items() if one.changes}
    if not rows:
        return opened
    names = class_names(opened)
    facts = {
        "edits": overlay.digest(),
        "input": {name: sha256_of(split.arrow).sha256 for name, split in opened.splits.items()},
        "classes": [[column.name, column.class_names] for column in opened.columns],
    }

    def make(folder: Path) -> Opened:
        tables = applied({name: split.table() for name, split in opened.splits.items()}, rows, names)
        empty = [name for name, table in tables.items() if table.num_rows == 0]
        if empty:
            raise DataError(Problem(f"the edits leave no row of {', '.join(empty)}.", KEY))
        return replace(
            opened, splits=write_tables(folder, tables), columns=columns_in(tables, names), files=(), notes=()
        )

    made = cached(cache, f"edits-{fingerprint(facts)}", make)
    return replace(opened, splits=made.splits, columns=made.columns)


def class_names(opened: Opened) -> dict[str, tuple[str, ...]]:
    """Of columns of whole numbers the names that these stand for."""
    return {column.name: column.class_names for column in opened.columns if column.class_names}


def rows_by_id(split: SplitTable, ids: Sequence[str]) -> pa.Table:
    """Those rows of a split that have one of these ids, with all that they hold."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if is_list(split.arrow):
        from tui_finetune.data.scan.finding import number_of
        from tui_finetune.data.windows import open_reader

        stored = stored_in(split.arrow)
        numbers = [at for one in ids if (at := number_of(stored, one)) is not None]
        reader = open_reader(split.arrow)
        try:
            return reader.identified(numbers or [0]).slice(0, len(numbers))
        finally:
            reader.close()
    table = split.table()
    return table.filter(pc.is_in(table.column(ROW_ID), value_set=pa.array(ids, table.column(ROW_ID).type)))


def compared(rows: Mapping[tuple[str, str], RowEdits], raw: Sequence[Opened]) -> Judged:
    """The edits against the rows as the source has them."""
    return judged(rows, [(name, split.table()) for opened in raw for name, split in opened.splits.items()])


def used(
    path: Path, raw: Sequence[Opened], source_split: Mapping[str, str]
) -> tuple[Used | None, list[str], list[Problem]]:
    """The edits of a run whose data are `raw` without them; what may spoil it, and what has to be mended first.

    source_split: of the run's splits the source's own that each comes from.
    """
    try:
        overlay, data = store.EditsFile(path).required()
    except DataError as error:
        return None, [], list(error.problems)
    rows = overlay.rows()
    found = compared(rows, raw)
    problems = [conflict_problem(path, found.conflicts)] if found.conflicts else []
    if rows and len(found.elsewhere) == len(rows):
        hint = "They are of other files, or the files were renamed: ids name the file and the line."
        problems.append(Problem("no edited row is among these data.", KEY, hint=hint))
    weighed = sum(one.weight is not None for one in found.fitting.values())
    if weighed:
        hint = "data edits undo takes them back; drop leaves rows out."
        told_of = "1 row has" if weighed == 1 else f"{weighed:,} rows have"
        problems.append(Problem(f"{told_of} a weight, and no task's loss takes weights.", KEY, hint=hint))
    warnings = []
    if found.elsewhere and not problems:
        warnings.append(f"{len(found.elsewhere):,} edited rows are of files that are not read here: not applied.")
    test = source_split.get("test")
    if test is not None and test != source_split.get("train"):
        count = sum(one.changes and found.splits[one.row_id] == test for one in found.fitting.values())
        if count:
            told_of = "1 row of test is" if count == 1 else f"{count:,} rows of test are"
            warnings.append(f"{told_of} edited: figures on them are not those of the source.")
    return Used(path, data, overlay.digest(), counts_of(found.fitting.values())), warnings, problems


def conflict_problem(path: Path, conflicts: Sequence[Conflict]) -> Problem:
    """What to do about edits that do not fit any more."""
    shown = "; ".join(map(str, conflicts[:SHOWN]))
    more = f"; and {len(conflicts) - SHOWN:,} more" if len(conflicts) > SHOWN else ""
    hint = f"tui-finetune data edits conflicts {path.name} lists them, data edits settle ends them."
    rows = f"{len(conflicts):,} edited row{'' if len(conflicts) == 1 else 's'}"
    return Problem(f"the source has changed under {rows}: {shown}{more}.", KEY, hint=hint)
