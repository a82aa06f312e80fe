"""Metrics of the shape `multilabels`, any number of labels a row. scikit-learn's definitions, which tests hold them to."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import numpy as np

from tui_finetune.evaluation.classes import Counts, ratio
from tui_finetune.evaluation.multilabel import average_precisions, count_multilabels
from tui_finetune.plugin_api import Decoded, Metric


def _of_counts(function: Callable[[Counts], float]) -> Callable[[Decoded], float]:
    """A metric of the counts by label; nan without gold or rows."""

    @wraps(function)
    def guarded(decoded: Decoded) -> float:
        if decoded.gold is None or len(decoded.predicted) == 0:
            return float("nan")
        return float(function(count_multilabels(decoded.gold, decoded.predicted, len(decoded.labels))))

    return guarded


@_of_counts
def f1(counts: Counts) -> float:
    return float(counts.f1().mean())


@_of_counts
def f1_micro(counts: Counts) -> float:
    return float(ratio(2 * counts.right.sum(), counts.predicted.sum() + counts.gold.sum()))


@_of_counts
def f1_weighted(counts: Counts) -> float:
    return float(np.average(counts.f1(), weights=counts.gold)) if counts.gold.any() else 0.0


@_of_counts
def precision(counts: Counts) -> float:
    return float(counts.precision().mean())


@_of_counts
def recall(counts: Counts) -> float:
    return float(counts.recall().mean())


def subset_accuracy(decoded: Decoded) -> float:
    if decoded.gold is None or len(decoded.predicted) == 0:
        return float("nan")
    return float(np.mean([set(g) == set(p) for g, p in zip(decoded.gold, decoded.predicted, strict=True)]))


def hamming_loss(decoded: Decoded) -> float:
    if decoded.gold is None or len(decoded.predicted) == 0 or not len(decoded.labels):
        return float("nan")
    wrong = sum(len(set(g) ^ set(p)) for g, p in zip(decoded.gold, decoded.predicted, strict=True))
    return wrong / (len(decoded.predicted) * len(decoded.labels))


def average_precision(decoded: Decoded) -> float:
    found = average_precisions(decoded)
    return (
        float(found[~np.isnan(found)].mean()) if len(decoded.predicted) and not np.isnan(found).all() else float("nan")
    )


_MACRO = "mean over all labels; 0 for a label where it is undefined (scikit-learn)"

MULTILABEL_METRICS: tuple[Metric, ...] = (
    Metric("f1", "multilabels", f1, help=f"Macro F1: {_MACRO}."),
    Metric("f1_micro", "multilabels", f1_micro, help="F1 of all labels' decisions together (scikit-learn)."),
    Metric("f1_weighted", "multilabels", f1_weighted, help="F1 a label, weighted by its rows in gold (scikit-learn)."),
    Metric("precision", "multilabels", precision, help=f"Macro precision: {_MACRO}."),
    Metric("recall", "multilabels", recall, help=f"Macro recall: {_MACRO}."),
    Metric(
        "accuracy", "multilabels", subset_accuracy, help="Subset accuracy: share of rows whose labels are all right."
    ),
    Metric(
        "hamming_loss",
        "multilabels",
        hamming_loss,
        greater_is_better=False,
        help="Share of the decisions, one a row and label, that are wrong (scikit-learn).",
    ),
    Metric(
        "average_precision",
        "multilabels",
        average_precision,
        help="Area under precision against recall, mean over the labels that occur; thresholds do not matter. nan where no "
        "label occurs or there are no scores (scikit-learn).",
    ),
)
