"""What is reached without training: words that two texts have in common, and TF-IDF."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tui_finetune.builtin.tasks.text_baselines import features
from tui_finetune.builtin.tasks.text_search import products
from tui_finetune.evaluation.measure import measure
from tui_finetune.plugin_api import Baseline, Decoded, LabelSet, Metric

Rows = Mapping[str, Sequence[Any]]
ROLES = ("text", "text_pair", "negative")
WORD = re.compile(r"\w+")
MOST_CANDIDATES = 20_000
"""Rows of which a search by words would take longer than it tells."""


def similarity_baselines(
    train: Rows, test: Rows, units: Callable[[np.ndarray], np.ndarray], labels: LabelSet, metrics: Sequence[Metric]
) -> list[Baseline]:
    """`overlap` and `tfidf`. units: similarities in the units of the scores."""
    gold = [float(one) for one in test["score"]]
    first, second = _texts(test, "text"), _texts(test, "text_pair")
    shared = np.array([_overlap(a, b) for a, b in zip(first, second, strict=True)])
    found = [Baseline("overlap", _measured(units(shared), gold, labels, metrics), "words in common (Dice)")]
    words = features(_texts(train, "text") + _texts(train, "text_pair"), first + second, 1)
    if words is None:
        return found
    _, asked, named = words
    similar = products(asked[: len(first)], asked[len(first) :])
    help = f"cosine of TF-IDF of {named} (scikit-learn)"
    return [*found, Baseline("tfidf", _measured(units(similar), gold, labels, metrics), help)]


def search_baselines(train: Rows, test: Rows, labels: LabelSet, metrics: Sequence[Metric]) -> list[Baseline]:
    """`tfidf`: the same search by words."""
    from tui_finetune.builtin.tasks.text_retrieval import search_decoded

    names = [name for name in ROLES if name in test]
    texts = [_texts(test, name) for name in names]
    words = features(
        [text for name in names for text in _texts(train, name)], [text for one in texts for text in one], 1
    )
    if words is None or len(texts[0]) > MOST_CANDIDATES:
        return []
    _, asked, named = words
    count = len(texts[0])
    vectors = [asked[start : start + count] for start in range(0, count * len(names), count)]
    decoded = search_decoded(texts, vectors, labels, {})
    return [Baseline("tfidf", measure(decoded, metrics), f"search by TF-IDF of {named} (scikit-learn)")]


def _measured(
    said: np.ndarray, gold: Sequence[float], labels: LabelSet, metrics: Sequence[Metric]
) -> Mapping[str, float]:
    return measure(Decoded(labels, said.tolist(), list(gold)), metrics)


def _texts(rows: Rows, role: str) -> list[str]:
    return [str(text or "") for text in rows[role]]


def _overlap(first: str, second: str) -> float:
    one, other = (set(WORD.findall(text.lower())) for text in (first, second))
    return 2 * len(one & other) / (len(one) + len(other)) if one or other else 0.0
