"""What trivial methods reach at numbers: train's mean; words and a linear model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tui_finetune.builtin.tasks.text_baselines import features, ridge
from tui_finetune.evaluation.measure import measure
from tui_finetune.plugin_api import Baseline, Decoded, LabelSet, Metric


def number_baselines(
    train: Sequence[str],
    test: Sequence[str],
    train_gold: np.ndarray,
    test_gold: np.ndarray,
    labels: LabelSet,
    metrics: Sequence[Metric],
) -> list[Baseline]:
    """`mean` and, where the texts hold words, `tfidf`. gold: shape [rows, targets]."""
    gold = _values(test_gold)
    mean = _values(np.tile(train_gold.mean(axis=0), (len(test), 1)))
    found = [Baseline("mean", measure(Decoded(labels, mean, gold), metrics), "train's mean")]
    words = features(train, test, 1)
    if words is None:
        return found
    seen, asked, units = words
    said = _values(ridge(seen, asked, train_gold))
    help = f"TF-IDF of {units}, ridge regression (scikit-learn)"
    return [*found, Baseline("tfidf", measure(Decoded(labels, said, gold), metrics), help)]


def _values(numbers: np.ndarray) -> list[Any]:
    found: list[Any] = numbers[:, 0].tolist() if numbers.shape[1] == 1 else numbers.tolist()
    return found
