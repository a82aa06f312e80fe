"""Metrics as pure numpy functions of `Decoded`. scikit-learn's and seqeval's definitions, which tests hold them to.

One name may stand for a figure of two shapes: `f1` is macro F1 of labels and entity F1 of tags; the task's shape chooses.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import numpy as np

from tui_finetune.builtin.answer_metrics import ANSWER_METRICS
from tui_finetune.builtin.multilabel_metrics import MULTILABEL_METRICS
from tui_finetune.builtin.number_metrics import NUMBER_METRICS
from tui_finetune.builtin.ordinal_metrics import ORDINAL_METRICS
from tui_finetune.builtin.preference_metrics import PREFERENCE_METRICS
from tui_finetune.builtin.rank_metrics import RANK_METRICS
from tui_finetune.builtin.text_metrics import TEXT_METRICS
from tui_finetune.builtin.token_metrics import TOKEN_METRICS
from tui_finetune.evaluation.classes import NO_LABEL, Counts, as_ids, count
from tui_finetune.evaluation.entities import EntityCounts, count_entities, total
from tui_finetune.plugin_api import Decoded, Metric


def _with_gold(function: Callable[[Decoded], float]) -> Callable[[Decoded], float]:
    """nan where there is nothing to compare with: no gold, no rows."""

    @wraps(function)
    def guarded(decoded: Decoded) -> float:
        if decoded.gold is None or len(decoded.predicted) == 0:
            return float("nan")
        return float(function(decoded))

    return guarded


# One label a row


def _counts(decoded: Decoded) -> Counts:
    assert decoded.gold is not None
    return count(decoded.gold, decoded.predicted, len(decoded.labels))


@_with_gold
def accuracy(decoded: Decoded) -> float:
    return float(np.mean(as_ids(decoded.gold) == as_ids(decoded.predicted)))


@_with_gold
def f1(decoded: Decoded) -> float:
    counts = _counts(decoded)
    return float(counts.f1()[counts.present].mean())


@_with_gold
def f1_weighted(decoded: Decoded) -> float:
    counts = _counts(decoded)
    return float(np.average(counts.f1(), weights=counts.gold))


@_with_gold
def f1_binary(decoded: Decoded) -> float:
    if len(decoded.labels) != 2:
        return float("nan")
    return float(_counts(decoded).f1()[1])


@_with_gold
def precision(decoded: Decoded) -> float:
    counts = _counts(decoded)
    return float(counts.precision()[counts.present].mean())


@_with_gold
def recall(decoded: Decoded) -> float:
    counts = _counts(decoded)
    return float(counts.recall()[counts.present].mean())


@_with_gold
def matthews_correlation(decoded: Decoded) -> float:
    counts = _counts(decoded)
    rows = float(counts.gold.sum())
    said, there = counts.predicted.astype(float), counts.gold.astype(float)
    spread = (rows**2 - said @ said) * (rows**2 - there @ there)
    return float((counts.right.sum() * rows - said @ there) / np.sqrt(spread)) if spread > 0 else 0.0


# A tag a word


def tag_names(decoded: Decoded) -> tuple[list[list[str]], list[list[str]]]:
    """Gold and predicted tags by name; a word that was cut off counts as `O`, so its gold entity is missed."""
    names = decoded.labels.names
    gold = [[names[tag] for tag in row] for row in decoded.gold or ()]
    said = [["O" if tag == NO_LABEL else names[tag] for tag in row] for row in decoded.predicted]
    return gold, said


def _entities(decoded: Decoded) -> EntityCounts:
    return total(count_entities(*tag_names(decoded)))


@_with_gold
def tag_accuracy(decoded: Decoded) -> float:
    gold, said = tag_names(decoded)
    words = sum(len(row) for row in gold)
    right = sum(a == b for g, s in zip(gold, said, strict=True) for a, b in zip(g, s, strict=True))
    return right / words if words else float("nan")


@_with_gold
def entity_f1(decoded: Decoded) -> float:
    return _entities(decoded).f1


@_with_gold
def entity_precision(decoded: Decoded) -> float:
    return _entities(decoded).precision


@_with_gold
def entity_recall(decoded: Decoded) -> float:
    return _entities(decoded).recall


_MACRO = "mean over the labels that occur in gold or predictions; 0 for a label where it is undefined (scikit-learn)"
_ENTITY = "over entities, right when type and both ends are (seqeval, default mode); words cut off count as O"

METRICS: tuple[Metric, ...] = (
    Metric("accuracy", "labels", accuracy, help="Share of rows with the right label."),
    Metric("f1", "labels", f1, help=f"Macro F1: {_MACRO}."),
    Metric("f1_weighted", "labels", f1_weighted, help="F1 a label, weighted by its rows in gold (scikit-learn)."),
    Metric(
        "f1_binary", "labels", f1_binary, help="F1 of the second of two labels; nan with any other number of labels."
    ),
    Metric("precision", "labels", precision, help=f"Macro precision: {_MACRO}."),
    Metric("recall", "labels", recall, help=f"Macro recall: {_MACRO}."),
    Metric(
        "matthews_correlation",
        "labels",
        matthews_correlation,
        range=(-1.0, 1.0),
        help="Matthews correlation, for any number of labels; 0 where gold or predictions are all one label (scikit-learn).",
    ),
    Metric("f1", "tags", entity_f1, help=f"F1 {_ENTITY}."),
    Metric("precision", "tags", entity_precision, help=f"Precision {_ENTITY}."),
    Metric("recall", "tags", entity_recall, help=f"Recall {_ENTITY}."),
    Metric("accuracy", "tags", tag_accuracy, help="Share of words with the right tag; words cut off count as O."),
    *ANSWER_METRICS,
    *MULTILABEL_METRICS,
    *NUMBER_METRICS,
    *ORDINAL_METRICS,
    *PREFERENCE_METRICS,
    *RANK_METRICS,
    *TEXT_METRICS,
    *TOKEN_METRICS,
)
