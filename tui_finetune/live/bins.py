"""Points gathered into the dot columns of a chart: minimum and maximum of each, never a sample."""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from statistics import median

from tui_finetune.live.points import Series

GAP = 3.0
"""Points further apart than so many times their usual distance are not joined: nothing is known between them."""
MANY = 2_000
"""New points from which on they are taken by columns."""
USUAL = 200
"""Newest points that the usual distance is taken from."""


@dataclass
class Bin:
    """The points of one dot column."""

    low: float
    high: float
    first: float
    last: float
    first_step: int
    last_step: int
    broken: bool = False
    """A value that is not finite stands before its first point: it is not joined to the column before."""


@dataclass
class Bins:
    """A series in columns, fed as it grows: a million points are gathered once, not at every paint."""

    end: int
    """The step at the right edge."""
    columns: int
    start: int = 0
    """The step at the left edge."""
    found: dict[int, Bin] = field(default_factory=dict)
    gaps: set[int] = field(default_factory=set)
    """Columns in which something was not finite."""
    distance: float = 1.0
    """The usual distance of two points, in steps."""
    _taken: int = 0
    _last_step: int = -1
    _broken: bool = False

    def column(self, step: int) -> int:
        """The column of a step."""
        reach = max(1, self.end - self.start)
        return min(self.columns - 1, max(0, round((step - self.start) / reach * (self.columns - 1))))

    def take(self, series: Series) -> None:
        """Adds what is new in the series; begins again where it is another one, or was cut."""
        steps = series.steps
        if self._taken > len(steps) or (self._taken and steps[self._taken - 1] != self._last_step):
            self._clear()
        first, last = bisect_left(steps, self.start), bisect_right(steps, self.end)
        first = max(self._taken, first)
        if last - first > MANY:
            self._add_many(series, first, last)
        else:
            for place in range(first, last):
                self._add(steps[place], series.values[place])
        self._taken = len(steps)
        self._last_step = steps[-1] if steps else -1
        recent = steps[-USUAL:]
        if len(recent) > 1:
            self.distance = max(1.0, median(b - a for a, b in itertools.pairwise(recent)))

    def _clear(self) -> None:
        self.found.clear()
        self.gaps.clear()
        self._taken, self._last_step, self._broken = 0, -1, False

    def _add(self, step: int, value: float) -> None:
        column = self.column(step)
        if not math.isfinite(value):
            self.gaps.add(column)
            self._broken = True
            return
        known = self.found.get(column)
        if known is None:
            self.found[column] = Bin(value, value, value, value, step, step, self._broken)
        else:
            known.low, known.high = min(known.low, value), max(known.high, value)
            known.last, known.last_step = value, step
        self._broken = False

    def _add_many(self, series: Series, first: int, last: int) -> None:
        """The same for very many, a column at a time: a million within a frame."""
        while first < last:
            column = self.column(series.steps[first])
            after = bisect_right(series.steps, column, first, last, key=self.column)
            self._add_column(series, column, first, after)
            first = after

    def _add_column(self, series: Series, column: int, first: int, after: int) -> None:
        found = series.between(first, after)
        if found.holes:
            self.gaps.add(column)
        if found.empty:
            self._broken = True
            return
        one, other = series.finite(first, after), series.finite(first, after, newest=True)
        steps, values = series.steps, series.values
        broken = self._broken or one > first
        self._merge(column, Bin(found.low, found.high, values[one], values[other], steps[one], steps[other], broken))
        self._broken = other < after - 1

    def _merge(self, column: int, new: Bin) -> None:
        known = self.found.get(column)
        if known is None:
            self.found[column] = new
        else:
            known.low, known.high = min(known.low, new.low), max(known.high, new.high)
            known.last, known.last_step = new.last, new.last_step

    def joined(self, left: Bin, right: Bin) -> bool:
        """True where a line may go from one column's last point to the other's first."""
        return not right.broken and right.first_step - left.last_step <= GAP * max(self.distance, self._spacing())

    def _spacing(self) -> float:
        """Steps of one column: points that are denser than the columns are not far apart because a column is empty."""
        return max(1, self.end - self.start) / max(1, self.columns - 1)

    def range(self) -> tuple[float, float] | None:
        """Smallest and largest value."""
        if not self.found:
            return None
        return min(one.low for one in self.found.values()), max(one.high for one in self.found.values())
