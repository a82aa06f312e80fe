"""Charts as lines of text: braille, two by four dots a cell, or one ASCII sign a cell. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tui_finetune.live.bins import Bins
from tui_finetune.live.scale import Range, labels, step_ticks
from tui_finetune.live.spans import Line, Span, blanks, muted
from tui_finetune.text import Shown

LEFT = 8
"""Cells before the plot: a label of six, a blank, the axis."""
RIGHT = 2
BELOW = 3
"""Lines below the plot: axis, events, steps."""
SMALLEST = (20, 5)
"""Cells and rows of a plot below which a number tells more."""
MIDDLE_LABEL_ROWS = 7
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""Bit of each dot of a braille cell, by column and row."""
_ASCII_SIGNS = "*+x#"


@dataclass(frozen=True)
class Curve:
    """A line of the chart."""

    bins: Bins
    token: str = "accent"
    faint: bool = False
    """Dotted, so that it is told from the others without colour."""


@dataclass(frozen=True)
class Chart:
    """All that is drawn. Later curves lie below earlier ones."""

    curves: Sequence[Curve]
    y: Range
    end: int
    start: int = 0
    points: Sequence[tuple[int, float]] = ()
    """Evaluations: step and value."""
    events: Sequence[tuple[int, str]] = ()
    """Step and letter."""
    bars: Sequence[int] = ()
    """Steps with a dotted line through the chart: a change, a new attempt."""
    cursor: int | None = None
    """Step at which values are being read."""
    ascii: bool = False


@dataclass
class _Cell:
    sign: str = " "
    token: str = "text"
    bold: bool = False


def plot_cells(width: int) -> int:
    """Cells of the plot in a chart of this width."""
    return max(1, width - LEFT - RIGHT)


def dot_columns(width: int, *, ascii: bool) -> int:
    """Columns that bins for a chart of this width must have."""
    return plot_cells(width) * (1 if ascii else 2)


def too_small(width: int, height: int, below: int = BELOW) -> bool:
    """True where a chart of this size says less than a number."""
    return plot_cells(width) < SMALLEST[0] or height - below < SMALLEST[1]


def draw(chart: Chart, width: int, height: int, below: int = BELOW) -> list[Line]:
    """The plot, its axis, the events and the steps: `height` lines. below: 1 for the axis alone, 2 with the steps."""
    rows, cells = height - below, plot_cells(width)
    grid = [[_Cell() for _ in range(cells)] for _ in range(rows)]
    for place, curve in reversed(list(enumerate(chart.curves))):
        _put_curve(grid, chart, curve, place)
    for step in chart.bars:
        if chart.start <= step <= chart.end:
            _put_bar(grid, _cell_of(chart, step, cells), "┊", "muted")
    if chart.cursor is not None:
        _put_bar(grid, _cell_of(chart, chart.cursor, cells), "│", "accent")
    for step, value in chart.points:
        if value == value and chart.start <= step <= chart.end:
            row = min(rows - 1, round((1 - chart.y.place(value)) * (rows - 1)))
            grid[row][_cell_of(chart, step, cells)] = _Cell("◆", "series-2")
    said = _labels(chart.y, rows)
    lines = [(muted(said.get(row, " " * (LEFT - 1) + "│")), *_spans(cells_of)) for row, cells_of in enumerate(grid)]
    lines.append((muted(" " * (LEFT - 1) + "└" + "─" * cells),))
    lines += [_events_line(chart, cells)] if below >= BELOW else []
    lines += [_steps_line(chart, cells)] if below > 1 else []
    return lines


def _cell_of(chart: Chart, step: int, cells: int) -> int:
    reach = max(1, chart.end - chart.start)
    return min(cells - 1, max(0, round((step - chart.start) / reach * (cells - 1))))


def step_at(chart: Chart, cell: int, width: int) -> int:
    """The step that stands over a cell of the plot."""
    cells = plot_cells(width)
    return chart.start + round(min(max(cell, 0), cells - 1) / max(1, cells - 1) * (chart.end - chart.start))


def _labels(y: Range, rows: int) -> dict[int, str]:
    """By row the value that stands there, and the axis."""
    middle = [rows // 2] if rows >= MIDDLE_LABEL_ROWS and rows % 2 else []
    labelled = [0, *middle, rows - 1]
    said = labels([y.value(1 - row / max(1, rows - 1)) for row in labelled])
    return {row: f"{text:>6} ┤" for row, text in zip(labelled, said, strict=True)}


def _spans(cells: Sequence[_Cell]) -> Iterator[Span]:
    """Neighbouring cells of the same meaning as one piece."""
    text, before = "", _Cell()
    for cell in cells:
        if text and (cell.token, cell.bold) != (before.token, before.bold) and cell.sign != " ":
            yield Span(Shown(text), before.token, before.bold)
            text = ""
        if cell.sign != " " or not text:
            before = cell
        text += cell.sign
    if text:
        yield Span(Shown(text), before.token, before.bold)


def _put_bar(grid: list[list[_Cell]], cell: int, sign: str, token: str) -> None:
    """A line from top to bottom, behind what is drawn already."""
    for row in grid:
        if row[cell].sign == " ":
            row[cell] = _Cell(sign, token)


def _put_curve(grid: list[list[_Cell]], chart: Chart, curve: Curve, place: int) -> None:
    rows = len(grid)
    if chart.ascii:
        for column, row in raster(curve.bins, chart.y, rows, dotted=curve.faint):
            sign = "." if curve.faint else _ASCII_SIGNS[place % len(_ASCII_SIGNS)]
            grid[row][column] = _Cell(sign, curve.token)
        return
    dots: dict[tuple[int, int], int] = {}
    for column, row in raster(curve.bins, chart.y, rows * 4, dotted=curve.faint):
        at = (row // 4, column // 2)
        dots[at] = dots.get(at, 0) | _DOTS[column % 2][row % 4]
    for (row, column), bits in dots.items():
        grid[row][column] = _Cell(chr(0x2800 + bits), curve.token)


def raster(bins: Bins, y: Range, rows: int, *, dotted: bool = False) -> Iterator[tuple[int, int]]:
    """(column, row) of each dot: from minimum to maximum in a column, and on to the next one where they are joined."""
    found = sorted(bins.found.items())

    def row_of(value: float) -> int:
        return min(rows - 1, max(0, round((1 - y.place(value)) * (rows - 1))))

    for place, (column, one) in enumerate(found):
        if dotted and column % 4 > 1:
            continue
        yield from ((column, row) for row in range(row_of(one.high), row_of(one.low) + 1))
        if place + 1 < len(found) and not dotted:
            after, other = found[place + 1]
            if bins.joined(one, other):
                yield from _joint((column, row_of(one.last)), (after, row_of(other.first)))


def _joint(start: tuple[int, int], end: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Dots between two points, without a break in any direction; half of a steep piece is drawn in each column."""
    (x1, y1), (x2, y2) = start, end
    span = x2 - x1
    before = y1
    for x in range(x1, x2 + 1):
        until = y2 if x == x2 else round(y1 + (y2 - y1) * (x - x1 + 0.5) / span)
        low, high = min(before, until), max(before, until)
        yield from ((x, row) for row in range(low, high + 1))
        before = until


def _events_line(chart: Chart, cells: int) -> Line:
    """Letters at their steps; where two would stand in one cell the second one moves on."""
    letters: dict[int, str] = {}
    gaps = {column for curve in chart.curves for column in curve.bins.gaps}
    per_cell = 1 if chart.ascii else 2
    marks = [*((_cell_of(chart, step, cells), letter) for step, letter in _inside(chart)),
             *((column // per_cell, "!") for column in sorted(gaps))]  # fmt: skip
    for cell, letter in marks:
        if letter == "!" and letters.get(cell) == "!":
            continue
        while cell in letters and cell < cells - 1:
            cell += 1
        letters.setdefault(cell, letter)
    row = [_Cell(letters[cell], "warn" if letters[cell] in "!x" else "text") if cell in letters else _Cell()
           for cell in range(cells)]  # fmt: skip
    return (muted("events".ljust(LEFT)), *_spans(row))


def _inside(chart: Chart) -> Iterable[tuple[int, str]]:
    return ((step, letter) for step, letter in sorted(chart.events, key=lambda one: one[0])
            if chart.start <= step <= chart.end)  # fmt: skip


def _steps_line(chart: Chart, cells: int) -> Line:
    """Round steps below the axis, and the last one at the right edge."""
    first = f"  step {chart.start:,}"
    text = first
    for step, cell in step_ticks(chart.end - chart.start, cells)[1:]:
        shown = f"{step + chart.start:,}"
        column = LEFT + cell - (len(shown) - 1 if cell == cells - 1 else len(shown) // 2)
        if column > len(text):
            text = text.ljust(column) + shown
    return (muted(text), blanks(1))
