"""ordinal, the light half: one of several levels that have an order, such as one to five stars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tui_finetune.builtin.tasks.labels import ids_of, label_set
from tui_finetune.builtin.tasks.text_classification import LABEL_NAMES, TEXT_ROLES, TextClassification, text_columns
from tui_finetune.errors import DataError, Problem
from tui_finetune.evaluation.classes import as_ids
from tui_finetune.plugin_api import Decoded, Encoder, LabelSet, Role, Task

if TYPE_CHECKING:
    import pyarrow as pa


class Ordinal(TextClassification):
    """Output k of the model is the logit of "at least level k, where it is at least the one below"; of the lowest level there
    is nothing to decide, so output 0 counts for nothing. Shi, Cao and Raschka: Deep neural networks for rank-consistent
    ordinal regression based on conditional probabilities (CORN), 2021, arXiv:2111.08851."""

    name = "ordinal"
    title = "Ordinal classification"
    help = "One of several levels with an order for each text or pair of texts: stars, grades, severity."
    roles = (
        *TEXT_ROLES,
        Role(
            "label",
            "label",
            gold=True,
            usual_names=("stars", "rating", "grade", "level", *LABEL_NAMES),
            help="The level: an integer, or a text that data.labels puts into its order.",
        ),
    )
    heavy = "tui_finetune.builtin.heads.ordinal:OrdinalHead"
    metrics = ("quadratic_kappa", "mae", "accuracy", "f1")
    architectures: ClassVar[tuple[str, ...]] = ()
    refused_arguments: ClassVar[Mapping[str, str]] = {
        "label_smoothing_factor": "levels that are near each other share what is learnt anyway"
    }

    def variant(self, options: Mapping[str, Any]) -> Task:
        return self

    def variants(self) -> tuple[Mapping[str, Any], ...]:
        return ({},)

    def options_of(self, config: Mapping[str, Any]) -> Mapping[str, Any] | None:
        return None

    def options_model(self) -> None:  # type: ignore[override]
        return None

    def infer_labels(self, values: pa.ChunkedArray, class_names: Sequence[str] | None) -> LabelSet:
        """Integers by number; names of a source in their order. Texts have no order of their own: raises DataError."""
        found = label_set(values, class_names)
        if all(isinstance(value, str) for value in found.values):
            hint = 'The lowest first: [data] labels = ["low", "middle", "high"].'
            raise DataError(Problem("the levels are texts; which is higher?", key="data.labels", hint=hint))
        return found

    def encode(self, batch: Mapping[str, Sequence[Any]], encoder: Encoder, labels: LabelSet) -> dict[str, list[Any]]:
        columns = text_columns(batch, encoder)
        if "label" in batch:
            levels = np.asarray(ids_of(batch["label"], labels), dtype=np.int64)
            columns["labels"] = (levels[:, None] >= np.arange(len(labels))).astype(float).tolist()
        return columns

    def decode(
        self,
        logits: Sequence[np.ndarray],
        rows: Mapping[str, Sequence[Any]],
        labels: LabelSet,
        options: Mapping[str, Any],
    ) -> Decoded:
        """The median level: the highest that is reached with a probability above one half."""
        raw = np.stack(logits).astype(np.float64) if len(logits) else np.zeros((0, len(labels)))
        higher = np.cumsum(-np.logaddexp(0.0, -raw[:, 1:]), axis=1)  # log of "at least level 1, 2 …"
        at_least = np.concatenate([np.ones((len(raw), 1)), np.exp(higher), np.zeros((len(raw), 1))], axis=1)
        scores = at_least[:, :-1] - at_least[:, 1:]
        predicted = (at_least[:, 1:-1] > 0.5).sum(axis=1)
        gold = _levels(rows, labels)
        losses = None if gold is None else _losses(raw, np.asarray(gold, dtype=np.int64))
        return Decoded(labels, predicted.tolist(), gold, list(scores.astype(np.float32)), losses)

    def report(self, decoded: Decoded) -> dict[str, Any]:
        """As of labels, and `ranks`: the share of rows that are right, and of those at most one level off."""
        if decoded.gold is None or not len(decoded.gold):
            return super().report(decoded)
        apart = np.abs(as_ids(decoded.gold) - as_ids(decoded.predicted))
        ranks = {"mean_distance": float(apart.mean()), "within_one": float((apart <= 1).mean())}
        return {**super().report(decoded), "ranks": ranks}


def _levels(rows: Mapping[str, Sequence[Any]], labels: LabelSet) -> list[int] | None:
    """From the encoded column `labels`, else from the role `label`; None where any row has none."""
    if "labels" in rows:
        return [int(np.asarray(row).sum()) - 1 for row in rows["labels"]]
    given = rows.get("label")
    if given is None or any(label is None for label in given):
        return None
    return ids_of(given, labels)


def _losses(raw: np.ndarray, gold: np.ndarray) -> np.ndarray:
    """Minus the logarithm of the gold level's probability: the sum of the decisions that lead to it."""
    steps = np.arange(1, raw.shape[1])
    reached, asked = steps <= gold[:, None], steps <= gold[:, None] + 1
    found = np.where(reached, np.logaddexp(0.0, -raw[:, 1:]), np.logaddexp(0.0, raw[:, 1:]))
    losses: np.ndarray = np.where(asked, found, 0.0).sum(axis=1)
    return losses
