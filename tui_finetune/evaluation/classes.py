"""Counts over label ids: what accuracy, F1 and the confusion table are made of. Vectors only, so thousands of labels are fine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

NO_LABEL = -1
"""Id of a prediction that was not made: a word that the maximum length cut off."""


@dataclass(frozen=True)
class Counts:
    """Per label id: rows rightly predicted, rows predicted, rows that are; each [labels]."""

    right: NDArray[np.int64]
    predicted: NDArray[np.int64]
    gold: NDArray[np.int64]

    @property
    def present(self) -> NDArray[np.bool_]:
        """Labels that occur in gold or predictions; only they enter an average."""
        return (self.predicted + self.gold) > 0

    def precision(self) -> NDArray[np.float64]:
        return ratio(self.right, self.predicted)

    def recall(self) -> NDArray[np.float64]:
        return ratio(self.right, self.gold)

    def f1(self) -> NDArray[np.float64]:
        return ratio(2 * self.right, self.predicted + self.gold)


def class_rows(names: Sequence[str], counts: Counts) -> list[dict[str, Any]]:
    """Each label with its precision, recall and F1, its rows and how often it was predicted."""
    columns = (counts.precision(), counts.recall(), counts.f1(), counts.gold, counts.predicted)
    return [
        {"label": n, "precision": float(p), "recall": float(r), "f1": float(f), "support": int(g), "predicted": int(m)}
        for n, p, r, f, g, m in zip(names, *columns, strict=True)
    ]


def count(gold: Sequence[int], predicted: Sequence[int], labels: int) -> Counts:
    """Counts of parallel label ids; ids below 0 in `predicted` are predictions that were not made."""
    g, p = as_ids(gold), as_ids(predicted)
    made = p >= 0
    return Counts(
        right=np.bincount(g[g == p], minlength=labels),
        predicted=np.bincount(p[made], minlength=labels),
        gold=np.bincount(g, minlength=labels),
    )


def pairs(gold: Sequence[int], predicted: Sequence[int]) -> list[tuple[int, int, int]]:
    """(gold id, predicted id, rows) of every pair that occurs, right ones included, in order of the ids."""
    g, p = as_ids(gold), as_ids(predicted)
    if not len(g):
        return []
    found, rows = np.unique(np.stack([g, p], axis=1), axis=0, return_counts=True)
    return [(int(a), int(b), int(n)) for (a, b), n in zip(found, rows, strict=True)]


def as_ids(values: Sequence[int] | Any) -> NDArray[np.int64]:
    return np.asarray(values, dtype=np.int64).reshape(-1)


def ratio(part: Any, whole: Any) -> NDArray[np.float64]:
    """part / whole; 0 where `whole` is 0, as scikit-learn and seqeval have it."""
    part, whole = np.asarray(part, dtype=np.float64), np.asarray(whole, dtype=np.float64)
    found: NDArray[np.float64] = np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
    return found
