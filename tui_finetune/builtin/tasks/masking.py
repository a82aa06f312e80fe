"""Which tokens of a text are hidden, and what stands in their place: as BERT's authors do it, by words or by tokens."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from tui_finetune.builtin.tasks.token_losses import IGNORED

HIDDEN, RANDOM = 0.8, 0.1
"""Shares of the chosen tokens that become the mask, and another token; the rest stays as it is."""
NO_WORD = -1
"""Word of a token that stands for no text."""


def masked(
    ids: Sequence[int],
    words: Sequence[int],
    *,
    share: float,
    whole_words: bool,
    mask: int,
    vocabulary: int,
    turn: int,
) -> tuple[list[int], list[int]]:
    """What the model reads, and the label of each token: the token itself where it was chosen, else IGNORED.

    words: the word of each token, NO_WORD for those that are never chosen. turn: the same text is masked in the same way in
    the same turn, whatever was drawn before: a training that goes on is the same training.
    """
    units = np.asarray(words, dtype=np.int64)
    places = np.flatnonzero(units != NO_WORD)
    labels = np.full(len(ids), IGNORED, dtype=np.int64)
    read = np.asarray(ids, dtype=np.int64).copy()
    if not len(places):
        return read.tolist(), labels.tolist()
    draw = np.random.default_rng([turn, zlib.crc32(read.tobytes())])
    chosen = _chosen(units, places, draw, share, whole_words=whole_words)
    labels[chosen] = read[chosen]
    kind = draw.random(len(chosen))
    read[chosen[kind < HIDDEN]] = mask
    other = chosen[(kind >= HIDDEN) & (kind < HIDDEN + RANDOM)]
    read[other] = draw.integers(0, vocabulary, len(other))
    return read.tolist(), labels.tolist()


def _chosen(
    units: np.ndarray, places: np.ndarray, draw: np.random.Generator, share: float, *, whole_words: bool
) -> np.ndarray:
    """Places of the chosen tokens, about `share` of them and at least one; of words as many as fit, at least one."""
    wanted = max(1, round(share * len(places)))
    if not whole_words:
        return np.sort(draw.permutation(places)[:wanted])
    members = [places[units[places] == word] for word in draw.permutation(np.unique(units[places]))]
    found: list[np.ndarray] = []
    count = 0
    for tokens in members:
        if count + len(tokens) <= wanted:
            found.append(tokens)
            count += len(tokens)
    return np.sort(np.concatenate(found or [min(members, key=len)]))
