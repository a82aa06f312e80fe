"""text-classification, the light half: one label for a text or a pair of texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tui_finetune.builtin.tasks.labels import ids_of, label_set
from tui_finetune.evaluation.hierarchy import level_report
from tui_finetune.evaluation.predictions import ALL_LABELS, TOP_LABELS
from tui_finetune.evaluation.reports import class_report
from tui_finetune.plugin_api import Baseline, Decoded, Encoder, FormField, LabelSet, Metric, Role, Shape, Task

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray
    from pydantic import BaseModel

RUNNERS_UP = 2
"""Labels shown under the best one."""
ROWS_AT_ONCE = 256
"""Whose scores are held in double precision: with 10,000 labels 20 MB."""
MULTI_LABEL = "multi_label_classification"
"""`problem_type` of several labels a text, as transformers calls it."""
TEXT_ROLES = (
    Role(
        "text",
        "text",
        usual_names=("text", "sentence", "sentence1", "review", "content", "tweet", "question", "premise", "query"),
        help="What is classified.",
    ),
    Role(
        "text_pair",
        "text",
        required=False,
        usual_names=("text_pair", "sentence2", "hypothesis", "answer", "context"),
        help="A second text, where the label is about both.",
    ),
)
LABEL_NAMES = ("label", "labels", "category", "class", "target", "intent", "sentiment", "topic")
"""Usual names of a label's column."""


class TextClassification(Task):
    name = "text-classification"
    title = "Text classification"
    help: ClassVar[str] = "One label for each text, or for each pair of texts: topic, sentiment, intent, entailment."
    pipeline_tag = "text-classification"
    roles: ClassVar[tuple[Role, ...]] = (
        *TEXT_ROLES,
        Role(
            "label",
            "label",
            gold=True,
            usual_names=LABEL_NAMES,
            help="What is to be predicted: text, integer or boolean; several of them with problem_type multi-label.",
        ),
    )
    heavy: ClassVar[str] = "tui_finetune.builtin.heads.text_classification:TextClassificationHead"
    shape: ClassVar[Shape] = "labels"
    metrics: ClassVar[tuple[str, ...]] = ("accuracy", "f1")
    architectures: ClassVar[tuple[str, ...]] = ("ForSequenceClassification",)
    hierarchy: ClassVar[str | None] = None
    """What stands between the levels of a label's name, where it has some."""
    form_fields = (
        FormField("data.columns.text", "Column of the text."),
        FormField("data.columns.text_pair", "Column of a second text; leave it empty for single texts."),
        FormField("data.columns.label", "Column of the label."),
        FormField("data.label_names", "Names for integer labels, in their order."),
    )

    def options_model(self) -> type[BaseModel]:
        from tui_finetune.builtin.tasks.options import TextClassificationOptions

        return TextClassificationOptions

    def variant(self, options: Mapping[str, Any]) -> Task:
        """Several labels a text where `problem_type` says so; names with levels where `hierarchy` does."""
        if options.get("problem_type") != MULTI_LABEL:
            separator = options.get("hierarchy")
            return _with_levels(separator) if isinstance(separator, str) and separator else self
        from tui_finetune.builtin.tasks.multi_label import multi_label

        return multi_label(options)

    def variants(self) -> tuple[Mapping[str, Any], ...]:
        return {}, {"problem_type": MULTI_LABEL}

    def options_of(self, config: Mapping[str, Any]) -> Mapping[str, Any] | None:
        kind, names = config.get("problem_type"), config.get("id2label")
        if kind == "regression" or (isinstance(names, Mapping) and len(names) < 2):
            return None
        return {"problem_type": MULTI_LABEL} if kind == MULTI_LABEL else {}

    def infer_labels(self, values: pa.ChunkedArray, class_names: Sequence[str] | None) -> LabelSet:
        return label_set(values, class_names)

    def encode(self, batch: Mapping[str, Sequence[Any]], encoder: Encoder, labels: LabelSet) -> dict[str, list[Any]]:
        columns = text_columns(batch, encoder)
        if "label" in batch:
            columns["labels"] = ids_of(batch["label"], labels)
        return columns

    def decode(
        self,
        logits: Sequence[np.ndarray],
        rows: Mapping[str, Sequence[Any]],
        labels: LabelSet,
        options: Mapping[str, Any],
    ) -> Decoded:
        gold = gold_ids(rows, labels)
        predicted: list[int] = []
        scores: list[np.ndarray] = []
        losses: list[float] = []
        for start in range(0, len(logits), ROWS_AT_ONCE):
            log_scores = log_softmax(np.stack(logits[start : start + ROWS_AT_ONCE]))
            predicted += log_scores.argmax(axis=1).tolist()
            scores += list(np.exp(log_scores).astype(np.float32))
            if gold is not None:
                right = np.asarray(gold[start : start + ROWS_AT_ONCE], dtype=np.int64)
                losses += (-log_scores[np.arange(len(right)), right]).tolist()
        return Decoded(labels, predicted, gold, scores, None if gold is None else np.asarray(losses))

    def prediction_schema(self, labels: LabelSet) -> pa.Schema:
        return label_schema(labels)

    def prediction_columns(self, decoded: Decoded) -> dict[str, list[Any]]:
        return label_columns(decoded)

    def answer(self, decoded: Decoded, index: int, row: Mapping[str, Any]) -> dict[str, Any]:
        return label_answer(decoded, index, row)

    def show_answer(self, answer: Mapping[str, Any]) -> list[str]:
        best = sorted(answer["scores"].items(), key=lambda item: -item[1])[: RUNNERS_UP + 1]
        return [
            f"{label}  {score:.3f}" if i == 0 else f"  {label}  {score:.3f}" for i, (label, score) in enumerate(best)
        ]

    def show_error(self, row: Mapping[str, Any]) -> list[str]:
        texts = texts_of(row).values()
        gold_score = row.get("gold_score")
        return [
            *texts,
            f"predicted  {row['predicted']}  {row['score']:.3f}",
            f"gold       {row['gold']}" + ("" if gold_score is None else f"  {gold_score:.3f}"),
        ]

    def baselines(
        self,
        train: Mapping[str, Sequence[Any]],
        test: Mapping[str, Sequence[Any]],
        labels: LabelSet,
        metrics: Sequence[Metric],
    ) -> list[Baseline]:
        from tui_finetune.builtin.tasks.text_baselines import text_baselines

        gold = ids_of(train["label"], labels), ids_of(test["label"], labels)
        return text_baselines(joined_texts(train), joined_texts(test), *gold, labels, metrics)

    def report(self, decoded: Decoded) -> dict[str, Any]:
        """Per class and confusion; and by level where names have some."""
        levels = level_report(decoded, self.hierarchy) if self.hierarchy else {}
        return {**class_report(decoded), **levels}


@cache
def _with_levels(separator: str) -> TextClassification:
    found: TextClassification = type("TextClassification", (TextClassification,), {"hierarchy": separator})()
    return found


def text_columns(batch: Mapping[str, Sequence[Any]], encoder: Encoder) -> dict[str, list[Any]]:
    """Model inputs of texts or pairs, without gold."""
    encoded = encoder.texts(batch["text"], batch.get("text_pair"))
    columns: dict[str, list[Any]] = {"input_ids": [e.ids for e in encoded]}
    if any(e.type_ids for e in encoded):
        columns["token_type_ids"] = [e.type_ids for e in encoded]
    columns["length"] = [e.length for e in encoded]
    columns["truncated"] = [e.length > len(e.ids) for e in encoded]
    return columns


def log_softmax(logits: np.ndarray) -> NDArray[np.float64]:
    """Logarithms of the probabilities; `logits` [rows, labels] or [labels]."""
    wide = logits.astype(np.float64)
    wide = wide - wide.max(axis=-1, keepdims=True)
    found: NDArray[np.float64] = wide - np.log(np.exp(wide).sum(axis=-1, keepdims=True))
    return found


def gold_ids(rows: Mapping[str, Sequence[Any]], labels: LabelSet) -> list[int] | None:
    """Gold label ids from the encoded column `labels`, else from the role `label`; None where any row has none."""
    if "labels" in rows:
        return [int(label) for label in rows["labels"]]
    gold = rows.get("label")
    if gold is None or any(label is None for label in gold):
        return None
    return ids_of(gold, labels)


def label_schema(labels: LabelSet) -> pa.Schema:
    """gold, predicted, score, gold_score, scores (float16, in order of the ids); beyond 100 labels the top 20 with their ids."""
    import pyarrow as pa

    fields = [
        pa.field("gold", pa.string()),
        pa.field("predicted", pa.string()),
        pa.field("score", pa.float32()),
        pa.field("gold_score", pa.float32()),
    ]
    return pa.schema([*fields, *score_fields(labels)])


def score_fields(labels: LabelSet) -> list[pa.Field]:
    """scores (float16, in order of the ids); beyond 100 labels the top 20 with their ids, `score_ids`."""
    import pyarrow as pa

    ids = [pa.field("score_ids", pa.list_(pa.int32()))] if len(labels) > ALL_LABELS else []
    return [pa.field("scores", pa.list_(pa.float16())), *ids]


def score_columns(scores: np.ndarray) -> dict[str, list[Any]]:
    """The columns of `score_fields`; scores [rows, labels]."""
    if scores.shape[1] <= ALL_LABELS:
        return {"scores": list(scores.astype(np.float16))}
    top = np.argsort(-scores, axis=1, kind="stable")[:, :TOP_LABELS]
    kept = np.take_along_axis(scores, top, axis=1)
    return {"score_ids": top.astype(np.int32).tolist(), "scores": list(kept.astype(np.float16))}


def label_columns(decoded: Decoded) -> dict[str, list[Any]]:
    """The columns of `label_schema`."""
    names = decoded.labels.names
    scores = np.asarray(decoded.scores, dtype=np.float64).reshape(len(decoded.predicted), len(names))
    rows = np.arange(len(scores))
    predicted = np.asarray(decoded.predicted, dtype=np.int64)
    gold = None if decoded.gold is None else np.asarray(decoded.gold, dtype=np.int64)
    return {
        "gold": [None] * len(scores) if gold is None else [names[i] for i in gold],
        "predicted": [names[i] for i in predicted],
        "score": scores[rows, predicted].tolist(),
        "gold_score": [None] * len(scores) if gold is None else scores[rows, gold].tolist(),
        **score_columns(scores),
    }


def label_answer(decoded: Decoded, index: int, row: Mapping[str, Any]) -> dict[str, Any]:
    """text (and text_pair), label, score, scores: all labels, the likeliest first."""
    assert decoded.scores is not None
    names, scores = decoded.labels.names, np.asarray(decoded.scores[index], dtype=np.float64)
    predicted = decoded.predicted[index]
    order = np.argsort(-scores, kind="stable")
    return {
        **texts_of(row),
        "label": names[predicted],
        "score": float(scores[predicted]),
        "scores": {names[i]: float(scores[i]) for i in order},
    }


def texts_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a row, or an answer, has of `text` and `text_pair`, in this order."""
    return {name: row[name] for name in ("text", "text_pair") if row.get(name) is not None}


def joined_texts(rows: Mapping[str, Sequence[Any]]) -> list[str]:
    """Each row's text, with its pair after it: what a bag of words sees."""
    pairs = rows.get("text_pair")
    texts = [text or "" for text in rows["text"]]
    return texts if pairs is None else [f"{a}\n{b or ''}" for a, b in zip(texts, pairs, strict=True)]
