"""ordinal-classification, the light half.

The model gives K-1 numbers for K levels: the logits of "higher than level k". `decode` turns them into probabilities of
the levels. The prediction is the median level, which makes the smallest absolute error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tui_finetune.evaluation.reports import class_report
from tui_finetune.plugin_api import DataError, Decoded, Encoder, FormField, LabelSet, Problem, Role, Task

if TYPE_CHECKING:
    import pyarrow as pa
    from pydantic import BaseModel


class OrdinalClassification(Task):
    name = "ordinal-classification"
    title = "Ordinal classification"
    help = "One of several levels in order for each text: stars, severity, agreement."
    pipeline_tag = "text-classification"
    roles = (
        Role("text", "text", usual_names=("text", "review", "comment", "sentence"), help="What is judged."),
        Role(
            "label", "label", gold=True, usual_names=("stars", "label", "rating", "score", "level"), help="The level."
        ),
    )
    heavy = "tui_finetune_ordinal.heads:OrdinalHead"
    shape = "labels"
    metrics = ("mean_absolute_error", "quadratic_weighted_kappa", "accuracy")
    architectures = ("ForOrdinalClassification",)
    form_fields = (FormField("data.labels", "The levels, lowest first; needed where they are texts."),)

    def options_model(self) -> type[BaseModel]:
        from pydantic import BaseModel, ConfigDict, Field

        class OrdinalOptions(BaseModel):
            model_config = ConfigDict(extra="forbid")

            spacing: float = Field(default=1.0, gt=0, title="Distance between neighbouring thresholds at the start")

        return OrdinalOptions

    def infer_labels(self, values: pa.ChunkedArray, class_names: Sequence[str] | None) -> LabelSet:
        import pyarrow as pa

        distinct = values.unique().drop_null()
        if class_names and pa.types.is_integer(distinct.type):
            return LabelSet.of(range(len(class_names)), class_names)
        if not pa.types.is_integer(distinct.type):
            hint = 'Say it: labels = ["low", "middle", "high"].'
            raise DataError(Problem(f"levels of type {distinct.type} have no order.", key="data.labels", hint=hint))
        if len(distinct) < 2:
            raise DataError(Problem("the label column holds fewer than two levels.", key="data.columns.label"))
        return LabelSet.of(sorted(distinct.to_pylist()))

    def encode(self, batch: Mapping[str, Sequence[Any]], encoder: Encoder, labels: LabelSet) -> dict[str, list[Any]]:
        encoded = encoder.texts(batch["text"])
        columns: dict[str, list[Any]] = {"input_ids": [e.ids for e in encoded]}
        if "label" in batch:
            columns["labels"] = _ids(batch["label"], labels)
        columns["length"] = [e.length for e in encoded]
        columns["truncated"] = [e.length > len(e.ids) for e in encoded]
        return columns

    def output_width(self, labels: LabelSet) -> int:
        return len(labels) - 1

    def decode(
        self,
        logits: Sequence[np.ndarray],
        rows: Mapping[str, Sequence[Any]],
        labels: LabelSet,
        options: Mapping[str, Any],
    ) -> Decoded:
        raw = np.asarray(logits, dtype=np.float64).reshape(len(logits), len(labels) - 1)
        higher = 1 / (1 + np.exp(-raw))
        predicted = (higher > 0.5).sum(axis=1)
        edges = np.hstack([np.ones((len(raw), 1)), higher, np.zeros((len(raw), 1))])
        scores = np.clip(edges[:, :-1] - edges[:, 1:], 0, 1)
        gold = losses = None
        if "labels" in rows or "label" in rows:
            gold = [int(i) for i in rows["labels"]] if "labels" in rows else _ids(rows["label"], labels)
            is_higher = np.asarray(gold)[:, None] > np.arange(len(labels) - 1)
            # As the head's loss: cross entropy of each "higher than", summed over the thresholds.
            losses = np.logaddexp(0, np.where(is_higher, -raw, raw)).sum(axis=1)
        return Decoded(labels, predicted.tolist(), gold, list(scores), losses)

    def prediction_schema(self, labels: LabelSet) -> pa.Schema:
        import pyarrow as pa

        return pa.schema(
            [
                pa.field("gold", pa.string()),
                pa.field("predicted", pa.string()),
                pa.field("score", pa.float32()),
                pa.field("scores", pa.list_(pa.float16())),
            ]
        )

    def prediction_columns(self, decoded: Decoded) -> dict[str, list[Any]]:
        names, scores = decoded.labels.names, decoded.scores or ()
        return {
            "gold": [None] * len(scores) if decoded.gold is None else [names[i] for i in decoded.gold],
            "predicted": [names[i] for i in decoded.predicted],
            "score": [float(row[i]) for row, i in zip(scores, decoded.predicted, strict=True)],
            "scores": [row.astype(np.float16) for row in scores],
        }

    def answer(self, decoded: Decoded, index: int, row: Mapping[str, Any]) -> dict[str, Any]:
        """text, label, score, scores (the levels in their order) and the expected level, a number between the first and last."""
        assert decoded.scores is not None
        names, scores = decoded.labels.names, decoded.scores[index]
        predicted = decoded.predicted[index]
        return {
            "text": row["text"],
            "label": names[predicted],
            "score": float(scores[predicted]),
            "scores": {name: float(score) for name, score in zip(names, scores, strict=True)},
            "expected_level": float(scores @ np.arange(len(names))),
        }

    def show_answer(self, answer: Mapping[str, Any]) -> list[str]:
        levels = "  ".join(f"{name} {score:.2f}" for name, score in answer["scores"].items())
        return [f"{answer['label']}  {answer['score']:.3f}", f"  {levels}"]

    def show_error(self, row: Mapping[str, Any]) -> list[str]:
        return [row["text"], f"predicted  {row['predicted']}  {row['score']:.3f}", f"gold       {row['gold']}"]

    def report(self, decoded: Decoded) -> dict[str, Any]:
        return class_report(decoded)


def _ids(values: Sequence[Any], labels: LabelSet) -> list[int]:
    found = [labels.id_of(value) for value in values]
    unknown = sorted({repr(value) for value, level in zip(values, found, strict=True) if level is None})
    if unknown:
        message = f"{', '.join(unknown[:5])}: not among the levels {', '.join(labels.names)}."
        raise DataError(Problem(message, key="data.labels"))
    return [level for level in found if level is not None]
