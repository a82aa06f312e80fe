"""What trivial methods reach on the same rows: the most frequent label; words and a linear model."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from tui_finetune.evaluation.measure import measure
from tui_finetune.plugin_api import Baseline, Decoded, LabelSet, Metric

WEIGHTS = 30_000_000
"""Largest number of weights (features x labels) of the linear model: its memory and time grow with it."""
SAMPLE = 500
"""Texts looked at to tell whether words are parted by blanks."""

_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
"""Letters of scripts without blanks between words: Thai, Lao, Burmese, Khmer, Japanese, Chinese."""


def text_baselines(
    train: Sequence[str],
    test: Sequence[str],
    train_gold: Sequence[int],
    test_gold: Sequence[int],
    labels: LabelSet,
    metrics: Sequence[Metric],
) -> list[Baseline]:
    """`majority` and, where the texts hold words and train holds two labels, `tfidf`."""
    share = np.bincount(np.asarray(train_gold, dtype=np.int64), minlength=len(labels)) / max(len(train_gold), 1)
    found = [_baseline("majority", np.tile(share, (len(test), 1)), test_gold, labels, metrics, "most frequent label")]
    words = _tfidf(train, test, train_gold, len(labels))
    if words is not None:
        scores, units = words
        help = f"TF-IDF of {units}, logistic regression (scikit-learn)"
        found.append(_baseline("tfidf", scores, test_gold, labels, metrics, help))
    return found


def _baseline(
    name: str, scores: np.ndarray, gold: Sequence[int], labels: LabelSet, metrics: Sequence[Metric], help: str
) -> Baseline:
    predicted = scores.argmax(axis=1).tolist()
    return Baseline(name, measure(Decoded(labels, predicted, list(gold), list(scores)), metrics), help)


def _tfidf(
    train: Sequence[str], test: Sequence[str], gold: Sequence[int], labels: int
) -> tuple[np.ndarray, str] | None:
    """Probabilities [rows, labels] of the test texts and what the features are; None where nothing can be learnt."""
    if len(set(gold)) < 2:
        return None
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    unspaced = _mostly_unspaced(train)
    ngrams = {"analyzer": "char", "ngram_range": (1, 3)} if unspaced else {"ngram_range": (1, 2)}
    vectorizer = TfidfVectorizer(**ngrams, sublinear_tf=True, max_features=max(WEIGHTS // labels, 1000))
    try:
        features = vectorizer.fit_transform(train)
    except ValueError:
        return None  # no text holds a word
    model = LogisticRegression(max_iter=1000, C=10.0).fit(features, np.asarray(gold))
    scores = np.zeros((len(test), labels))
    scores[:, model.classes_] = model.predict_proba(vectorizer.transform(test))
    return scores, "1-3 characters" if unspaced else "1-2 words"


def _mostly_unspaced(texts: Sequence[str]) -> bool:
    sample = "".join(texts[:: max(1, len(texts) // SAMPLE)])
    return 3 * len(_UNSPACED.findall(sample)) > len(sample)
