"""Statistics that a few odd values do not move: what is usual, and how far one may be from it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import combinations
from statistics import median

NORMAL = 1.4826
"""Median absolute deviation of a normal distribution to its standard deviation."""


def finite(values: Iterable[float]) -> list[float]:
    return [value for value in values if math.isfinite(value)]


def sigma(values: Sequence[float], middle: float) -> float:
    """A standard deviation from the median absolute deviation."""
    return NORMAL * median(abs(value - middle) for value in values)


def quantile(values: Sequence[float], share: float) -> float:
    """The value that `share` of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, math.ceil(share * len(ordered)) - 1))]


def mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def standard_error(values: Sequence[float]) -> float:
    """Of the mean of independent values."""
    middle = mean(values)
    return math.sqrt(math.fsum((value - middle) ** 2 for value in values) / max(1, len(values) - 1) / len(values))


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Change of y per x by Theil and Sen: the median of the slopes between all pairs."""
    return median((y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in combinations(points, 2) if x2 != x1)
