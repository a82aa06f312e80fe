"""Texts of a row that are read each by itself, as columns of tokens: the longest is the row's length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tui_finetune.plugin_api import Encoded, Encoder

ENCODED = ("other_ids", "place")
"""Columns beside `input_ids`, which holds the longest text of a row: the others in their order, and where it stands."""


def encoded_texts(texts: Sequence[Sequence[str]], encoder: Encoder) -> dict[str, list[Any]]:
    """Columns of rows that have as many texts each. texts: by role, each a text a row."""
    return _columns(list(zip(*(encoder.texts(one) for one in texts), strict=True)))


def encoded_pairs(firsts: Sequence[str], seconds: Sequence[Sequence[str]], encoder: Encoder) -> dict[str, list[Any]]:
    """Columns of rows whose first text is read with each of its second ones; with the types of the tokens, where there are."""
    repeated = [first for first, row in zip(firsts, seconds, strict=True) for _ in row]
    flat = iter(encoder.texts(repeated, [one for row in seconds for one in row]))
    rows = [[next(flat) for _ in row] for row in seconds]
    columns = _columns(rows)
    places = columns["place"]
    types = {
        "token_type_ids": [list(row[place].type_ids) for row, place in zip(rows, places, strict=True)],
        "other_types": [
            [list(one.type_ids) for one in _without(row, at)] for row, at in zip(rows, places, strict=True)
        ],
    }
    return {**columns, **types} if any(types["token_type_ids"]) else columns


def _columns(rows: Sequence[Sequence[Encoded]]) -> dict[str, list[Any]]:
    sizes = [[len(one.ids) for one in row] for row in rows]
    places = [row.index(max(row)) for row in sizes]
    return {
        "input_ids": [list(row[place].ids) for row, place in zip(rows, places, strict=True)],
        "other_ids": [[list(one.ids) for one in _without(row, place)] for row, place in zip(rows, places, strict=True)],
        "place": places,
        "length": [max(one.length for one in row) for row in rows],
        "truncated": [any(one.length > len(one.ids) for one in row) for row in rows],
    }


def _without(row: Sequence[Encoded], place: int) -> list[Encoded]:
    return [*row[:place], *row[place + 1 :]]


def types_in_order(row: Mapping[str, Any]) -> list[list[int]]:
    """The types of the tokens of each pair, as `texts_in_order` has the tokens."""
    longest = list(row["token_type_ids"])
    types = [list(one)[: len(longest)] for one in row["other_types"]]
    types.insert(int(row["place"]), longest)
    return types


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
