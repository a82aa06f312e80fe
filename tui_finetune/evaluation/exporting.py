"""What an evaluation shows, into a file: CSV or Markdown, whole or not there."""

from __future__ import annotations

import contextlib
import csv
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from tui_finetune.errors import Problem, UserError
from tui_finetune.live import words
from tui_finetune.live.evaluation_page import plain_value, text_of
from tui_finetune.runs.layout import STAGING_PREFIX
from tui_finetune.text import shown

if TYPE_CHECKING:
    from tui_finetune.evaluation.rows import StoredRows

ENDINGS = (".csv", ".md")
BLOCK = 512
Cells = Sequence[Any]


def write_table(target: Path, head: Sequence[str], rows: Iterable[Cells], title: str = "") -> int:
    """Writes the rows, as its ending says; how many. Raises UserError for another ending and for what is there already."""
    if target.suffix.lower() not in ENDINGS:
        raise UserError(Problem(f"{target.name}: a name that ends in .csv or .md is needed."))
    if target.exists():
        raise UserError(Problem(f"{target} is there already.", hint="Another name keeps both."))
    if not target.absolute().parent.is_dir():
        raise UserError(f"{target}: there is no folder {target.absolute().parent}.")
    beside = target.with_name(f"{STAGING_PREFIX}{os.getpid()}-{target.name}")
    try:
        with beside.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            write = _markdown if target.suffix.lower() == ".md" else _csv
            count = write(file, head, rows, title)
        os.replace(beside, target)
    except OSError as error:
        raise UserError(f"{target} cannot be written: {error.strerror or error}.") from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
    return count


def _csv(file: IO[str], head: Sequence[str], rows: Iterable[Cells], title: str) -> int:
    """Numbers in full; a list of labels as words."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(head)
    count = 0
    for row in rows:
        writer.writerow([value if isinstance(value, int | float) else _text(value) for value in row])
        count += 1
    return count


def _text(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else plain_value(value)


def _markdown(file: IO[str], head: Sequence[str], rows: Iterable[Cells], title: str) -> int:
    """Three decimals, as the screen has them; what a table's cell cannot hold is escaped."""
    if title:
        file.write(f"# {_cell(title)}\n\n")
    file.write(f"| {' | '.join(map(_cell, head))} |\n| {' | '.join('---' for _ in head)} |\n")
    count = 0
    for row in rows:
        file.write(f"| {' | '.join(map(_cell, row))} |\n")
        count += 1
    return count


def _cell(value: Any) -> str:
    text = words.score(value) if isinstance(value, float) else _text(value)
    return shown(text).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")


ROW_HEAD = ("row", "row_id", "gold", "predicted", "score", "gold_score", "loss", "length", "truncated", "text")


def row_cells(rows: StoredRows, numbers: Sequence[int]) -> Iterator[list[Any]]:
    """The rows at these places as cells, read block by block."""
    for start in range(0, len(numbers), BLOCK):
        block = numbers[start : start + BLOCK]
        found = rows.brief(block)
        for number in block:
            row = found[number]
            values = [row.get(name) for name in ROW_HEAD[1:-1]]
            yield [number, *values, text_of(row)]
