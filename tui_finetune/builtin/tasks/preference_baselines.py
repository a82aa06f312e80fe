"""What trivial methods reach at telling the preferred answer: the longer one; words and a linear model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tui_finetune.builtin.tasks.text_baselines import features, margins_of_pairs
from tui_finetune.evaluation.measure import measure
from tui_finetune.plugin_api import Baseline, Decoded, LabelSet, Metric

ANSWERS = ("chosen", "rejected")


def preference_baselines(
    train: Mapping[str, Sequence[Any]], test: Mapping[str, Sequence[Any]], labels: LabelSet, metrics: Sequence[Metric]
) -> list[Baseline]:
    """`longer` and, where the texts hold words, `tfidf`."""
    chosen, rejected = (test[name] for name in ANSWERS)
    ahead = [float(len(one.split()) - len(other.split())) for one, other in zip(chosen, rejected, strict=True)]
    # The margin of it is in words: no figure to stand beside a model's.
    of_choice = [metric for metric in metrics if metric.name == "accuracy"]
    found = [_baseline("longer", ahead, labels, of_choice, "the answer with more words")]
    margins = _linear(train, test)
    if margins is not None:
        help = "TF-IDF of the answers, logistic regression on their differences (scikit-learn)"
        found.append(_baseline("tfidf", margins, labels, metrics, help))
    return found


def _baseline(name: str, margins: Sequence[float], labels: LabelSet, metrics: Sequence[Metric], help: str) -> Baseline:
    decoded = Decoded(labels, list(margins), [1.0] * len(margins))
    return Baseline(name, measure(decoded, metrics), help)


def _linear(train: Mapping[str, Sequence[Any]], test: Mapping[str, Sequence[Any]]) -> list[float] | None:
    seen = [text for name in ANSWERS for text in train[name]]
    asked = [text for name in ANSWERS for text in test[name]]
    words = features(seen, asked, 1)
    return None if words is None else margins_of_pairs(words[0], words[1]).tolist()
