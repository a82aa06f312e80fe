"""text-classification with `problem_type = "multi_label_classification"`: any number of labels a text, none included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tui_finetune.builtin.tasks.labels import ids_of, label_set
from tui_finetune.builtin.tasks.text_classification import (
    LABEL_NAMES,
    RUNNERS_UP,
    TEXT_ROLES,
    TextClassification,
    joined_texts,
    score_columns,
    score_fields,
    text_columns,
    texts_of,
)
from tui_finetune.errors import DataError, Problem
from tui_finetune.evaluation.multilabel import hot, multilabel_report, tuned_thresholds
from tui_finetune.plugin_api import Baseline, Decoded, Encoder, LabelSet, Metric, Role, Shape, Task

if TYPE_CHECKING:
    import pyarrow as pa

THRESHOLD = 0.5
"""Score from which on a label is given where nothing was tuned."""
TUNED = "tuned"
NO_LABEL_SHOWN = "no label"
_LABELS = Role(
    "label",
    "labels",
    gold=True,
    usual_names=(
        "labels",
        *(name for name in LABEL_NAMES if name != "labels"),
        "emotions",
        "categories",
        "topics",
        "tags",
    ),
    help="What is to be predicted: a list of labels, or a text of them with a separator between.",
)


class MultiLabelClassification(TextClassification):
    help: ClassVar[str] = "Any number of labels for each text or pair of texts: topics, emotions, attributes."
    roles: ClassVar[tuple[Role, ...]] = (*TEXT_ROLES, _LABELS)
    heavy: ClassVar[str] = "tui_finetune.builtin.heads.text_classification:MultiLabelHead"
    shape: ClassVar[Shape] = "multilabels"
    metrics: ClassVar[tuple[str, ...]] = ("f1", "f1_micro", "accuracy")
    refused_arguments: ClassVar[Mapping[str, str]] = {
        "label_smoothing_factor": "it is for one label a row; several have each a yes or no of their own"
    }

    def variant(self, options: Mapping[str, Any]) -> Task:
        return multi_label(options)

    def infer_labels(self, values: pa.ChunkedArray, class_names: Sequence[str] | None) -> LabelSet:
        import pyarrow as pa
        import pyarrow.compute as pc

        kind = values.type
        if not (pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)):
            hint = "A list of labels is expected, or a text of them with task_options.separator between."
            raise DataError(Problem(f"the label column holds {kind}.", key="data.columns", hint=hint))
        return label_set(pc.list_flatten(values), class_names)

    def encode(self, batch: Mapping[str, Sequence[Any]], encoder: Encoder, labels: LabelSet) -> dict[str, list[Any]]:
        columns = text_columns(batch, encoder)
        if "label" in batch:
            columns["labels"] = hot(_ids(batch["label"], labels), len(labels)).tolist()
        return columns

    def decode(
        self,
        logits: Sequence[np.ndarray],
        rows: Mapping[str, Sequence[Any]],
        labels: LabelSet,
        options: Mapping[str, Any],
    ) -> Decoded:
        raw = np.stack(logits).astype(np.float64) if len(logits) else np.zeros((0, len(labels)))
        scores = np.exp(-np.logaddexp(0.0, -raw))
        given = scores >= _thresholds(options.get("thresholds"), labels)
        predicted: list[list[int]] = [np.flatnonzero(row).tolist() for row in given]
        gold = _gold(rows, labels)
        losses = None
        if gold is not None:
            there = hot(gold, len(labels))
            losses = (np.logaddexp(0.0, -raw) * there + np.logaddexp(0.0, raw) * (1 - there)).mean(axis=1)
        return Decoded(labels, predicted, gold, list(scores.astype(np.float32)), losses)

    def tuned(self, decoded: Decoded, options: Mapping[str, Any]) -> dict[str, Any]:
        """Thresholds by label: of each the best F1 on these rows, where the recipe names none of its own."""
        if options.get("thresholds") not in (None, TUNED) or decoded.gold is None or not len(decoded.gold):
            return dict(options)
        found = tuned_thresholds(decoded, THRESHOLD)
        return {**options, "thresholds": dict(zip(decoded.labels.names, found, strict=True))}

    def prediction_schema(self, labels: LabelSet) -> pa.Schema:
        """gold and predicted labels; score, the highest of all labels'; scores as with one label a text."""
        import pyarrow as pa

        fields = [
            pa.field("gold", pa.list_(pa.string())),
            pa.field("predicted", pa.list_(pa.string())),
            pa.field("score", pa.float32()),
        ]
        return pa.schema([*fields, *score_fields(labels)])

    def prediction_columns(self, decoded: Decoded) -> dict[str, list[Any]]:
        names = decoded.labels.names
        scores = np.asarray(decoded.scores, dtype=np.float64).reshape(len(decoded.predicted), len(names))
        named = [[names[i] for i in row] for row in decoded.predicted]
        gold = None if decoded.gold is None else [[names[i] for i in row] for row in decoded.gold]
        return {
            "gold": [None] * len(named) if gold is None else gold,
            "predicted": named,
            "score": scores.max(axis=1).tolist() if len(scores) else [],
            **score_columns(scores),
        }

    def answer(self, decoded: Decoded, index: int, row: Mapping[str, Any]) -> dict[str, Any]:
        """text (and text_pair), labels (the likeliest first), scores: all labels, the likeliest first."""
        assert decoded.scores is not None
        names, scores = decoded.labels.names, np.asarray(decoded.scores[index], dtype=np.float64)
        order = np.argsort(-scores, kind="stable").tolist()
        given = set(decoded.predicted[index])
        return {
            **texts_of(row),
            "labels": [names[i] for i in order if i in given],
            "scores": {names[i]: float(scores[i]) for i in order},
        }

    def show_answer(self, answer: Mapping[str, Any]) -> list[str]:
        scores, given = answer["scores"], answer["labels"]
        others = [label for label in scores if label not in given][:RUNNERS_UP]
        lines = [f"{label}  {scores[label]:.3f}" for label in given] or [NO_LABEL_SHOWN]
        return [*lines, *(f"  {label}  {scores[label]:.3f}" for label in others)]

    def show_error(self, row: Mapping[str, Any]) -> list[str]:
        texts = texts_of(row).values()
        gold, said = row["gold"], row["predicted"]
        lines = [*texts, f"predicted  {_listed(said)}", f"gold       {_listed(gold)}"]
        missed, too_much = [one for one in gold if one not in said], [one for one in said if one not in gold]
        lines += [f"missed     {_listed(missed)}"] if missed else []
        return lines + ([f"too much   {_listed(too_much)}"] if too_much else [])

    def baselines(
        self,
        train: Mapping[str, Sequence[Any]],
        test: Mapping[str, Sequence[Any]],
        labels: LabelSet,
        metrics: Sequence[Metric],
    ) -> list[Baseline]:
        from tui_finetune.builtin.tasks.multi_label_baselines import multi_label_baselines

        gold = _ids(train["label"], labels), _ids(test["label"], labels)
        return multi_label_baselines(joined_texts(train), joined_texts(test), *gold, labels, metrics)

    def report(self, decoded: Decoded) -> dict[str, Any]:
        return multilabel_report(decoded)


@cache
def _made(separator: str, missing_is_none: bool) -> MultiLabelClassification:
    role = replace(_LABELS, separator=separator, missing_is_none=missing_is_none)
    made = type("MultiLabelClassification", (MultiLabelClassification,), {"roles": (*TEXT_ROLES, role)})
    found: MultiLabelClassification = made()
    return found


def multi_label(options: Mapping[str, Any]) -> MultiLabelClassification:
    """The task with the separator that the options name."""
    separator = options.get("separator")
    return _made(separator if isinstance(separator, str) and separator else ",", options.get("missing_is_none") is True)


def _ids(values: Sequence[Sequence[Any]], labels: LabelSet) -> list[list[int]]:
    """Label ids of each row, each once, in their order. Raises DataError naming every value that is no label."""
    flat = iter(ids_of([value for row in values for value in row], labels))
    return [sorted({next(flat) for _ in row}) for row in values]


def _gold(rows: Mapping[str, Sequence[Any]], labels: LabelSet) -> list[list[int]] | None:
    """From the encoded column `labels`, else from the role `label`; None where any row has none."""
    if "labels" in rows:
        return [np.flatnonzero(np.asarray(row)).tolist() for row in rows["labels"]]
    given = rows.get("label")
    if given is None or any(row is None for row in given):
        return None
    return _ids(given, labels)


def _thresholds(given: Any, labels: LabelSet) -> np.ndarray:
    """A threshold a label, in their order."""
    if isinstance(given, Mapping):
        found = {labels.id_of(name): float(value) for name, value in given.items()}
        return np.asarray([found.get(index, THRESHOLD) for index in range(len(labels))])
    one = float(given) if isinstance(given, int | float) and not isinstance(given, bool) else THRESHOLD
    return np.full(len(labels), one)


def _listed(names: Sequence[str] | None) -> str:
    return ", ".join(names or ()) or NO_LABEL_SHOWN
