"""Rows of a split written as a file: CSV, TSV, JSON lines or Parquet, by one query."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tui_finetune.data.scan.locked import name_of, quoted, selecting
from tui_finetune.data.scan.running import watched
from tui_finetune.data.scan.stored import Stored, connected, stored_table
from tui_finetune.data.view import Wish, ask, write_rows
from tui_finetune.data.windows import reader_of
from tui_finetune.errors import DataError, Problem, cannot_write, nearest
from tui_finetune.plugin_api import ROW_ID, Progress, no_progress

FORMS = {
    ".csv": "FORMAT csv, HEADER true",
    ".tsv": "FORMAT csv, HEADER true, DELIMITER '\t'",
    ".jsonl": "FORMAT json",
    ".ndjson": "FORMAT json",
    ".parquet": "FORMAT parquet",
    ".pq": "FORMAT parquet",
}
"""By the ending of the file what DuckDB is told."""
ID = "source_row"
"""The column of row ids: `row_id` is the name of those that the file itself will have."""


def form_of(out: Path) -> str:
    """What a file of that name is written as. Raises DataError for an ending that none has."""
    form = FORMS.get(out.suffix.lower())
    if form is None:
        near = nearest(out.suffix.lower(), list(FORMS))
        hint = f"Did you mean {near}?" if near else f"There are: {', '.join(FORMS)}."
        raise DataError(Problem(f"{out.name}: no format is known by that ending.", "OUT", hint=hint))
    return form


def export(
    stored: Stored,
    wish: Wish,
    out: Path,
    *,
    ids: bool = False,
    most: int | None = None,
    progress: Progress = no_progress,
) -> tuple[int, list[str]]:
    """Writes the rows of a wish; how many, and notes. The file is there whole or not at all.

    ids: with their row ids in front. Raises DataError. Whatever `progress` raises ends it.
    """
    form = form_of(out)
    if ids and ID in stored.columns:
        raise DataError(Problem(f"there is a column {ID} already.", "--ids"))
    columns = [f"{name_of(ROW_ID)} AS {name_of(ID)}"] if ids else []
    columns += map(name_of, stored.columns)
    asked = ask(stored, wish, ", ".join(columns), stored.identified if ids else None)
    if asked.counted:
        return _of_counted(stored, wish, out, ids=ids, most=most, progress=progress)
    query = asked.query + ("" if most is None else f" LIMIT {most}")
    return _copied(stored, query, wish, out, form, progress), list(asked.notes)


def _of_counted(
    stored: Stored, wish: Wish, out: Path, *, ids: bool, most: int | None, progress: Progress
) -> tuple[int, list[str]]:
    """Where tokens have to be counted: by the numbers of the rows."""
    import numpy as np

    with tempfile.TemporaryDirectory(prefix="tui-finetune-rows-") as scratch:
        target = Path(scratch) / "rows.i8"
        _, notes = write_rows(stored, wish, target, progress)
        numbers = np.fromfile(target, dtype=np.int64)[:most]
    reader = reader_of(stored)
    try:
        found = stored_table(reader.identified(numbers))
    finally:
        reader.close()
    count, _ = export(found, Wish(), out, ids=ids, progress=progress)
    return count, list(notes)


def _copied(stored: Stored, query: str, wish: Wish, out: Path, form: str, progress: Progress) -> int:
    said = wish.filter.strip()
    with _beside(out) as staged, connected(stored, [staged]) as duck:
        selecting(duck, query, said, "filter")
        copy = f"COPY (\n{query}\n) TO {quoted(str(staged))} ({form}, USE_TMP_FILE false)"
        count = 0

        def work() -> None:
            nonlocal count
            ((count,),) = duck.execute(copy).fetchall()

        watched(duck, work, said or wish.sort or out.name, f"writing {out.name}", stored.rows, progress)
    return count


@contextmanager
def _beside(out: Path) -> Iterator[Path]:
    """A file beside that takes the other's place when it is whole."""
    staged = out.with_name(f".{out.name}.{os.getpid()}{out.suffix}")
    try:
        yield staged
        os.replace(staged, out)
    except OSError as error:
        raise DataError(cannot_write(out, error)) from error
    finally:
        staged.unlink(missing_ok=True)
