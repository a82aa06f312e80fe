"""The same text twice: within a split, across splits, with different labels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tui_finetune.data.quality.finding import Finding, Rows, rows_word, share
from tui_finetune.data.quality.material import Material

MUCH = 0.01
"""Share of a split from which what makes its figures wrong is bad; of repeated rows five times that is a warning."""


def duplicates(data: Material) -> list[Finding]:
    """Rows of a split whose text stands earlier in it, whatever their label."""
    again = _again(data)
    if not len(again):
        return []
    rows = data.by_split(again)
    told = ", ".join(
        f"{len(found):,} in {name} ({share(len(found), _rows(data, name))})" for name, found in rows.items()
    )
    trained = len(rows.get(data.train.name, ())) / max(data.train.rows, 1)
    return [
        Finding(
            "duplicates",
            "warn" if trained >= 5 * MUCH else "note",
            "the same text again",
            f"{rows_word(len(again))} repeat{'s' if len(again) == 1 else ''} a text of the same split: {told}.",
            "What stands twice counts twice: in training, and where it is drawn into validation, there too.",
            "Leave all but one out; where repeats are meant, draw splits so that they stay on one side.",
            rows,
        )
    ]


def contradictions(data: Material) -> list[Finding]:
    """Texts that stand with different labels, in any splits."""
    texts, labels = data.texts.codes, data.labels.codes
    known = np.flatnonzero((texts >= 0) & (labels >= 0))
    if not len(known):
        return []
    pairs = np.unique(np.stack([texts[known], labels[known]], axis=1), axis=0)
    split_texts = np.flatnonzero(np.bincount(pairs[:, 0], minlength=len(data.texts.values)) > 1)
    if not len(split_texts):
        return []
    rows = _sorted_by_text(texts, known[np.isin(texts[known], split_texts)])
    labelled = sum(part.rows for part in data.labelled)
    texts_word = "1 text stands" if len(split_texts) == 1 else f"{len(split_texts):,} texts stand"
    return [
        Finding(
            "contradictions",
            "bad" if len(rows) >= MUCH * labelled else "warn",
            "same text, different labels",
            f"{texts_word} with more than one label, in {rows_word(len(rows))} ({share(len(rows), labelled)}).",
            "No model can learn both; whatever it answers counts as wrong in one of them.",
            "Look which label is meant, mend the others or leave these rows out.",
            data.by_split(rows),
            figures={"texts": len(split_texts)},
        )
    ]


def leakage(data: Material) -> list[Finding]:
    """Rows of the other splits whose text stands in the one that is trained on."""
    texts = data.texts.codes
    trained = np.zeros(len(data.texts.values) + 1, dtype=bool)
    trained[texts[: data.train.rows]] = True
    trained[-1] = False  # missing texts have the code -1
    rows = np.arange(data.train.rows, len(texts))
    leaked = rows[trained[texts[data.train.rows :]]]
    if not len(leaked):
        return []
    found = data.by_split(leaked)
    shares = {name: len(one) / _rows(data, name) for name, one in found.items()}
    measured = {part.name for part in data.labelled} if data.kind != "none" else set(found)
    told = ", ".join(f"{len(one):,} of {name} ({share(len(one), _rows(data, name))})" for name, one in found.items())
    return [
        Finding(
            "leakage",
            "bad" if any(own >= MUCH for name, own in shares.items() if name in measured) else "warn",
            f"text also in {data.train.name}",
            f"Texts of {data.train.name} stand in other splits too, word for word: {told}.",
            "What was trained on is known by heart: figures of these splits come out better than they are.",
            f"Leave them out of {data.train.name}, or out of the other split.",
            found,
            figures={"shares": shares},
        )
    ]


def _again(data: Material) -> Rows:
    """Rows whose text stands earlier in the same split."""
    found = []
    for index in range(len(data.parts)):
        start, end = data.starts[index], data.starts[index + 1]
        texts = data.texts.codes[start:end]
        first = np.zeros(len(texts), dtype=bool)
        first[np.unique(texts, return_index=True)[1]] = True
        found.append(np.flatnonzero(~first & (texts >= 0)) + start)
    return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)


def _sorted_by_text(texts: NDArray[np.int64], rows: Rows) -> Rows:
    """Rows of the same text beside each other, in the order in which the texts come."""
    return rows[np.argsort(texts[rows], kind="stable")]


def _rows(data: Material, name: str) -> int:
    return next(part.rows for part in data.parts if part.name == name)
