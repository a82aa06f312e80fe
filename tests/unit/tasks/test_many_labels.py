"""10,000 labels: what is told of them stays short, and nothing is as large as the square of their number."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tui_finetune.builtin.tasks.text_classification import TextClassification
from tui_finetune.evaluation.predictions import TOP_LABELS
from tui_finetune.live.confusion import confusion_of
from tui_finetune.live.label_figures import arranged_labels, figures_of
from tui_finetune.plugin_api import Decoded, LabelSet

COUNT = 10_000
LABELS = LabelSet.of([f"product {index:05}" for index in range(COUNT)])
TASK = TextClassification()


@pytest.fixture(scope="module")
def decoded() -> Decoded:
    draw = np.random.default_rng(0)
    logits = [row.astype(np.float32) for row in draw.normal(size=(40, COUNT))]
    return TASK.decode(logits, {"labels": list(range(40))}, LABELS, {})


def test_of_each_row_the_best_scores_are_stored(decoded: Decoded) -> None:
    columns = TASK.prediction_columns(decoded)
    assert {len(row) for row in columns["scores"]} == {len(row) for row in columns["score_ids"]} == {TOP_LABELS}
    assert [row[0] for row in columns["score_ids"]] == list(decoded.predicted)


def test_the_report_grows_with_the_labels_and_not_with_their_square(decoded: Decoded) -> None:
    report = {"metrics": {}, **TASK.report(decoded)}
    assert report["confusion"]["counts"] is None
    assert len(json.dumps(report)) < 200 * COUNT
    confusion = confusion_of(report)
    assert confusion is not None
    assert len(confusion.pairs) <= 40
    assert len(arranged_labels(figures_of(report["per_class"]))) == COUNT


def test_an_answer_is_shown_in_three_lines(decoded: Decoded) -> None:
    assert len(TASK.show_answer(TASK.answer(decoded, 0, {"text": "a"}))) == 3


def test_rows_that_are_decoded_in_blocks_are_as_those_at_once() -> None:
    labels = LabelSet.of(["a", "b", "c"])
    logits = list(np.random.default_rng(1).normal(size=(600, 3)))
    gold = [index % 3 for index in range(600)]
    whole = TASK.decode(logits, {"labels": gold}, labels, {})
    parts = [TASK.decode([row], {"labels": [one]}, labels, {}) for row, one in zip(logits, gold, strict=True)]
    assert whole.predicted == [one.predicted[0] for one in parts]
    assert whole.losses == pytest.approx([one.losses[0] for one in parts if one.losses is not None])
