"""A typed text as words with their places: how token classification reads what a person types."""

from __future__ import annotations

import re
from collections.abc import Sequence

_WORD = re.compile(
    # A letter of a script that puts no blanks between words is a word of its own, as data sets of characters have it.
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
    "|(?:(?![\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])\\w)+"
    "|[^\\w\\s]"
)


def split_words(text: str) -> tuple[list[str], list[tuple[int, int]]]:
    """Words and their character offsets (end exclusive): runs of letters and digits; each other sign alone; blanks nowhere."""
    matches = list(_WORD.finditer(text))
    return [m.group() for m in matches], [m.span() for m in matches]


def join_words(words: Sequence[str]) -> tuple[str, list[tuple[int, int]]]:
    """Words joined by single blanks, and their character offsets in that text."""
    spans, at = [], 0
    for word in words:
        spans.append((at, at + len(word)))
        at += len(word) + 1
    return " ".join(words), spans


def placed_words(words: Sequence[str], text: str | None) -> tuple[str, list[tuple[int, int]]]:
    """The text of a row and its words' offsets: `text` as typed where its words are these, else the words joined."""
    if text is not None:
        typed, spans = split_words(text)
        if typed == list(words):
            return text, spans
    return join_words(words)
