"""`data show --rows, --offset, --where`: these rows and no more, of data of any size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tui_finetune.cli import output
from tui_finetune.cli.diagnostics import ProgressLine, say
from tui_finetune.cli.options import Call
from tui_finetune.errors import DataError, Problem
from tui_finetune.text import cut_end, shown

if TYPE_CHECKING:
    from tui_finetune.data.scan.window import Window

ROWS = 20
"""Rows where --rows does not say."""
CELL = 40
PARQUET = (".parquet", ".pq")


def show_window(
    call: Call, paths: Sequence[str], source: str | None, subset: str | None, rows: int | None, offset: int, where: str
) -> None:
    """Prints a window of the first split."""
    found = _window(call, paths, source, subset, ROWS if rows is None else rows, offset, where)
    if call.json:
        output.print_json(found.as_json())
        return
    names = [name for name, _ in found.columns]
    cells = [[cut_end(_text(row[name]), CELL) for name in names] for row in found.rows]
    output.print_lines(output.table(names, cells))
    say(shown(f"{len(found.rows):,} of {found.total:,} rows, from row {offset:,}"))


def _window(
    call: Call, paths: Sequence[str], source: str | None, subset: str | None, rows: int, offset: int, where: str
) -> Window:
    from tui_finetune.data.scan.window import parquet_window, table_window

    files = [Path(path).absolute() for path in paths]
    if source in (None, "parquet") and all(file.suffix.lower() in PARQUET and file.is_file() for file in files):
        return parquet_window(files, rows, offset, where)
    from tui_finetune.cli.verbs.data import meant_here, place
    from tui_finetune.data.opening import Wanted, open_data

    if any(path.endswith(".toml") for path in paths):
        raise DataError(Problem("rows of a recipe's data are shown by the path that it names.", "--rows"))
    places = tuple(place(call, path, source) for path in paths)
    progress = ProgressLine()
    try:
        with meant_here(paths[0]):
            wanted = Wanted(source, places if len(places) > 1 else places[0], subset)
            opened = open_data(wanted, call.catalog, call.home.cache, heavy=False, progress=progress)
    finally:
        progress.clear()
    return table_window(next(iter(opened.splits.values())).table(), rows, offset, where)


def _text(value: object) -> str:
    if value is None:
        return "–"
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
