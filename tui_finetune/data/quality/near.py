"""Texts that are nearly the same: MinHash over shingles of bytes, banded, each pair then compared.

After Broder (1997), On the resemblance and containment of documents, and Leskovec, Rajaraman and Ullman, Mining of Massive
Datasets, chapter 3. It is numpy over the bytes of an Arrow array, so that no text becomes a Python object.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tui_finetune.data.quality.finding import Finding, Rows, rows_word, share
from tui_finetune.data.quality.material import Material

SHINGLE = 6
"""Bytes: six letters, two signs of Chinese."""
BANDS, WIDTH = 12, 5
"""A pair of likeness 0.8 is met with a probability of 0.99, one of 0.5 of 0.31."""
ALIKE = 0.8
"""Share of common shingles (Jaccard) from which texts are nearly the same."""
LIKELY = 0.65
"""What the signatures have to say before a pair is compared itself: their error is 0.05."""
COMPARED = 300_000
"""Pairs that are compared themselves; beyond them the signatures are believed."""
BLOCK_BYTES = 2_000_000
MUCH = 0.01
TEXTS = 2_000_000
"""Distinct texts that are looked at, the first ones: their signatures take 240 bytes each."""

Uints = NDArray[np.uint64]
Signatures = NDArray[np.uint32]


def near_duplicates(data: Material) -> list[Finding]:
    """Rows that nearly repeat one of the trained split; and rows of other splits that nearly do."""
    groups = near_groups(data.texts.values.slice(0, TEXTS))
    texts = data.texts.codes
    group = np.full(len(texts), -1, dtype=np.int64)
    known = (texts >= 0) & (texts < TEXTS)
    group[known] = groups[texts[known]]
    size = data.train.rows
    trained, others = np.arange(size), np.arange(size, len(texts))
    findings = []
    leaked = others[np.isin(group[others], group[:size][group[:size] >= 0]) & ~np.isin(texts[others], texts[:size])]
    if len(leaked):
        findings.append(_leaked(data, leaked, group))
    near = trained[group[:size] >= 0]
    near = near[_several_texts(group[near], texts[near])]
    if len(near):
        findings.append(_within(data, near[np.argsort(group[near], kind="stable")], len(np.unique(group[near]))))
    return findings


def _several_texts(group: Rows, texts: Rows) -> NDArray[np.bool_]:
    """Which rows are in a group that has several texts here."""
    pairs = np.unique(np.stack([group, texts], axis=1), axis=0)
    names, counts = np.unique(pairs[:, 0], return_counts=True)
    return np.isin(group, names[counts > 1])


def _leaked(data: Material, rows: Rows, group: Rows) -> Finding:
    found = data.by_split(rows)
    twins = [int(np.flatnonzero(group[: data.train.rows] == group[row])[0]) for row in rows[:2].tolist()]
    pairs = [row for pair in zip(rows[:2].tolist(), twins, strict=True) for row in pair]
    sizes = {part.name: part.rows for part in data.parts}
    told = ", ".join(f"{len(one):,} of {name} ({share(len(one), sizes[name])})" for name, one in found.items())
    much = any(len(one) >= 2 * MUCH * sizes[name] for name, one in found.items())
    return Finding(
        "near_leakage",
        "warn" if much else "note",
        f"text nearly in {data.train.name} too",
        f"Texts of other splits are nearly those of {data.train.name} ({ALIKE:.0%} of their shingles and more): {told}.",
        "What was nearly trained on is easier: figures of these splits come out better than they are.",
        "Draw splits so that near duplicates stay on one side.",
        found,
        examples=tuple(data.place(row) for row in pairs),
    )


def _within(data: Material, rows: Rows, groups: int) -> Finding:
    return Finding(
        "near_duplicates",
        "warn" if len(rows) >= 10 * MUCH * data.train.rows else "note",
        "nearly the same text",
        f"{rows_word(len(rows))} of {data.train.name} ({share(len(rows), data.train.rows)}) are {groups:,} groups of texts "
        "that differ in a few signs.",
        "They count as several; where validation is drawn from them, it is easier than new texts are.",
        "Keep one of each, or draw splits so that they stay on one side.",
        data.by_split(rows),
        figures={"groups": groups},
    )


def near_groups(texts: pa.Array) -> Rows:
    """The group of each of distinct texts; -1 where it is like no other."""
    plain = pc.replace_substring_regex(pc.utf8_lower(texts), r"\s+", " ")
    signatures = _signatures(plain)
    pairs = _alike(plain, signatures)
    return _joined(pairs, len(texts))


def _signatures(texts: pa.Array) -> Signatures:
    """[texts, BANDS * WIDTH]: the least of each hash over a text's shingles; zeros where it has none."""
    generator = np.random.default_rng(0)
    factors = generator.integers(1, 2**63, BANDS * WIDTH, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    found = np.zeros((len(texts), BANDS * WIDTH), dtype=np.uint32)
    for start, shingles, starts, rows in _blocks(texts):
        for index, factor in enumerate(factors):
            hashed = ((shingles * factor) >> np.uint64(32)).astype(np.uint32)
            found[start + rows, index] = np.minimum.reduceat(hashed, starts)
    return found


def _blocks(texts: pa.Array) -> Iterator[tuple[int, Uints, Rows, Rows]]:
    """By blocks of texts: the first one, all shingles, where each text's begin, and which texts of the block have any."""
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, dtype=np.int64)[texts.offset : texts.offset + len(texts) + 1]
    content = np.frombuffer(data, dtype=np.uint8) if data is not None else np.zeros(0, dtype=np.uint8)
    first = 0
    while first < len(texts):
        last = max(int(np.searchsorted(ends, ends[first] + BLOCK_BYTES, side="right")) - 1, first + 1)
        last = min(last, len(texts))
        own = ends[first : last + 1] - ends[first]
        counts = np.maximum(np.diff(own) - SHINGLE + 1, 0)
        rows = np.flatnonzero(counts).astype(np.int64)
        if len(rows):
            counts = counts[rows]
            starts = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)
            places = np.arange(counts.sum()) + np.repeat(own[rows] - starts, counts)
            yield first, _shingles(content[ends[first] : ends[last]])[places], starts, rows
        first = last


def _shingles(content: NDArray[np.uint8]) -> Uints:
    """The bytes from each place on as one number, mixed (the finalizer of MurmurHash3)."""
    found = np.zeros(len(content) - SHINGLE + 1, dtype=np.uint64)
    for place in range(SHINGLE):
        found |= content[place : len(content) - SHINGLE + 1 + place].astype(np.uint64) << np.uint64(8 * place)
    found ^= found >> np.uint64(33)
    found *= np.uint64(0xFF51AFD7ED558CCD)
    found ^= found >> np.uint64(33)
    found *= np.uint64(0xC4CEB9FE1A85EC53)
    return found ^ (found >> np.uint64(33))


def _alike(texts: pa.Array, signatures: Signatures) -> Rows:
    """[pairs, 2] of texts that are alike."""
    likely = _likely(signatures)
    if len(likely) > COMPARED:
        sure = (signatures[likely[:, 0]] == signatures[likely[:, 1]]).mean(axis=1) >= ALIKE
        surely: Rows = likely[sure]
        return surely
    sets = _Sets(texts)
    alike = np.zeros(len(likely), dtype=bool)
    for index, (one, other) in enumerate(likely):
        alike[index] = sets.likeness(int(one), int(other)) >= ALIKE
    kept: Rows = likely[alike]
    return kept


def _likely(signatures: Signatures) -> Rows:
    """Pairs that share a band and whose signatures are alike; of a crowd each with the one before it and with the first."""
    known = np.flatnonzero(signatures.any(axis=1)).astype(np.int64)
    found = []
    for band in range(BANDS):
        own = signatures[known, band * WIDTH : (band + 1) * WIDTH]
        keys = own[:, 0].astype(np.uint64)
        for column in range(1, WIDTH):
            keys = keys * np.uint64(0x9E3779B97F4A7C15) + own[:, column]
        order = np.argsort(keys, kind="stable")
        same = keys[order][1:] == keys[order][:-1]
        first = np.flatnonzero(np.concatenate([[True], ~same]))
        heads = np.repeat(first, np.diff(np.concatenate([first, [len(order)]])))
        later = np.flatnonzero(np.concatenate([[False], same]))
        for other in (later - 1, heads[later]):
            found.append(np.stack([known[order[other]], known[order[later]]], axis=1))
    pairs = np.unique(np.sort(np.concatenate(found), axis=1), axis=0)
    likely = np.zeros(len(pairs), dtype=bool)
    for start in range(0, len(pairs), 100_000):
        one, other = pairs[start : start + 100_000].T
        likely[start : start + 100_000] = (signatures[one] == signatures[other]).mean(axis=1) >= LIKELY
    kept: Rows = pairs[likely]
    return kept


class _Sets:
    """The shingles of single texts."""

    def __init__(self, texts: pa.Array) -> None:
        self._texts = texts
        self._kept: dict[int, Uints] = {}

    def likeness(self, one: int, other: int) -> float:
        """Common shingles as a share of all."""
        first, second = self._of(one), self._of(other)
        common = len(np.intersect1d(first, second, assume_unique=True))
        return common / max(len(first) + len(second) - common, 1)

    def _of(self, text: int) -> Uints:
        if text not in self._kept:
            content = np.frombuffer(self._texts[text].as_buffer(), dtype=np.uint8)
            self._kept[text] = np.unique(_shingles(content))
        return self._kept[text]


def _joined(pairs: Rows, count: int) -> Rows:
    """Texts that are alike, directly or over others, as one group."""
    group = np.arange(count)

    def root(text: int) -> int:
        while group[text] != text:
            group[text] = group[group[text]]
            text = int(group[text])
        return text

    for one, other in pairs:
        first, second = root(int(one)), root(int(other))
        group[max(first, second)] = min(first, second)
    found = np.full(count, -1, dtype=np.int64)
    for text in set(pairs.ravel().tolist()):
        found[text] = root(text)
    return found
