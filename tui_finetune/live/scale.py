"""Axes: round ranges that seldom change, the labels on them, where a value stands."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_STEPS = (1.0, 1.4, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0)
"""Ends of ranges, times a power of ten: close enough to each other that a line fills its picture."""


@dataclass(frozen=True)
class Range:
    """From where to where an axis goes."""

    low: float
    high: float
    log: bool = False

    def place(self, value: float) -> float:
        """0 at the low end, 1 at the high one; beyond them it stays at the edge."""
        low, high = self.low, self.high
        if self.log:
            if value <= 0:
                return 0.0
            value, low, high = math.log10(value), math.log10(low), math.log10(high)
        return min(1.0, max(0.0, (value - low) / (high - low)))

    def value(self, place: float) -> float:
        """The value at a place between 0 and 1."""
        if self.log:
            return float(10 ** (math.log10(self.low) + place * (math.log10(self.high) - math.log10(self.low))))
        return self.low + place * (self.high - self.low)

    def words(self) -> str:
        """`0-1.4`."""
        return f"{label(self.low)}-{label(self.high)}"


_TICKS = (1.0, 2.0, 5.0, 10.0)
"""Distances of the labels below, times a power of ten."""


def round_up(value: float, steps: tuple[float, ...] = _STEPS) -> float:
    """The next round number at or above a positive value."""
    power = 10.0 ** math.floor(math.log10(value))
    step = next(step for step in steps if step * power >= value * (1 - 1e-9))
    return float(f"{step * power:.6g}")


def fit(values: Iterable[float], before: Range | None = None, *, log: bool = False, close: bool = False) -> Range:
    """A round range for the values; `before` where they still fit into it, so that nothing rescales under the eye.

    Values that are not finite count for nothing. Zero is in the range, unless it is logarithmic, a share that stays high,
    or looked at from close by.
    """
    finite = [value for value in values if math.isfinite(value) and (value > 0 or not log)]
    if before is not None and before.log == log and all(before.low <= value <= before.high for value in finite):
        return before
    if not finite:
        return Range(0.001, 1.0, log=True) if log else Range(0.0, 1.0)
    low, high = min(finite), max(finite)
    if before is not None and before.log == log:
        low, high = min(low, before.low), max(high, before.high)
    if log:
        return _decades(low, high)
    if close:
        return _close(low, high)
    top = round_up(high) if high > 0 else 0.0
    bottom = -round_up(-low) if low < 0 else _share_floor(low, high)
    return Range(bottom, top if top > bottom else bottom + 1.0)


def _close(low: float, high: float) -> Range:
    """From a round number below to one above, close around the values."""
    step = round_up((high - low or abs(high) or 1.0) / 4)
    bottom, top = math.floor(low / step) * step, math.ceil(high / step) * step
    return Range(float(f"{bottom:.6g}"), float(f"{top if top > bottom else bottom + step:.6g}"))


def _share_floor(low: float, high: float) -> float:
    """Half the way up for scores that are between 0.6 and 1: a curve at the upper edge of its picture tells nothing."""
    return 0.5 if low >= 0.6 and 0.7 < high <= 1.0 else 0.0


def _decades(low: float, high: float) -> Range:
    bottom, top = 10.0 ** math.floor(math.log10(low)), 10.0 ** math.ceil(math.log10(high))
    return Range(bottom, top if top > bottom else bottom * 10.0, log=True)


def label(value: float) -> str:
    """A number at an axis: `0.70`, `0`, `2e-5`, `1,400`."""
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1000:
        return f"{value:,.0f}" if size < 1e6 else f"{value:.0e}".replace("e+0", "e").replace("e+", "e")
    if size >= 10:
        return f"{value:.0f}"
    if size >= 0.01:
        return f"{value:.2f}" if size < 2 else f"{value:.3g}"
    mantissa, _, exponent = f"{value:.1e}".partition("e")
    return f"{mantissa.removesuffix('.0')}e{int(exponent)}"


def labels(values: Sequence[float]) -> list[str]:
    """The labels of one axis, all with as many decimals as the one that needs most: `3.00`, `1.50`, `0.00`."""
    each = [label(value) for value in values]
    if any("e" in one or "," in one for one in each):
        return each
    decimals = max(len(one.partition(".")[2]) for one in each)
    return [f"{value:.{decimals}f}" for value in values]


def step_ticks(end: int, cells: int) -> list[tuple[int, int]]:
    """(step, cell) of the labels below: round steps, far enough apart to be read, and the last step at the right edge."""
    if end <= 0 or cells < 8:
        return []
    wide = len(f"{end:,}") + 4
    fit_in = max(1, cells // max(12, wide))
    spacing = round_up(max(1.0, end / fit_in), _TICKS)
    ticks = [(0, 0)]
    step = spacing
    while step < end:
        cell = round(step / end * (cells - 1))
        if cell + wide <= cells - len(f"{end:,}"):
            ticks.append((round(step), cell))
        step += spacing
    return [*ticks, (end, cells - 1)]
