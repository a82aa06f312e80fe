"""A search of every row's first text among the second and third texts of all rows, by numpy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

CELLS = 4_000_000
"""Similarities that are held at once: 32 MB."""


@dataclass(frozen=True)
class Candidates:
    """What is searched: each text once."""

    texts: tuple[str, ...]
    place: tuple[tuple[int, int], ...]
    """Of each text the row and role whose vector it has."""
    right: tuple[tuple[int, ...], ...]
    """Of each row the candidates that belong to its first text: those of all rows that begin with the same."""

    @classmethod
    def of(cls, texts: Sequence[Sequence[str]]) -> Candidates:
        """texts: by role; those of the second role belong to the first."""
        found: dict[str, tuple[int, int]] = {}
        for role in range(1, len(texts)):
            for row, text in enumerate(texts[role]):
                found.setdefault(text, (row, role))
        number = {text: index for index, text in enumerate(found)}
        together: dict[str, dict[int, None]] = {}
        for first, second in zip(texts[0], texts[1], strict=True):
            together.setdefault(first, {})[number[second]] = None
        return cls(tuple(found), tuple(found.values()), tuple(tuple(together[first]) for first in texts[0]))


@dataclass(frozen=True)
class Found:
    """Of one row."""

    ranks: tuple[int, ...]
    """Of all that belongs to its first text, ascending, from 1. What is as similar as that stands before it."""
    right: int
    """The candidate of `ranks[0]`."""
    first: int
    """The candidate that is most similar; of several as similar one that does not belong to the text."""
    similarity: float
    log_sum: float
    """Logarithm of the sum of the exponentials of all scaled similarities."""


def searched(candidates: Candidates, vectors: Sequence[Any], scale: float = 1.0) -> list[Found]:
    """vectors: of each role a matrix [rows, numbers], dense or sparse, whose rows have the length 1."""
    rows, roles = np.array(candidates.place, dtype=np.int64).reshape(-1, 2).T
    corpus = _stacked(vectors[1:])[(roles - 1) * vectors[0].shape[0] + rows].T
    step = max(1, CELLS // max(1, len(candidates.texts)))
    found = []
    for start in range(0, vectors[0].shape[0], step):
        similar = _dense(vectors[0][start : start + step] @ corpus)
        found += [_found(row, candidates.right[start + at], scale) for at, row in enumerate(similar)]
    return found


def products(one: Any, other: Any) -> np.ndarray:
    """Of the rows of two matrices, dense or sparse."""
    cells = one.multiply(other) if hasattr(one, "multiply") else one * other
    return np.asarray(cells.sum(axis=1)).ravel()


def _stacked(parts: Sequence[Any]) -> Any:
    if not hasattr(parts[0], "multiply"):
        return np.concatenate(list(parts))
    from scipy.sparse import vstack

    return vstack(parts).tocsr()


def _dense(matrix: Any) -> np.ndarray:
    found: np.ndarray = matrix.toarray() if hasattr(matrix, "toarray") else matrix
    return found


def _found(similar: np.ndarray, right: Sequence[int], scale: float) -> Found:
    wanted = np.array(right, dtype=np.int64)
    wrong = np.delete(similar, wanted)
    order = wanted[np.argsort(-similar[wanted], kind="stable")]
    # Those that belong to it stand behind one another; of the others all that are at least as similar stand before.
    ranks = [place + 1 + int((wrong >= similar[one]).sum()) for place, one in enumerate(order)]
    best = int(order[0])
    if ranks[0] > 1:
        masked = similar.copy()
        masked[wanted] = -np.inf
        best = int(masked.argmax())
    most = float(similar.max())
    log_sum = scale * most + float(np.log(np.exp(scale * (similar - most)).sum()))
    return Found(tuple(ranks), int(order[0]), best, float(similar[best]), log_sum)
