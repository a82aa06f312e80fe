"""Texts of a row that are read each by itself, as columns of tokens: the longest is the row's length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tui_finetune.plugin_api import Encoder

ENCODED = ("other_ids", "place")
"""Columns beside `input_ids`, which holds the longest text of a row: the others in their order, and where it stands."""


def encoded_texts(texts: Sequence[Sequence[str]], encoder: Encoder) -> dict[str, list[Any]]:
    """Columns of rows that have as many texts each. texts: by role, each a text a row."""
    found = [encoder.texts(one) for one in texts]
    columns: dict[str, list[Any]] = {name: [] for name in ("input_ids", *ENCODED, "length", "truncated")}
    for row in zip(*found, strict=True):
        sizes = [len(one.ids) for one in row]
        place = sizes.index(max(sizes))
        columns["input_ids"].append(list(row[place].ids))
        columns["other_ids"].append([list(one.ids) for at, one in enumerate(row) if at != place])
        columns["place"].append(place)
        columns["length"].append(max(one.length for one in row))
        columns["truncated"].append(any(one.length > len(one.ids) for one in row))
    return columns


def texts_in_order(row: Mapping[str, Any]) -> list[list[int]]:
    """The tokens of each text of an encoded row; none is longer than the longest, which may have been cut."""
    longest = list(row["input_ids"])
    texts = [list(ids)[: len(longest)] for ids in row["other_ids"]]
    texts.insert(int(row["place"]), longest)
    return texts


def vectors_of(logits: Sequence[np.ndarray], texts: int) -> np.ndarray:
    """[rows, texts, numbers], each of length 1, of the model's raw output."""
    if not len(logits):
        return np.zeros((0, texts, 1))
    raw = np.stack(logits).astype(np.float64).reshape(len(logits), texts, -1)
    lengths: np.ndarray = np.linalg.norm(raw, axis=-1, keepdims=True)
    found: np.ndarray = raw / np.where(lengths > 0, lengths, 1.0)
    return found
