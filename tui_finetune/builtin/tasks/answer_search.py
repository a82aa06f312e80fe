"""From a model's start and end scores for each token to the best answers of a row, over all its windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

NULL = 0
"""Token whose scores mean that there is no answer: the first one, [CLS] of most models."""


@dataclass(frozen=True)
class Feature:
    """One window: what the model says of its tokens, and where these stand in the context."""

    logits: np.ndarray
    """[tokens, 2]: start and end."""
    starts: np.ndarray
    """First character of each token; -1 for tokens outside the context."""
    ends: np.ndarray


@dataclass(frozen=True)
class Found:
    """Answers of one row."""

    spans: list[tuple[int, int]]
    """Characters, best first, each once."""
    scores: np.ndarray
    """Start plus end, parallel to `spans`."""
    null: float
    """Score of no answer: the smallest of all windows, for each window that has no answer says so."""

    @property
    def margin(self) -> float:
        """How much no answer is above the best one; infinite where there is none."""
        return self.null - float(self.scores[0]) if len(self.scores) else float("inf")


def best_answers(features: Sequence[Feature], n_best: int, longest: int) -> Found:
    """The best spans of at most `longest` tokens: all that there are in a window are compared."""
    best: dict[tuple[int, int], float] = {}
    for feature in features:
        for span, score in _best_of(feature, n_best, longest):
            if score > best.get(span, -np.inf):
                best[span] = score
    ordered = sorted(best.items(), key=lambda one: -one[1])[:n_best]
    null = min(float(feature.logits[NULL].sum()) for feature in features)
    return Found([span for span, _ in ordered], np.array([score for _, score in ordered]), null)


def _best_of(feature: Feature, n_best: int, longest: int) -> list[tuple[tuple[int, int], float]]:
    tokens = np.flatnonzero(feature.starts >= 0)
    if len(tokens) == 0:
        return []
    logits = feature.logits[tokens].astype(np.float64)
    firsts: list[np.ndarray] = []
    lasts: list[np.ndarray] = []
    scores: list[np.ndarray] = []
    for more in range(min(longest, len(tokens))):
        first = np.arange(len(tokens) - more)
        firsts.append(first)
        lasts.append(first + more)
        scores.append(logits[: len(tokens) - more, 0] + logits[more:, 1])
    first, last, score = (np.concatenate(parts) for parts in (firsts, lasts, scores))
    # Other tokens may stand for the same characters: twice as many are looked at as are wanted.
    chosen = np.argsort(-score, kind="stable")[: 2 * n_best]
    starts, ends = feature.starts[tokens[first[chosen]]], feature.ends[tokens[last[chosen]]]
    spans = zip(starts.tolist(), ends.tolist(), score[chosen].tolist(), strict=True)
    return [((start, end), one) for start, end, one in spans if end > start]


def probabilities(scores: np.ndarray) -> np.ndarray:
    """Softmax."""
    if len(scores) == 0:
        return scores
    raised = np.exp(scores - scores.max())
    normal: np.ndarray = raised / raised.sum()
    return normal


def token_span(starts: np.ndarray, ends: np.ndarray, span: tuple[int, int]) -> tuple[int, int] | None:
    """First and last token of characters in a window; None where they are not whole in it."""
    tokens = np.flatnonzero(starts >= 0)
    if len(tokens) == 0 or starts[tokens[0]] > span[0] or ends[tokens[-1]] < span[1]:
        return None
    first = np.searchsorted(starts[tokens], span[0], side="right") - 1
    last = np.searchsorted(ends[tokens], span[1], side="left")
    return int(tokens[first]), int(tokens[max(first, last)])


def best_threshold(margins: Sequence[float], with_answer: Sequence[float], without: Sequence[float]) -> float:
    """The margin above which no answer is given, for the highest sum of F1.

    margins: of each row; with_answer, without: its F1 where the best answer is given, and where none is.
    """
    order = np.argsort(np.asarray(margins), kind="stable")
    sorted_margins = np.asarray(margins, dtype=np.float64)[order]
    gain = np.asarray(with_answer, dtype=np.float64)[order] - np.asarray(without, dtype=np.float64)[order]
    total = np.concatenate([[0.0], np.cumsum(gain)])
    # Between two rows with the same margin no line can be drawn.
    allowed = np.concatenate([[True], sorted_margins[1:] > sorted_margins[:-1], [True]])
    best = int(np.argmax(np.where(allowed, total, -np.inf)))
    finite = sorted_margins[np.isfinite(sorted_margins)]
    if len(finite) == 0:
        return 0.0
    best = min(best, len(finite))
    below = sorted_margins[best - 1] if best else finite[0] - 2.0
    above = sorted_margins[best] if best < len(finite) else finite[-1] + 2.0
    return float((below + above) / 2)
