"""How near texts are to what they should be: chrF and BLEU as sacrebleu computes them, ROUGE as rouge_score does."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

CHARACTERS, WORDS = 6, 4
"""Longest n-grams of chrF and of BLEU."""
BETA = 2.0
"""How much more chrF's recall weighs than its precision."""

_APART = (
    (re.compile(r"([\{-\~\[-\` -\&\(-\+\:-\@\/])"), r" \1 "),
    (re.compile(r"([^0-9])([\.,])"), r"\1 \2 "),
    (re.compile(r"([\.,])([^0-9])"), r" \1 \2"),
    (re.compile(r"([0-9])(-)"), r"\1 \2 "),
)
_WRITTEN = (("&quot;", '"'), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"))
_NO_LETTERS = re.compile(r"[^a-z0-9]+")


def words_13a(text: str) -> list[str]:
    """Words and signs as mteval-v13a parts them, which BLEU is usually told of."""
    text = text.rstrip().replace("<skipped>", "").replace("-\n", "").replace("\n", " ")
    for written, meant in _WRITTEN if "&" in text else ():
        text = text.replace(written, meant)
    text = f" {text} "
    for pattern, by in _APART:
        text = pattern.sub(by, text)
    return text.split()


def rouge_words(text: str) -> list[str]:
    """Runs of a-z and 0-9 in lower case: every other letter parts words, as in rouge_score."""
    return _NO_LETTERS.sub(" ", text.lower()).split()


def ngrams(items: Sequence[str] | str, size: int) -> Counter[object]:
    return Counter(zip(*(items[start:] for start in range(size)), strict=False))


def character_counts(said: str, gold: str) -> np.ndarray:
    """Of each length of n-grams without blanks: those said, those there, those in both. Shape [CHARACTERS, 3]."""
    said, gold = "".join(said.split()), "".join(gold.split())
    found = np.zeros((CHARACTERS, 3), dtype=np.int64)
    for size in range(1, CHARACTERS + 1):
        ours, theirs = ngrams(said, size), ngrams(gold, size)
        found[size - 1] = ours.total() if theirs else 0, theirs.total(), (ours & theirs).total()
    return found


def chrf_of(counts: np.ndarray) -> float:
    """From 0 to 100, of counts of a row or their sum over rows."""
    there = counts[(counts[:, 0] > 0) & (counts[:, 1] > 0)]
    if not len(there):
        return 0.0
    precision, recall = float((there[:, 2] / there[:, 0]).mean()), float((there[:, 2] / there[:, 1]).mean())
    if precision + recall == 0:
        return 0.0
    return 100 * (1 + BETA**2) * precision * recall / (BETA**2 * precision + recall)


def chrf(said: str, gold: str) -> float:
    """Of one text."""
    return chrf_of(character_counts(said, gold))


def corpus_chrf(said: Sequence[str], gold: Sequence[str]) -> float:
    return chrf_of(np.sum([character_counts(*pair) for pair in zip(said, gold, strict=True)], axis=0))


def corpus_bleu(said: Sequence[str], gold: Sequence[str]) -> float:
    """From 0 to 100, with sacrebleu's exponential smoothing where no n-gram of a length is right."""
    right, total = np.zeros(WORDS), np.zeros(WORDS)
    lengths = np.zeros(2)
    for pair in zip(said, gold, strict=True):
        ours, theirs = map(words_13a, pair)
        lengths += len(ours), len(theirs)
        for size in range(1, WORDS + 1):
            grams = ngrams(ours, size)
            total[size - 1] += grams.total()
            right[size - 1] += (grams & ngrams(theirs, size)).total()
    if not right.any() or not total.all():
        return 0.0
    smaller, logs = 1.0, 0.0
    for hits, count in zip(right, total, strict=True):
        smaller *= 1 if hits else 2
        logs += math.log(hits / count if hits else 1 / (smaller * count))
    penalty = 1.0 if lengths[0] >= lengths[1] else math.exp(1 - lengths[1] / lengths[0])
    return 100 * penalty * math.exp(logs / WORDS)


def rouge_n(said: str, gold: str, size: int) -> float:
    """F1 over the n-grams of words, from 0 to 1."""
    ours, theirs = ngrams(rouge_words(said), size), ngrams(rouge_words(gold), size)
    return _f1((ours & theirs).total(), ours.total(), theirs.total())


def rouge_l(said: str, gold: str) -> float:
    """F1 by the longest sequence of words that both have in this order, from 0 to 1."""
    ours, theirs = rouge_words(said), rouge_words(gold)
    return _f1(longest_common(ours, theirs), len(ours), len(theirs))


def longest_common(one: Sequence[str], other: Sequence[str]) -> int:
    """Length of the longest common subsequence, by rows of bits (Hyyrö 2004)."""
    places: dict[str, int] = {}
    for place, word in enumerate(one):
        places[word] = places.get(word, 0) | 1 << place
    every = (1 << len(one)) - 1
    bits = every
    for word in other:
        hit = bits & places.get(word, 0)
        bits = ((bits + hit) | (bits - hit)) & every
    return len(one) - bits.bit_count()


def row_means(of_row: Callable[[str, str], float], said: Sequence[str], gold: Sequence[str]) -> float:
    return float(np.mean([of_row(*pair) for pair in zip(said, gold, strict=True)]))


def _f1(both: int, said: int, there: int) -> float:
    return 2 * both / (said + there) if both else 0.0
