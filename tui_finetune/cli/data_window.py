"""`data show --rows, --offset, --where`: these rows and no more, of data of any size."""

from __future__ import annotations

import contextlib
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
    from tui_finetune.plugin_api import Opened

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
    from tui_finetune.data.scan.stored import is_list, stored_in
    from tui_finetune.data.scan.window import parquet_window, stored_window, table_window

    files = [Path(path).absolute() for path in paths]
    if source in (None, "parquet") and all(file.suffix.lower() in PARQUET and file.is_file() for file in files):
        return parquet_window(files, rows, offset, where)
    if any(path.endswith(".toml") for path in paths):
        raise DataError(Problem("rows of a recipe's data are shown by the path that it names.", "--rows"))
    split = next(iter(open_any(call, paths, source, subset).splits.values()))
    if is_list(split.arrow):
        return stored_window(stored_in(split.arrow), rows, offset, where)
    return table_window(split.table(), rows, offset, where)


def open_any(call: Call, paths: Sequence[str], source: str | None, subset: str | None) -> Opened:
    """What paths hold; large files as lists of Parquet files."""
    from tui_finetune.cli.verbs.data import meant_here, place
    from tui_finetune.data.convert.parts import Otherwise
    from tui_finetune.data.large import open_large, plan
    from tui_finetune.data.opening import Wanted, open_data

    places = tuple(place(call, path, source) for path in paths)
    wanted = Wanted(source, places if len(places) > 1 else places[0], subset)
    progress = ProgressLine()
    try:
        with meant_here(paths[0]):
            found = plan(wanted, call.catalog)
            if found is not None:
                with contextlib.suppress(Otherwise):
                    return open_large(found, call.home.cache, progress)
            return open_data(wanted, call.catalog, call.home.cache, heavy=False, progress=progress)
    finally:
        progress.clear()


def _text(value: object) -> str:
    if value is None:
        return "–"
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
