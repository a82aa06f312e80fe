"""workbook: sheets of Excel's .xlsx files, by openpyxl (the extra `formats`)."""

from __future__ import annotations

import contextlib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.data.problems import refused
from tui_finetune.data.tablefiles import TableFileSource, column_of, needed
from tui_finetune.errors import UserError
from tui_finetune.plugin_api import Progress

if TYPE_CHECKING:
    import pyarrow as pa
    from pydantic import BaseModel

MOST_BYTES = 2 << 30
MOST_TIMES = 300
"""Unpacked to packed; beyond it a workbook is a bomb."""
EVERY = 20_000


class Workbook(TableFileSource):
    name = "workbook"
    help = "A sheet of an Excel workbook (.xlsx); its first row names the columns; data.subset names the sheet."
    extensions = (".xlsx", ".xlsm")

    def options_model(self) -> type[BaseModel]:
        from tui_finetune.data.options import SourceOptions

        return SourceOptions

    def matches_file(self, path: Path) -> float:
        return 0.95 if path.suffix.lower() in self.extensions else 0.0

    def tables_in(self, path: Path) -> list[str]:
        with _opened(path) as book:
            return [sheet.title for sheet in book.worksheets if any(_rows(sheet))]

    def table(self, path: Path, name: str, progress: Progress) -> tuple[pa.Table, list[str]]:
        import pyarrow as pa

        with _opened(path) as book:
            rows = _rows(book[name])
            names = [str(cell).strip() if cell is not None else f"column{i + 1}" for i, cell in enumerate(next(rows))]
            if len(set(names)) < len(names):
                raise refused(f"the first row of sheet {name} names a column more than once.", path, 1)
            columns: list[list[Any]] = [[] for _ in names]
            for count, row in enumerate(rows, 1):
                cells = [*row, *[None] * (len(names) - len(row))]
                if any(cell is not None for cell in cells[len(names) :]):
                    raise refused(f"row {count + 1} of sheet {name} has more cells than the first.", path)
                for column, cell in zip(columns, cells, strict=False):
                    column.append(cell if isinstance(cell, bool | int | float | str | None) else str(cell))
                if count % EVERY == 0:
                    progress(f"reading {name}", count, None)
        return pa.table([column_of(values) for values in columns], names=names), []


def _rows(sheet: Any) -> Iterator[tuple[Any, ...]]:
    """The rows that hold something, without the empty cells at their ends."""
    for row in sheet.iter_rows(values_only=True):
        filled = max((i for i, cell in enumerate(row, 1) if cell is not None), default=0)
        if filled:
            yield row[:filled]


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """The workbook while it is read, its formulas as the values that were saved. Raises DataError."""
    openpyxl = needed("openpyxl", path)
    needed("defusedxml", path)  # openpyxl reads hostile XML safely where it is there
    try:
        with zipfile.ZipFile(path) as packed:
            whole = sum(info.file_size for info in packed.infolist())
        if whole > MOST_BYTES or (whole > 64 << 20 and whole > MOST_TIMES * path.stat().st_size):
            raise refused(f"grows to {whole >> 20:,} MiB: it is refused as a bomb.", path)
        with contextlib.closing(openpyxl.load_workbook(path, read_only=True, data_only=True)) as book:
            yield book
    except UserError:
        raise
    except Exception as error:  # of a damaged file openpyxl raises whatever its parts do
        raise refused(f"is no whole workbook: {error}.", path, hint="Save it again as .xlsx, or as CSV.") from error
