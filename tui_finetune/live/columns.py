"""Columns of a table in text: which fit into a width, and the lines of its head and rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tui_finetune.live.spans import Line, Span, at, blanks, clip, muted, width_of
from tui_finetune.text import cut_end, cut_middle

CURSOR_CELLS = 3
"""Cells before the first column: one free, the cursor, the mark."""


@dataclass(frozen=True)
class Column:
    """A column; one blank cell stands after each but the last."""

    name: str
    title: str
    width: int
    right: bool = False
    """Numbers and times: at the right edge of their column, the title too."""
    stretch: int = 0
    """Up to how many cells it is widened where there is room."""
    optional: int = 0
    """0: always there; else only where there is room, small numbers first."""
    free: bool = False
    """Free text: its end is cut, not its middle."""


def fit(columns: Sequence[Column], width: int) -> tuple[Column, ...]:
    """The columns that fit beside each other into `width` cells, in their order, widened where there is room."""
    room = width - CURSOR_CELLS - sum(column.width + 1 for column in columns if not column.optional) + 1
    kept = {column.name for column in columns if not column.optional}
    for column in sorted((one for one in columns if one.optional), key=lambda one: one.optional):
        if column.width + 1 > room:
            break
        kept.add(column.name)
        room -= column.width + 1
    found = [column for column in columns if column.name in kept]
    for place, column in enumerate(found):
        more = min(max(0, room), max(0, column.stretch - column.width))
        found[place] = replace(column, width=column.width + more)
        room -= more
    return tuple(found)


def head_line(columns: Sequence[Column], *, sort: str = "", reverse: bool = False) -> Line:
    """The titles, muted; the one that is sorted by has an arrow. A title may stand over the blank before its column."""
    placed: list[tuple[int, Line]] = []
    start = CURSOR_CELLS
    for column in columns:
        arrow = (" ↑" if reverse else " ↓") if column.name == sort else ""
        title = column.title + arrow
        if len(title) > column.width and not column.right:
            title = column.title[: column.width - len(arrow)] + arrow
        place = start + column.width - len(title) if column.right else start
        placed.append((place, (muted(title),)))
        start += column.width + 1
    return at(placed, start - 1)


def row_line(columns: Sequence[Column], cells: Mapping[str, Span | Line]) -> Line:
    """A row's cells side by side, each as wide as its column; texts are cut in their middle."""
    out: list[Span] = []
    for place, column in enumerate(columns):
        found = cells.get(column.name, ())
        spans: Line = (_cut(found, column),) if isinstance(found, Span) else clip(found, column.width)
        rest = blanks(column.width - width_of(spans))
        out += [rest, *spans] if column.right else [*spans, rest]
        if place < len(columns) - 1:
            out.append(blanks(1))
    return tuple(one for one in out if one.text)


def _cut(one: Span, column: Column) -> Span:
    cut = cut_end if column.free else cut_middle
    return one._replace(text=cut(one.text, column.width))
