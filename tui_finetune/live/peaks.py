"""The smallest and largest value of each 64 of a series: a chart of a million points looks at 16,000 of these."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf, isfinite

BLOCK = 64


@dataclass(frozen=True)
class Spread:
    """What lies between two places of a series: finite values alone, and whether there are others."""

    low: float = inf
    high: float = -inf
    holes: bool = False
    """Something is not finite."""

    @property
    def empty(self) -> bool:
        """Nothing is finite."""
        return self.low > self.high


@dataclass
class Peaks:
    """Of whole blocks of one array of values. Blocks are looked at once, when they are asked for."""

    _lows: array[float] = field(default_factory=lambda: array("d"))
    _highs: array[float] = field(default_factory=lambda: array("d"))
    _holes: bytearray = field(default_factory=bytearray)

    def take(self, values: array[float]) -> None:
        """Looks at the blocks that have become whole."""
        for start in range(len(self._lows) * BLOCK, len(values) - BLOCK + 1, BLOCK):
            found = spread_of(values[start : start + BLOCK])
            self._lows.append(found.low)
            self._highs.append(found.high)
            self._holes.append(found.holes)

    def forget(self, place: int) -> None:
        """What stands at this place or behind it is another value now, or gone."""
        block = place // BLOCK
        del self._lows[block:], self._highs[block:], self._holes[block:]

    def between(self, values: array[float], first: int, last: int) -> Spread:
        """Of values[first:last]."""
        self.take(values)
        left, right = -(-first // BLOCK), min(last // BLOCK, len(self._lows))
        if left >= right:
            return spread_of(values[first:last])
        before, after = spread_of(values[first : left * BLOCK]), spread_of(values[right * BLOCK : last])
        low, high = min(self._lows[left:right]), max(self._highs[left:right])
        holes = before.holes or after.holes or 1 in self._holes[left:right]
        return Spread(min(before.low, low, after.low), max(before.high, high, after.high), holes)

    def finite(self, values: array[float], first: int, last: int, *, newest: bool = False) -> int:
        """The place of the first finite value of values[first:last], or of the last one; there is one."""
        return next(place for place in self._places(first, last, newest=newest) if isfinite(values[place]))

    def _places(self, first: int, last: int, *, newest: bool) -> Iterator[int]:
        """Places that may have a finite value, in order or backwards: blocks without one are passed by."""
        blocks = range(first // BLOCK, -(-last // BLOCK))
        for block in reversed(blocks) if newest else blocks:
            if block < len(self._lows) and self._lows[block] > self._highs[block]:
                continue
            inside = range(max(first, block * BLOCK), min(last, (block + 1) * BLOCK))
            yield from reversed(inside) if newest else inside


def spread_of(values: array[float]) -> Spread:
    """Of few values."""
    if not values:
        return Spread()
    if isfinite(sum(values)):
        return Spread(min(values), max(values))
    finite = [value for value in values if isfinite(value)]
    return Spread(min(finite, default=inf), max(finite, default=-inf), len(finite) < len(values))
