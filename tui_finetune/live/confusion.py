"""The confusion of an evaluation: pairs of labels, the worst first, and a grid that is useful at 77 labels too."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tui_finetune.live.spans import Line, Span, blanks, line, muted, span
from tui_finetune.text import Shown, cell_width, cut_middle, pad

FEW = 10
"""Up to so many labels stand in their own order; more around the one that is looked at."""
CELL = 5
"""Cells of a count at least: its digits, and one at each side for the cursor."""
CORNER = "gold \\ predicted"
NAME = 26
"""Cells of a label's name at most."""


@dataclass(frozen=True)
class Pair:
    """One label that was taken for another."""

    gold: int
    predicted: int
    rows: int
    share: float
    """Of the rows that have this gold label."""


@dataclass(frozen=True)
class Confusion:
    """Counts of gold label by predicted one."""

    labels: tuple[str, ...]
    cells: Mapping[tuple[int, int], int]
    """Only those that are not zero."""
    support: tuple[int, ...]
    """Rows that have the gold label; what was cut off included."""
    unit: str = "rows"
    """What is counted: rows, or the words of tagged rows."""

    @cached_property
    def wide(self) -> int:
        """Cells that a count takes in the grid."""
        return max(CELL, 2 + max((len(short(rows)) for rows in self.cells.values()), default=1))

    @cached_property
    def predicted_rows(self) -> Mapping[int, int]:
        """Of each gold label the rows that have a prediction."""
        sums: dict[int, int] = {}
        for (gold, _), rows in self.cells.items():
            sums[gold] = sums.get(gold, 0) + rows
        return sums

    @cached_property
    def longest(self) -> int:
        """Cells of the longest label's name."""
        return max((cell_width(label) for label in self.labels), default=1)

    def names(self, width: int) -> int:
        """Cells that a label's name takes in a grid of that width."""
        return max(len(CORNER) - 3, min(NAME, self.longest, width // 3))

    @cached_property
    def pairs(self) -> list[Pair]:
        """Confused labels, the most rows first."""
        wrong = [(cell, rows) for cell, rows in self.cells.items() if cell[0] != cell[1]]
        wrong.sort(key=lambda one: (-one[1], one[0]))
        return [Pair(gold, said, rows, rows / max(1, self.support[gold])) for (gold, said), rows in wrong]

    def count(self, gold: int, predicted: int) -> int:
        return self.cells.get((gold, predicted), 0)

    def around(self, focus: int | None) -> list[int]:
        """All labels: few in their own order, many with the one in focus first, then those that it is confused with most."""
        if focus is None or len(self.labels) <= FEW:
            return list(range(len(self.labels)))
        errors = [0] * len(self.labels)
        for pair in self.pairs:
            errors[pair.gold] += pair.rows
            errors[pair.predicted] += pair.rows
        near = [self.count(focus, other) + self.count(other, focus) for other in range(len(self.labels))]
        others = [label for label in range(len(self.labels)) if label != focus]
        return [focus, *sorted(others, key=lambda label: (-near[label], -errors[label], label))]

    @property
    def worst(self) -> int | None:
        """The gold label of the worst pair."""
        return self.pairs[0].gold if self.pairs else (0 if self.labels else None)


def confusion_of(report: Mapping[str, Any]) -> Confusion | None:
    """The confusion in a report; None where its task has none."""
    found = report.get("confusion")
    per_class = report.get("per_class")
    if not isinstance(found, Mapping) or not isinstance(per_class, Sequence):
        return None
    labels = tuple(str(label) for label in found.get("labels", ()))
    support = tuple(int(row.get("support", 0)) for row in per_class)
    if len(support) != len(labels):
        return None
    cells = {(int(g), int(p)): int(n) for g, p, n in found.get("pairs", ()) if g >= 0 <= p}
    wrong = [0] * len(labels)
    for (gold, _), rows in cells.items():
        wrong[gold] += rows
    for label, rows in enumerate(support):
        if (right := _right(found, label, rows - wrong[label])) > 0:
            cells[(label, label)] = right
    return Confusion(labels, cells, support, "words" if "words" in report else "rows")


def _right(found: Mapping[str, Any], label: int, rest: int) -> int:
    """The diagonal: of many labels only the pairs are stored."""
    counts = found.get("counts")
    return int(counts[label][label]) if isinstance(counts, Sequence) else rest


def short(rows: int) -> str:
    """A count in five cells at most: `144`, `1,204`, `20.6k`, `312k`."""
    if rows < 10_000:
        return f"{rows:,}"
    return f"{rows / 1000:.1f}k" if rows < 99_950 else f"{round(rows / 1000):,}k"


def cell_words(confusion: Confusion, gold: int, predicted: int) -> str:
    """The cell under the cursor, exactly."""
    rows = confusion.count(gold, predicted)
    unit = confusion.unit.rstrip("s") if rows == 1 else confusion.unit
    if gold == predicted:
        return f"{confusion.labels[gold]}: {rows:,} of {confusion.support[gold]:,} {confusion.unit} right"
    share = f", {100 * rows / confusion.support[gold]:.0f} %" if confusion.support[gold] else ""
    return f"gold {confusion.labels[gold]}, predicted {confusion.labels[predicted]}: {rows:,} {unit}{share}"


def letters(place: int) -> str:
    """a, b … z, aa, ab …"""
    name = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        name = string.ascii_lowercase[rest] + name
    return name


def pair_words(confusion: Confusion, pair: Pair, width: int) -> Line:
    """`card_arrival → card_linking   6  15 %`."""
    figures = f"{pair.rows:,}".rjust(6) + f"{100 * pair.share:.0f} %".rjust(7)
    half = max(6, (width - len(figures) - 4) // 2)
    gold, said = cut_middle(confusion.labels[pair.gold], half), cut_middle(confusion.labels[pair.predicted], half)
    rest = width - cell_width(gold) - cell_width(said) - 3 - len(figures)
    return line(Span(gold), muted(" → "), Span(said), blanks(rest), figures[:6], muted(figures[6:]))


@dataclass
class Grid:
    """Where the grid is looked at."""

    focus: int | None = None
    """The label that the others are ordered around."""
    row: int = 0
    column: int = 0
    """The cell of the cursor, by its place in the order."""
    top: int = 0
    left: int = 0

    def shape(self, width: int, height: int, confusion: Confusion) -> tuple[int, int]:
        """Rows and columns that there is room for."""
        labels = len(confusion.labels)
        return min(labels, max(1, height - 1)), min(
            labels, max(1, (width - confusion.names(width) - 6 - 8) // confusion.wide)
        )

    def move(self, down: int, right: int, labels: int) -> None:
        self.row = min(max(0, self.row + down), max(0, labels - 1))
        self.column = min(max(0, self.column + right), max(0, labels - 1))

    def keep_in_sight(self, rows: int, columns: int, labels: int) -> None:
        """The cell of the cursor is in the part that is shown."""
        self.move(0, 0, labels)
        self.top = max(0, min(max(self.top, self.row - rows + 1), self.row, labels - rows))
        self.left = max(0, min(max(self.left, self.column - columns + 1), self.column, labels - columns))

    def cell(self, confusion: Confusion) -> tuple[int, int]:
        """Gold and predicted label of the cell under the cursor."""
        order = confusion.around(self.focus)
        return order[min(self.row, len(order) - 1)], order[min(self.column, len(order) - 1)]


def grid_lines(confusion: Confusion, grid: Grid, width: int, height: int, *, focused: bool = True) -> list[Line]:
    """Gold labels down, predicted ones across; what is not in sight across is summed up at the right."""
    order = confusion.around(grid.focus)
    rows, columns = grid.shape(width, height, confusion)
    grid.keep_in_sight(rows, columns, len(order))
    names = confusion.names(width)
    across = range(grid.left, grid.left + columns)
    head = line("   ", muted(pad(Shown(CORNER), names + 3)),
                *(muted(f"{letters(place)} ".rjust(confusion.wide)) for place in across), muted("   other"))  # fmt: skip
    worst = max((pair.rows for pair in confusion.pairs), default=0)
    return [head, *(_grid_line(confusion, grid, order, place, across, worst, focused, names)
                    for place in range(grid.top, grid.top + rows))]  # fmt: skip


def _grid_line(
    confusion: Confusion,
    grid: Grid,
    order: Sequence[int],
    place: int,
    across: range,
    worst: int,
    focused: bool,
    names: int,
) -> Line:
    gold = order[place]
    spans: list[Span] = [blanks(3), muted(letters(place).ljust(3))]
    name = cut_middle(confusion.labels[gold], names)
    spans.append(Span(pad(name, names), "accent" if place == grid.row and focused else "text"))
    seen = 0
    for column in across:
        rows = confusion.count(gold, order[column])
        seen += rows
        here = (place, column) == (grid.row, grid.column)
        spans.append(_cell(rows, confusion.wide, diagonal=column == place, worst=0 < rows == worst, here=here))
    rest = confusion.predicted_rows.get(gold, 0) - seen
    return (*spans, muted(short(rest).rjust(8) if rest else "·".rjust(8)))


def _cell(rows: int, wide: int, *, diagonal: bool, worst: bool, here: bool) -> Span:
    text = short(rows) if rows else "·"
    if here:
        return span(f"[{text}]".rjust(wide), "accent", bold=True)
    token = "muted" if diagonal or not rows else "text"
    return Span(Shown(f"{text} ".rjust(wide)), token, worst and not diagonal)
