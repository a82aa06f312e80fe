"""An encoder without a tokenizer file: words by blanks, pieces of four letters. The shape of the real ones."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from tui_finetune.plugin_api import Encoded

START, END = 1, 2
PIECE = 4
"""Letters a token."""


@dataclass
class PlainEncoded:
    ids: list[int] = field(default_factory=list)
    type_ids: list[int] = field(default_factory=list)
    word_ids: list[int | None] = field(default_factory=list)
    offsets: list[tuple[int, int]] = field(default_factory=list)
    length: int = 0


class PieceEncoder:
    """An Encoder: `[START] pieces [END]`, pairs cut from the longer side, words that are empty have no token."""

    def __init__(self, max_length: int = 64) -> None:
        self.max_length = max_length

    def texts(self, texts: Sequence[str], pairs: Sequence[str] | None = None) -> list[Encoded]:
        if pairs is None:
            return [self._one(_split(text)) for text in texts]
        return [self._pair(_split(a), _split(b)) for a, b in zip(texts, pairs, strict=True)]

    def words(self, words: Sequence[Sequence[str]]) -> list[Encoded]:
        return [self._one([(word, 0) for word in row]) for row in words]

    def _one(self, words: list[tuple[str, int]]) -> PlainEncoded:
        pieces = _pieces(words)
        kept = pieces[: self.max_length - 2]
        return _encoded(kept, [0] * (len(kept) + 2), len(pieces) + 2)

    def _pair(self, first: list[tuple[str, int]], second: list[tuple[str, int]]) -> PlainEncoded:
        a, b = _pieces(first), _pieces(second)
        length = len(a) + len(b) + 2
        while len(a) + len(b) + 2 > self.max_length:
            (a if len(a) > len(b) else b).pop()
        return _encoded(a + b, [0] * (len(a) + 1) + [1] * (len(b) + 1), length)


Piece = tuple[int, int, tuple[int, int]]


def _split(text: str) -> list[tuple[str, int]]:
    return [(m.group(), m.start()) for m in re.finditer(r"\S+", text)]


def _pieces(words: list[tuple[str, int]]) -> list[Piece]:
    return [
        (10 + sum(map(ord, word[i : i + PIECE])) % 90, index, (at + i, at + min(i + PIECE, len(word))))
        for index, (word, at) in enumerate(words)
        for i in range(0, len(word), PIECE)
    ]


def _encoded(pieces: list[Piece], type_ids: list[int], length: int) -> PlainEncoded:
    return PlainEncoded(
        ids=[START, *(p[0] for p in pieces), END],
        type_ids=type_ids,
        word_ids=[None, *(p[1] for p in pieces), None],
        offsets=[(0, 0), *(p[2] for p in pieces), (0, 0)],
        length=length,
    )
