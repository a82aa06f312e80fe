"""What trivial methods reach on the same rows: the most frequent label; words and a linear model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from tui_finetune.evaluation.measure import measure
from tui_finetune.evaluation.squad import UNSPACED
from tui_finetune.plugin_api import Baseline, Decoded, LabelSet, Metric

WEIGHTS = 30_000_000
"""Largest number of weights (features x labels) of the linear model: its memory and time grow with it."""
MOST_LABELS = 1_000
"""Beyond this many the linear model would take longer than the training."""
SAMPLE = 500
"""Texts looked at to tell whether words are parted by blanks."""

_UNSPACED = re.compile(f"[{UNSPACED}]")


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
    found = features(train, test, labels) if len(set(gold)) > 1 and labels <= MOST_LABELS else None
    if found is None:
        return None
    from sklearn.linear_model import LogisticRegression

    seen, asked, units = found
    model = LogisticRegression(max_iter=1000, C=10.0).fit(seen, np.asarray(gold))
    scores = np.zeros((len(test), labels))
    scores[:, model.classes_] = model.predict_proba(asked)
    return scores, units


def features(train: Sequence[str], test: Sequence[str], labels: int) -> tuple[Any, Any, str] | None:
    """TF-IDF of both, as sparse matrices, and what the features are; None where no text holds a word."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    unspaced = _mostly_unspaced(train)
    ngrams = {"analyzer": "char", "ngram_range": (1, 3)} if unspaced else {"ngram_range": (1, 2)}
    vectorizer = TfidfVectorizer(**ngrams, sublinear_tf=True, max_features=max(WEIGHTS // labels, 1000))
    try:
        seen = vectorizer.fit_transform(train)
    except ValueError:
        return None
    return seen, vectorizer.transform(test), "1-3 characters" if unspaced else "1-2 words"


def binary_scores(seen: Any, asked: Any, gold: np.ndarray) -> np.ndarray:
    """Probabilities [rows, labels] of the asked rows, by a logistic regression a label. gold: 1 or 0, shape [rows, labels]."""
    from sklearn.linear_model import LogisticRegression

    columns = []
    for column in gold.T:
        if column.min() == column.max():
            columns.append(np.full(asked.shape[0], float(column[0])))
            continue
        model = LogisticRegression(max_iter=200, C=10.0, solver="liblinear").fit(seen, column)
        columns.append(model.predict_proba(asked)[:, 1])
    return np.stack(columns, axis=1)


def ridge(seen: Any, asked: Any, gold: np.ndarray) -> np.ndarray:
    """Numbers [rows, targets] of the asked rows, by a ridge regression."""
    from sklearn.linear_model import Ridge

    found: np.ndarray = Ridge(alpha=1.0).fit(seen, gold).predict(asked)
    return found.reshape(-1, gold.shape[1])


def margins_of_pairs(seen: Any, asked: Any) -> np.ndarray:
    """How far ahead the first of each asked pair is, by Bradley and Terry's model over features. The rows of both: all first
    ones, then all second ones; of those seen the first is preferred."""
    from scipy.sparse import vstack
    from sklearn.linear_model import LogisticRegression

    apart, wanted = (rows[: rows.shape[0] // 2] - rows[rows.shape[0] // 2 :] for rows in (seen, asked))
    model = LogisticRegression(max_iter=1000, C=10.0, fit_intercept=False)
    model.fit(vstack([apart, -apart]), np.repeat([1, 0], apart.shape[0]))
    found: np.ndarray = model.decision_function(wanted)
    return found


def _mostly_unspaced(texts: Sequence[str]) -> bool:
    sample = "".join(texts[:: max(1, len(texts) // SAMPLE)])
    return 3 * len(_UNSPACED.findall(sample)) > len(sample)
