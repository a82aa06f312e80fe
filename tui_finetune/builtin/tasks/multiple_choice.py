"""multiple-choice, the light half: which of several endings, answers or choices a text goes on with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from tui_finetune.builtin.tasks.choice_labels import CHOICES, choice_labels, choice_problems, choices_of, ending
from tui_finetune.builtin.tasks.labels import ids_of
from tui_finetune.builtin.tasks.sentence_texts import encoded_pairs
from tui_finetune.builtin.tasks.text_classification import (
    LABEL_NAMES,
    gold_ids,
    label_answer,
    label_columns,
    label_schema,
    log_softmax,
)
from tui_finetune.errors import Problem, UserError
from tui_finetune.evaluation.reports import class_report
from tui_finetune.plugin_api import Baseline, Decoded, Encoder, FormField, LabelSet, Metric, Role, Shape, Task

if TYPE_CHECKING:
    import pyarrow as pa
    from pydantic import BaseModel

MOST_COLUMNS = 10
BETWEEN = "|"
"""Stands between the choices that a person types."""
UNLIKELY = 1e4
"""The loss of a row whose right choice is not among those that were read."""
LIST, COLUMNS = "list", "columns"
TEXT = Role(
    "text",
    "text",
    usual_names=("text", "sent1", "context", "ctx", "ctx_a", "article", "premise", "question", "startphrase"),
    help="What is read before each choice.",
)
START = Role(
    "start",
    "text",
    required=False,
    by_name=True,
    usual_names=("sent2", "ctx_b", "question", "query"),
    help="What every choice begins with: the beginning of the endings, or a question about the text.",
)
LABEL = Role(
    "label",
    "label",
    gold=True,
    usual_names=(*LABEL_NAMES, "answer", "answerKey", "gold", "correct"),
    help="The right choice: its number, from 0 or from 1, or its letter.",
)


class MultipleChoice(Task):
    name = "multiple-choice"
    title = "Multiple choice"
    help: ClassVar[str] = "The right one of several choices for each text: endings, answers."
    roles: ClassVar[tuple[Role, ...]] = (
        TEXT,
        START,
        Role(
            CHOICES,
            "words",
            usual_names=("choices", "endings", "options", "answers", "candidates"),
            by_name=True,
            otherwise='Choices in columns of their own: task_options.choices = "columns".',
            help="The choices of each row, as a list; rows may have different numbers of them.",
        ),
        LABEL,
    )
    heavy: ClassVar[str] = "tui_finetune.builtin.heads.multiple_choice:MultipleChoiceHead"
    shape: ClassVar[Shape] = "labels"
    metrics: ClassVar[tuple[str, ...]] = ("accuracy",)
    architectures: ClassVar[tuple[str, ...]] = ("ForMultipleChoice",)
    typed_pair: ClassVar[Literal["optional", "yes"] | None] = "yes"
    form_fields: ClassVar[tuple[FormField, ...]] = (
        FormField("data.columns.text", "Column of what is read before each choice."),
        FormField("data.columns.start", "Column of what every choice begins with; leave it empty where there is none."),
        FormField("data.columns.choices", "Column of lists of choices."),
        FormField("data.columns.label", "Column of the right choice's number or letter."),
    )

    def variant(self, options: Mapping[str, Any]) -> Task:
        return _in_columns() if options.get("choices") == COLUMNS else self

    def variants(self) -> tuple[Mapping[str, Any], ...]:
        return {}, {"choices": COLUMNS}

    def options_model(self) -> type[BaseModel]:
        from tui_finetune.builtin.tasks.choice_options import MultipleChoiceOptions

        return MultipleChoiceOptions

    def infer_labels(self, values: pa.ChunkedArray, class_names: Sequence[str] | None) -> LabelSet:
        return choice_labels(values)

    def row_problems(self, rows: Mapping[str, Sequence[Any]], labels: LabelSet) -> list[Problem]:
        return choice_problems(rows, labels)

    # Data -> model

    def encode(self, batch: Mapping[str, Sequence[Any]], encoder: Encoder, labels: LabelSet) -> dict[str, list[Any]]:
        """The text with each choice, as pairs; `choice_count` tells how many a row has."""
        starts = batch.get("start") or [None] * len(batch["text"])
        texts, seconds = [], []
        for at, (text, start) in enumerate(zip(batch["text"], starts, strict=True)):
            choices = (choices_of(batch, at) or [""])[: max(1, len(labels)) if "label" in batch else None]
            texts.append(str(text or ""))
            seconds.append([f"{start} {one}" if start else one for one in choices])
        columns = encoded_pairs(texts, seconds, encoder)
        columns["choice_count"] = [len(one) for one in seconds]
        if "label" in batch:
            columns["labels"] = ids_of(batch["label"], labels)
        return columns

    # Model -> person

    def decode(
        self,
        logits: Sequence[np.ndarray],
        rows: Mapping[str, Sequence[Any]],
        labels: LabelSet,
        options: Mapping[str, Any],
    ) -> Decoded:
        """scores: probabilities of the row's choices, 0 for those that it does not have."""
        gold = gold_ids(rows, labels)
        most = max([len(labels), *(int(count) for count in rows["choice_count"])])
        scores, losses = [], []
        for row, (raw, count) in enumerate(zip(logits, rows["choice_count"], strict=True)):
            log_scores = np.full(most, -UNLIKELY)
            given = log_softmax(np.asarray(raw)[: int(count)])
            log_scores[: len(given)] = given
            scores.append(np.exp(log_scores).astype(np.float32))
            if gold is not None:
                losses.append(-float(log_scores[gold[row]]))
        predicted = [int(one.argmax()) for one in scores]
        return Decoded(_named(labels, most), predicted, gold, scores, None if gold is None else np.asarray(losses))

    def prediction_schema(self, labels: LabelSet) -> pa.Schema:
        return label_schema(labels)

    def prediction_columns(self, decoded: Decoded) -> dict[str, list[Any]]:
        return label_columns(decoded)

    def answer(self, decoded: Decoded, index: int, row: Mapping[str, Any]) -> dict[str, Any]:
        """text, label, choice (its text), score, scores: the choices by their text, the likeliest first."""
        found = label_answer(decoded, index, row)
        choices = choices_of({name: [value] for name, value in row.items()}, 0)
        of_choice = dict(zip(decoded.labels.names, choices, strict=False))
        scores = {of_choice[name]: score for name, score in found["scores"].items() if name in of_choice}
        return {**found, "choice": of_choice.get(found["label"], ""), "scores": scores}

    def show_answer(self, answer: Mapping[str, Any]) -> list[str]:
        return [f"{score:.3f}  {choice}" for choice, score in answer["scores"].items()] or [f"{answer['score']:.3f}"]

    def show_error(self, row: Mapping[str, Any]) -> list[str]:
        """The text, then every choice, with what it is."""
        start = f" {row['start']}" if row.get("start") else ""
        choices = choices_of({name: [value] for name, value in row.items()}, 0)
        return [
            f"{row.get('text') or ''}{start}",
            *(f"  {place}  {choice}" for place, choice in enumerate(choices)),
            f"predicted  {row['predicted']}  {row['score']:.3f}",
            f"gold       {row['gold']}",
        ]

    def baselines(
        self,
        train: Mapping[str, Sequence[Any]],
        test: Mapping[str, Sequence[Any]],
        labels: LabelSet,
        metrics: Sequence[Metric],
    ) -> list[Baseline]:
        from tui_finetune.builtin.tasks.choice_baselines import choice_baselines

        return choice_baselines(train, test, labels, metrics)

    def report(self, decoded: Decoded) -> dict[str, Any]:
        return class_report(decoded)

    def input_row(self, text: str, pair: str | None = None) -> dict[str, Any]:
        """A text, and its choices with `|` between them."""
        choices = [one.strip() for one in (pair or "").split(BETWEEN)]
        if len([one for one in choices if one]) < 2:
            hint = f'--pair "the first {BETWEEN} the second {BETWEEN} the third"'
            raise UserError(Problem(f"the choices go into --pair, with {BETWEEN} between them.", hint=hint))
        return {"text": text, **self._typed(choices)}

    def _typed(self, choices: Sequence[str]) -> dict[str, Any]:
        return {CHOICES: list(choices)}


class ChoicesInColumns(MultipleChoice):
    """Each choice in a column of its own, as in SWAG."""

    roles: ClassVar[tuple[Role, ...]] = (
        TEXT,
        START,
        *(
            Role(
                ending(place),
                "text",
                required=place < 2,
                by_name=True,
                usual_names=tuple(f"{word}{number}" for word in ("ending", "choice", "option", "answer")
                                  for number in (place, f"_{place}")),
                help=f"Choice {place}.",
            )
            for place in range(MOST_COLUMNS)
        ),
        LABEL,
    )  # fmt: skip

    def _typed(self, choices: Sequence[str]) -> dict[str, Any]:
        return {ending(place): one for place, one in enumerate(choices[:MOST_COLUMNS])}


@cache
def _in_columns() -> ChoicesInColumns:
    return ChoicesInColumns()


def _named(labels: LabelSet, most: int) -> LabelSet:
    """The labels, and numbers for choices beyond them, which only what is predicted can have."""
    if most <= len(labels):
        return labels
    more = [f"choice {place + 1}" for place in range(len(labels), most)]
    return LabelSet((*labels.names, *more), (*labels.values, *more))
