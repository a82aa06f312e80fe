"""What single words tell of the label: the label's own name in the text, and words that stand with one label only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tui_finetune.data.lengths import UNSPACED
from tui_finetune.data.problems import listed
from tui_finetune.data.quality.finding import Finding, Rows, share
from tui_finetune.data.quality.labels import label_counts
from tui_finetune.data.quality.material import Material, Part
from tui_finetune.data.splitting import sample

LOOKED_AT = 200_000
"""Rows of train whose words are counted; of more a drawn sample."""
LABELS = 200
"""Labels whose names are looked for."""
NAMED, ALL_NAMED, TIMES, NAMED_ROWS = 0.5, 0.9, 10, 10
"""Share of a label's rows that hold its name to be told (of all rows: to be bad); how much oftener than others; rows."""
GIVES_AWAY, COVERS, AT_LEAST, SIGMAS = 0.95, 0.1, 20, 6.0
"""Share of a word's rows that have the one label; share of that label's rows; rows; standard errors from chance."""
COMMON = 0.05
"""Share of rows under which a label having words of its own is no wonder: with 77 labels each has."""
TOLD = 20

_BETWEEN_WORDS = r"[^\p{L}\p{M}\p{N}'’#@_]+"


@dataclass(frozen=True)
class Word:
    """How a word stands with the label that it stands with most."""

    word: str
    label: str
    rows: int
    """Rows that have the word."""
    precision: float
    """Share of them with the label."""
    recall: float
    """Share of the label's rows that have the word."""
    z: float
    """Standard errors between that share and the label's share of all rows."""
    pmi: float
    """log2 of how much oftener word and label stand together than by chance."""

    def as_json(self) -> dict[str, Any]:
        return {name: round(one, 4) if isinstance(one, float) else one for name, one in vars(self).items()}


@dataclass(frozen=True)
class _Seen:
    """The rows of train that are looked at."""

    part: Part
    rows: Rows
    texts: pa.Array
    """In lower case."""
    labels: NDArray[np.int64]
    names: list[str]


def _seen(data: Material) -> _Seen | None:
    """Rows with a text and a label; None where there are not two labels."""
    part = data.train
    if data.kind != "label" or part.labels is None:
        return None
    rows = np.asarray(sample(part.rows, LOOKED_AT, 0)) if part.rows > LOOKED_AT else np.arange(part.rows)
    encoded = part.labels.take(pa.array(rows)).dictionary_encode()
    codes = np.asarray(pc.fill_null(encoded.indices, -1), dtype=np.int64)
    texts = pc.utf8_lower(part.texts.take(pa.array(rows)))
    kept = (codes >= 0) & np.asarray(pc.is_valid(texts))
    if len(encoded.dictionary) < 2:
        return None
    picked = np.flatnonzero(kept)
    return _Seen(part, rows[picked], texts.take(pa.array(picked)), codes[picked], encoded.dictionary.to_pylist())


def answers(data: Material) -> list[Finding]:
    """Labels whose name stands in the texts of their rows, far oftener than in those of others."""
    seen = _seen(data)
    if seen is None:
        return []
    told: list[str] = []
    hits: list[Rows] = []
    names = [(index, pattern) for index, name in enumerate(seen.names[:LABELS]) if (pattern := _pattern(name))]
    for index, pattern in names:
        found = np.asarray(pc.match_substring_regex(seen.texts, pattern))
        own = seen.labels == index
        inside, outside = found[own].mean() if own.any() else 0.0, found[~own].mean() if (~own).any() else 0.0
        if found[own].sum() >= NAMED_ROWS and inside >= NAMED and inside >= TIMES * outside:
            told.append(f"{seen.names[index]} in {inside:.0%} of its rows and {outside:.1%} of the others")
            hits.append(np.flatnonzero(found & own))
    if not told:
        return []
    rows = np.sort(np.concatenate(hits))
    everywhere = len(rows) >= ALL_NAMED * len(seen.labels)
    return [
        Finding(
            "answer_in_text",
            "bad" if everywhere else "warn",
            "the label's name is in the text",
            f"Texts that carry their label: {'; '.join(told[:5])}{f' and {len(told) - 5:,} more' if len(told) > 5 else ''}.",
            "A model learns to look for the name; where new texts lack it, it knows nothing.",
            "Cut it out in a preprocessor, unless new texts have it too.",
            {seen.part.name: seen.rows[rows].astype(np.int64)},
        )
    ]


def _pattern(name: str) -> str | None:
    """The label's name as whole words; None for what says nothing, as numbers do."""
    words = re.findall(r"[^\W\d_]+", name.casefold())
    if sum(map(len, words)) < 3:
        return None
    return r"(?:^|[^\p{L}])" + r"[\W_]+".join(map(re.escape, words)) + r"(?:$|[^\p{L}])"


def telling_words(data: Material) -> tuple[Word, ...]:
    """The words that tell most of the label, by their z-score, the most telling first.

    The statistic is that of Gardner et al. (2021), Competency Problems: On Finding and Removing Artifacts in Language Data,
    https://aclanthology.org/2021.emnlp-main.135: were no single word to tell of the label, a word's share of it would be the
    label's share of all rows, within z standard errors.
    """
    seen = _seen(data)
    if seen is None:
        return ()
    words, rows = _words(seen.texts)
    vocabulary = words.dictionary
    labels = len(seen.names)
    counts = np.bincount(
        np.asarray(words.indices, dtype=np.int64) * labels + seen.labels[rows], minlength=len(vocabulary) * labels
    ).reshape(-1, labels)
    shares = np.bincount(seen.labels, minlength=labels) / len(seen.labels)
    per_label = np.bincount(seen.labels, minlength=labels)
    totals = counts.sum(axis=1)
    often = np.flatnonzero(totals >= AT_LEAST)
    expected = totals[often, None] * shares
    z = (counts[often] - expected) / np.sqrt(np.maximum(expected * (1 - shares), 1e-9))
    best = z.argmax(axis=1)
    found = []
    for place in np.argsort(-z.max(axis=1), kind="stable")[: 10 * TOLD]:
        label, word = int(best[place]), int(often[place])
        together = int(counts[word, label])
        pmi = float(np.log2(together / max(expected[place, label], 1e-9)))
        name = vocabulary[word].as_py()
        precision, recall = together / int(totals[word]), together / int(per_label[label])
        score = float(z[place, label])
        found.append(Word(name, seen.names[label], int(totals[word]), precision, recall, score, pmi))
    return tuple(found)


def _words(texts: pa.Array) -> tuple[pa.DictionaryArray, Rows]:
    """The words of texts, each once a text, and the text of each. Signs of scripts without blanks are words."""
    parted = pc.replace_substring_regex(texts, f"([{UNSPACED}])", r" \1 ")
    lists = pc.split_pattern_regex(parted, _BETWEEN_WORDS)
    words = pc.list_flatten(lists).dictionary_encode()
    rows = np.asarray(pc.list_parent_indices(lists), dtype=np.int64)
    codes = np.asarray(words.indices, dtype=np.int64)
    filled = np.asarray(pc.not_equal(words.dictionary, ""))[codes]
    size = max(len(words.dictionary), 1)
    once = np.unique(rows[filled] * size + codes[filled])
    return pa.DictionaryArray.from_arrays(pa.array(once % size), words.dictionary), once // size


def artefacts(data: Material, words: tuple[Word, ...]) -> list[Finding]:
    """Words that stand with one label nearly always, in many of its rows."""
    counts = label_counts(data.train)
    total = sum(counts.values())
    giving = [
        word
        for word in words
        if word.precision >= GIVES_AWAY
        and word.recall >= COVERS
        and word.z >= SIGMAS
        and COMMON * total <= counts.get(word.label, 0) < (1 - COVERS) * total
    ]
    if not giving:
        return []
    told = [f"{word.word} ({word.label}: {word.precision:.0%} of {word.rows:,} rows)" for word in giving]
    texts = pc.utf8_lower(data.train.texts)
    hit = np.zeros(data.train.rows, dtype=bool)
    for word in giving[:TOLD]:
        pattern = r"(?:^|[^\p{L}\p{M}\p{N}])" + re.escape(word.word) + r"(?:$|[^\p{L}\p{M}\p{N}])"
        hit |= np.asarray(pc.fill_null(pc.match_substring_regex(texts, pattern), False))
    rows = np.flatnonzero(hit).astype(np.int64)
    return [
        Finding(
            "artefacts",
            "note",
            "single words that give the label away",
            f"In {share(len(rows), data.train.rows)} of {data.train.name} one word tells the label: {listed(told, 6)}.",
            "Where the word is the matter itself, that is right; where it came in by the way the rows were collected, a "
            "model learns it and fails on new texts.",
            "Look at these rows; mask the word in a preprocessor, or add rows of other labels that have it.",
            {data.train.name: rows},
            figures={"words": [word.as_json() for word in giving]},
        )
    ]
