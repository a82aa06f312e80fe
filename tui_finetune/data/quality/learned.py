"""What a linear model over words finds: whether two splits are of one kind, and the floor that a model has to beat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tui_finetune.data.lengths import UNSPACED
from tui_finetune.data.problems import listed
from tui_finetune.data.quality.finding import Finding, Rows
from tui_finetune.data.quality.labels import all_labels
from tui_finetune.data.quality.material import BETWEEN, Material, Part
from tui_finetune.data.splitting import sample

SIDE = 2_000
"""Texts of each split that are told apart."""
LEAST_SIDE = 60
"""Texts of the smaller split under which the test has no force."""
FAR, APART, ERRORS = 0.75, 0.6, 4.0
"""AUC from which splits are of two kinds and differ; standard errors of chance that it has to be over."""
FOLDS = 4
FEATURES = 50_000
TRAINED, MEASURED = 20_000, 5_000
"""Drawn rows that the floor's linear model is trained and measured on."""
SEED = 0


@dataclass(frozen=True)
class Shift:
    """How well a split is told from train: 0.5 is not at all, 1 always."""

    split: str
    auc: float
    rows: int
    """Texts of each side."""
    words: tuple[str, ...]
    """Words that tell the split, the most telling first."""

    def as_json(self) -> dict[str, Any]:
        return {**vars(self), "auc": round(self.auc, 4), "words": list(self.words)}


@dataclass(frozen=True)
class Floor:
    """What trivial methods reach on rows that they were not trained on."""

    measured_on: str
    rows: int
    majority_label: str
    majority: float
    """Accuracy of the commonest label."""
    linear: float
    """Accuracy of a linear model over words."""
    linear_macro_f1: float
    trained_on: int

    def as_json(self) -> dict[str, Any]:
        return {name: round(one, 4) if isinstance(one, float) else one for name, one in vars(self).items()}


def shifts(data: Material) -> tuple[Shift, ...]:
    """Each other split against train by a classifier two-sample test: texts that both have are left out.

    After Lopez-Paz and Oquab (2017), Revisiting Classifier Two-Sample Tests, https://arxiv.org/abs/1610.06545: were both drawn
    from one source, no classifier could tell held-out rows apart.
    """
    found = []
    codes = [data.texts.codes[a:b] for a, b in zip(data.starts[:-1], data.starts[1:], strict=True)]
    for index, part in enumerate(data.parts[1:], 1):
        one, other = (np.unique(own[own >= 0]) for own in (codes[0], codes[index]))
        both = np.intersect1d(one, other)
        one, other = np.setdiff1d(one, both), np.setdiff1d(other, both)
        size = min(len(one), len(other), SIDE)
        if size >= LEAST_SIDE:
            sides = [side[np.asarray(sample(len(side), size, SEED))] for side in (one, other)]
            found.append(_shift(part.name, *(_texts(data.texts.values, side) for side in sides)))
    return tuple(found)


def _texts(values: pa.Array, codes: Rows) -> list[str]:
    texts: list[str] = pc.replace_substring(values.take(pa.array(codes)), BETWEEN, " ").to_pylist()
    return texts


def _shift(name: str, one: list[str], other: list[str]) -> Shift:
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.svm import LinearSVC

    texts, sides = [*one, *other], np.repeat([0, 1], [len(one), len(other)])
    vectorizer, model = _vectorizer(one), LinearSVC(random_state=SEED)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    try:
        features = vectorizer.fit_transform(texts)
    except ValueError:
        return Shift(name, 0.5, len(one), ())  # no text holds a word
    auc = float(roc_auc_score(sides, cross_val_predict(model, features, sides, cv=folds, method="decision_function")))
    order = np.argsort(-model.fit(features, sides).coef_[0])[:8]
    return Shift(name, auc, len(one), tuple(vectorizer.get_feature_names_out()[order]))


def shifted(data: Material, found: tuple[Shift, ...]) -> list[Finding]:
    """Splits that are told from train better than by chance."""
    apart = [shift for shift in found if shift.auc >= max(APART, 0.5 + ERRORS * _error(shift.rows))]
    if not apart:
        return []
    told = "; ".join(f"{s.split} by an AUC of {s.auc:.2f} (its words: {listed(s.words, 6)})" for s in apart)
    return [
        Finding(
            "shift",
            "warn" if max(shift.auc for shift in apart) >= FAR else "note",
            f"split unlike {data.train.name}",
            f"A linear model over words tells splits from {data.train.name}: {told}; 0.5 is chance.",
            "Rows of another kind are measured than are trained on: figures of validation and test say different things.",
            f"Know it; draw validation from the kind of rows that count, or bring such rows into {data.train.name}.",
            figures={"splits": [shift.as_json() for shift in found]},
        )
    ]


def _error(rows: int) -> float:
    """Standard error of the AUC of two like samples of `rows` each (Mann and Whitney)."""
    return float(np.sqrt((2 * rows + 1) / (12 * rows * rows)))


def floor(data: Material) -> Floor | None:
    """The commonest label and a linear model over words, measured on the first other split with the labels, else on a fold."""
    counts = all_labels(data)
    trained = counts.get(data.train.name, {})
    if data.kind != "label" or len(trained) < 2 or data.train.rows < LEAST_SIDE:
        return None
    other = next((part for part in data.labelled[1:] if part.rows >= LEAST_SIDE), None)
    train = _labelled_rows(data.train, TRAINED)
    if other is None:
        cut = len(train) * (FOLDS - 1) // FOLDS
        train, test, where = train[:cut], train[cut:], f"a quarter of {data.train.name}"
        texts, gold = _rows(data.train, test)
    else:
        texts, gold = _rows(other, _labelled_rows(other, MEASURED))
        where = other.name
    return _floor(*_rows(data.train, train), texts, gold, where)


def _labelled_rows(part: Part, most: int) -> Rows:
    """Drawn rows that have a text and a label."""
    whole = np.asarray(pc.and_(pc.is_valid(part.texts), pc.is_valid(part.labels)))
    rows = np.flatnonzero(whole)
    drawn = np.asarray(sample(len(rows), min(most, len(rows)), SEED))
    found: Rows = rows[np.random.default_rng(SEED).permutation(drawn)].astype(np.int64)
    return found


def _rows(part: Part, rows: Rows) -> tuple[list[str], NDArray[Any]]:
    assert part.labels is not None
    return _texts(part.texts, rows), np.asarray(part.labels.take(pa.array(rows)).to_pylist())


def _floor(texts: list[str], gold: NDArray[Any], new: list[str], new_gold: NDArray[Any], where: str) -> Floor | None:
    from sklearn.metrics import accuracy_score, f1_score
    from sklearn.svm import LinearSVC

    vectorizer = _vectorizer(texts)
    names, counts = np.unique(gold, return_counts=True)
    if len(names) < 2 or not len(new):
        return None
    commonest = str(names[counts.argmax()])
    try:
        model = LinearSVC(random_state=SEED).fit(vectorizer.fit_transform(texts), gold)
    except ValueError:
        return None  # no text holds a word
    answers, right = model.predict(vectorizer.transform(new)), new_gold
    return Floor(
        where,
        len(new),
        commonest,
        float((right == commonest).mean()),
        float(accuracy_score(right, answers)),
        float(f1_score(right, answers, average="macro")),
        len(texts),
    )


def _vectorizer(texts: list[str]) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    looked = pa.array(texts[:500], pa.large_string())
    unspaced = pc.sum(pc.count_substring_regex(looked, f"[{UNSPACED}]")).as_py() or 0
    if 3 * unspaced > (pc.sum(pc.utf8_length(looked)).as_py() or 0):
        return TfidfVectorizer(analyzer="char", ngram_range=(1, 2), sublinear_tf=True, max_features=FEATURES)
    return TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, max_features=FEATURES)
