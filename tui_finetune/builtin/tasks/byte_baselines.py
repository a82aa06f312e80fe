"""What models of bytes without a network reach: how often each byte is, and how often it follows the bytes before it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tui_finetune.plugin_api import Baseline

METRIC = "bits_per_byte"
ORDER = 5
"""Bytes before a byte that the longest context has."""
MOST = 1_000_000
"""Bytes of train and of test that are looked at: counts in Python take a second for so many."""


def byte_baselines(train: Sequence[str], test: Sequence[str], metrics: Sequence[str]) -> list[Baseline]:
    """`bytes` and `bytes-5`, in bits a byte; none where that is not measured."""
    seen, asked = _bytes(train), _bytes(test)
    if METRIC not in metrics or not len(seen) or not len(asked):
        return []
    counts = np.bincount(seen, minlength=256) + 1.0
    single = float(-np.log2(counts / counts.sum())[asked].mean())
    return [
        Baseline("bytes", {METRIC: single}, "train's frequencies of bytes"),
        Baseline("bytes-5", {METRIC: _mixed(seen, asked)}, "the bytes that follow up to five others (Witten and Bell)"),
    ]


def _bytes(texts: Sequence[str]) -> np.ndarray:
    joined = "\n".join(text or "" for text in texts).encode("utf-8", "replace")[:MOST]
    return np.frombuffer(joined, dtype=np.uint8)


def _mixed(seen: np.ndarray, asked: np.ndarray) -> float:
    """Bits a byte of a model that mixes the shares of each length of context, the longer the more it has been seen."""
    shares = np.full(len(asked), 1 / 256)
    for length in range(ORDER + 1):
        contexts, wanted = _keys(seen, length), _keys(asked, length)
        here, inside = _counted(contexts, wanted)
        both, _ = _counted(contexts * 256 + seen[length:], wanted * 256 + asked[length:])
        kinds = _kinds(contexts, seen[length:], wanted)
        with np.errstate(invalid="ignore", divide="ignore"):
            mixed = (both + kinds * shares[length:]) / (here + kinds)
        shares[length:] = np.where(inside, mixed, shares[length:])
    return float(-np.log2(shares).mean()) if len(asked) else math.nan


def _keys(values: np.ndarray, length: int) -> np.ndarray:
    """A number for the `length` bytes before each byte that has so many."""
    found = np.zeros(max(0, len(values) - length), dtype=np.int64)
    for back in range(length):
        found = found * 256 + values[back : len(values) - length + back]
    return found


def _counted(known: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How often each wanted key is among the known ones, and whether it is."""
    keys, counts = np.unique(known, return_counts=True)
    place = np.minimum(np.searchsorted(keys, wanted), max(0, len(keys) - 1))
    inside = keys[place] == wanted if len(keys) else np.zeros(len(wanted), dtype=bool)
    return np.where(inside, counts[place] if len(keys) else 0, 0), inside


def _kinds(contexts: np.ndarray, following: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """How many different bytes follow each wanted context."""
    pairs = np.unique(contexts * 256 + following)
    return _counted(pairs // 256, wanted)[0]
