"""Metrics of the shape `numbers`, a float a row or a list of them. scipy's and scikit-learn's definitions, several targets as
scikit-learn's `uniform_average`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING

import numpy as np

from tui_finetune.plugin_api import Decoded, Metric

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]


def _of_numbers(function: Callable[[Numbers, Numbers], float]) -> Callable[[Decoded], float]:
    """A metric of gold and predicted numbers, the mean over the targets where there are several; nan without gold or rows,
    and where a number is not finite."""

    @wraps(function)
    def guarded(decoded: Decoded) -> float:
        if decoded.gold is None or len(decoded.predicted) == 0:
            return float("nan")
        gold = np.asarray(decoded.gold, dtype=np.float64)
        said = np.asarray(decoded.predicted, dtype=np.float64)
        if not (np.isfinite(gold).all() and np.isfinite(said).all()):
            return float("nan")
        with np.errstate(over="ignore"):  # a square of what is very large is infinite
            if gold.ndim == 1:
                return float(function(gold, said))
            return float(np.mean([function(g, s) for g, s in zip(gold.T, said.T, strict=True)]))

    return guarded


@_of_numbers
def mean_squared_error(gold: Numbers, said: Numbers) -> float:
    return float(np.square(gold - said).mean())


@_of_numbers
def mean_absolute_error(gold: Numbers, said: Numbers) -> float:
    return float(np.abs(gold - said).mean())


@_of_numbers
def r2(gold: Numbers, said: Numbers) -> float:
    if len(gold) < 2:
        return float("nan")
    left, there = np.square(gold - said).sum(), np.square(gold - gold.mean()).sum()
    if there == 0:
        return float(left == 0)
    return float(1 - left / there)


@_of_numbers
def pearson(gold: Numbers, said: Numbers) -> float:
    return _correlation(gold, said)


@_of_numbers
def spearman(gold: Numbers, said: Numbers) -> float:
    return _correlation(_ranks(gold), _ranks(said))


def _correlation(a: Numbers, b: Numbers) -> float:
    """nan where one side does not vary: fewer than two rows, or the same number throughout."""
    if (a == a[0]).all() or (b == b[0]).all():
        return float("nan")
    return float(np.clip(_unit(a) @ _unit(b), -1, 1))


def _unit(numbers: Numbers) -> Numbers:
    """Deviations from the mean as a vector of length 1; scaled first, so that squares neither overflow nor vanish."""
    apart = numbers - numbers.mean()
    apart = apart / np.abs(apart).max()
    unit: Numbers = apart / np.linalg.norm(apart)
    return unit


def _ranks(numbers: Numbers) -> Numbers:
    """Ranks from 1; equal numbers share the mean of theirs."""
    _, place, count = np.unique(numbers, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    ranks: Numbers = (last - (count - 1) / 2)[place]
    return ranks


_CONSTANT = "nan where gold or predictions are one number throughout (scipy)"
_UNBOUNDED = (0.0, float("inf"))

NUMBER_METRICS: tuple[Metric, ...] = (
    Metric("pearson", "numbers", pearson, (-1.0, 1.0), help=f"Pearson's correlation; {_CONSTANT}."),
    Metric("spearman", "numbers", spearman, (-1.0, 1.0), help=f"Spearman's rank correlation; {_CONSTANT}."),
    Metric("mse", "numbers", mean_squared_error, _UNBOUNDED, False, help="Mean squared error (scikit-learn)."),
    Metric("mae", "numbers", mean_absolute_error, _UNBOUNDED, False, help="Mean absolute error (scikit-learn)."),
    Metric(
        "r2",
        "numbers",
        r2,
        (float("-inf"), 1.0),
        help="Share of the variance that is explained; nan for one row, and where gold is one number throughout 1 if all "
        "are right, else 0 (scikit-learn).",
    ),
)
