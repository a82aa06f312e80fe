"""Several labels a row: counts, thresholds, and the table by label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tui_finetune.evaluation.classes import Counts, class_rows, ratio
from tui_finetune.plugin_api import Decoded

if TYPE_CHECKING:
    from numpy.typing import NDArray

DECIMALS = 6
"""Of a threshold: more than the model's scores have."""


def hot(rows: Sequence[Sequence[int]], labels: int) -> NDArray[np.float64]:
    """1 where the row has the label, else 0. Shape [rows, labels]."""
    found = np.zeros((len(rows), labels))
    places = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    found[places, np.asarray([one for row in rows for one in row], dtype=np.int64)] = 1.0
    return found


def count_multilabels(gold: Sequence[Sequence[int]], predicted: Sequence[Sequence[int]], labels: int) -> Counts:
    """Counts by label, over rows that have any number of them."""
    right = [one for g, p in zip(gold, predicted, strict=True) for one in set(g).intersection(p)]
    return Counts(*(_often(ids, labels) for ids in (right, _flat(predicted), _flat(gold))))


def _flat(rows: Sequence[Sequence[int]]) -> list[int]:
    return [one for row in rows for one in row]


def _often(ids: Sequence[int], labels: int) -> NDArray[np.int64]:
    return np.bincount(np.asarray(ids, dtype=np.int64), minlength=labels)


def tuned_thresholds(decoded: Decoded, usual: float) -> list[float]:
    """Of each label the threshold with the best F1 on these rows, halfway to the next lower score; `usual` for a label that
    no row has."""
    assert decoded.gold is not None
    scores = np.asarray(decoded.scores, dtype=np.float64).reshape(len(decoded.gold), len(decoded.labels))
    there = hot(decoded.gold, len(decoded.labels))
    return [_best(s, g) if g.any() else usual for s, g in zip(scores.T, there.T, strict=True)]


def _best(scores: NDArray[np.float64], gold: NDArray[np.float64]) -> float:
    order = np.argsort(-scores, kind="stable")
    ranked, right = scores[order], np.cumsum(gold[order])
    f1 = 2 * right / (np.arange(1, len(ranked) + 1) + gold.sum())
    lower = np.append(ranked[1:], 0.0)
    f1[ranked == lower] = -1.0  # rows of one score are taken together
    best = int(f1.argmax())
    return round(float((ranked[best] + lower[best]) / 2), DECIMALS)


def multilabel_report(decoded: Decoded) -> dict[str, Any]:
    """`per_class`, and `label_counts`: how many rows have none, one, two … labels in gold and predictions. Empty without gold."""
    if decoded.gold is None:
        return {}
    names = decoded.labels.names
    counts = count_multilabels(decoded.gold, decoded.predicted, len(names))
    per_class = class_rows(names, counts)
    sizes = {
        "gold": np.bincount([len(row) for row in decoded.gold]).tolist(),
        "predicted": np.bincount([len(row) for row in decoded.predicted]).tolist(),
    }
    return {"per_class": per_class, "label_counts": sizes, "average_precision": _average_precisions(decoded)}


def _average_precisions(decoded: Decoded) -> dict[str, float | None]:
    found = average_precisions(decoded)
    return {n: None if np.isnan(v) else float(v) for n, v in zip(decoded.labels.names, found, strict=True)}


def average_precisions(decoded: Decoded) -> NDArray[np.float64]:
    """Average precision by label, whatever the thresholds; nan for a label that no row has (scikit-learn's definition)."""
    labels = len(decoded.labels)
    if decoded.scores is None or decoded.gold is None:
        return np.full(labels, np.nan)
    scores = np.asarray(decoded.scores, dtype=np.float64).reshape(len(decoded.gold), labels)
    there = hot(decoded.gold, labels)
    return np.asarray([_average_precision(s, g) for s, g in zip(scores.T, there.T, strict=True)])


def _average_precision(scores: NDArray[np.float64], gold: NDArray[np.float64]) -> float:
    if not gold.any():
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    ranked, right = scores[order], np.cumsum(gold[order])
    ends = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)  # rows of one score are taken together
    precision = ratio(right[ends], ends + 1)
    recall = right[ends] / gold.sum()
    return float(np.sum(np.diff(np.append(0.0, recall)) * precision))
