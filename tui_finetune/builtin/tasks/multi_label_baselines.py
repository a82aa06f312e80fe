"""What trivial methods reach with several labels a text: the label set that occurs most; words and a linear model a label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from tui_finetune.builtin.tasks.text_baselines import binary_scores, features
from tui_finetune.evaluation.measure import measure
from tui_finetune.evaluation.multilabel import hot
from tui_finetune.plugin_api import Baseline, Decoded, LabelSet, Metric

MOST_LABELS = 200
"""A model is fitted a label: beyond this many the baseline would take longer than it tells."""
_THRESHOLD = 0.3
"""Of the linear models, which are shy of rare labels."""


def multi_label_baselines(
    train: Sequence[str],
    test: Sequence[str],
    train_gold: Sequence[Sequence[int]],
    test_gold: Sequence[Sequence[int]],
    labels: LabelSet,
    metrics: Sequence[Metric],
) -> list[Baseline]:
    """`majority` and, where the texts hold words and there are not too many labels, `tfidf`."""
    counted: Counter[tuple[int, ...]] = Counter(tuple(row) for row in train_gold)
    commonest = min(counted, key=lambda row: (-counted[row], row), default=())
    share = hot(train_gold, len(labels)).mean(axis=0) if len(train_gold) else np.zeros(len(labels))
    always = Decoded(labels, [list(commonest)] * len(test), list(test_gold), [share] * len(test))
    found = [Baseline("majority", measure(always, metrics), "most frequent set of labels")]
    words = features(train, test, len(labels)) if len(labels) <= MOST_LABELS else None
    if words is None:
        return found
    seen, asked, units = words
    scores = binary_scores(seen, asked, hot(train_gold, len(labels)))
    predicted = [np.flatnonzero(row >= _THRESHOLD).tolist() for row in scores]
    said = Decoded(labels, predicted, list(test_gold), list(scores))
    help = f"TF-IDF of {units}, a logistic regression a label from {_THRESHOLD} on (scikit-learn)"
    return [*found, Baseline("tfidf", measure(said, metrics), help)]
