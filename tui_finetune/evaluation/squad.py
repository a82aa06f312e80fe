"""SQuAD's exact match and F1: two texts compared by their words, without case, punctuation and articles."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Callable, Sequence

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = frozenset(string.punctuation)
UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
"""Letters of scripts without blanks between words, for a class of `re`: Thai, Lao, Burmese, Khmer, Japanese, Chinese."""
_SIGNS = re.compile(f"[{UNSPACED}]|[^\\s{UNSPACED}]+")


def normalized(text: str) -> str:
    """As SQuAD's own script compares texts: lower case, no ASCII punctuation, no English articles, single blanks."""
    bare = "".join(char for char in text.lower() if char not in _PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", bare).split())


def words_of(text: str) -> list[str]:
    return normalized(text).split()


def signs_of(text: str) -> list[str]:
    """Words; of scripts that put no blanks between them every sign is one."""
    return _SIGNS.findall(normalized(text))


def f1_of(predicted: str, gold: str, split: Callable[[str], list[str]] = words_of) -> float:
    """F1 over the words that both have; where one has none, whether the other has none either."""
    said, there = split(predicted), split(gold)
    if not said or not there:
        return float(said == there)
    same = (Counter(said) & Counter(there)).total()
    if same == 0:
        return 0.0
    precision, recall = same / len(said), same / len(there)
    return 2 * precision * recall / (precision + recall)


def is_exact(predicted: str, gold: Sequence[str]) -> bool:
    """Whether it is one of the texts that are right; where none is, whether it is empty."""
    return any(normalized(predicted) == normalized(text) for text in right_texts(gold))


def best_f1(predicted: str, gold: Sequence[str], split: Callable[[str], list[str]] = words_of) -> float:
    """Against the text that is right that suits it best."""
    return max(f1_of(predicted, text, split) for text in right_texts(gold))


def right_texts(gold: Sequence[str]) -> list[str]:
    """Texts of which something is left after `normalized`, as the script of SQuAD 2 takes them; else the empty one."""
    return [text for text in gold if normalized(text)] or [""]
