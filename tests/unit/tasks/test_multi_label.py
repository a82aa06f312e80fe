"""text-classification with several labels a text: columns, encoding, thresholds, metrics, answers, baselines."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tui_finetune.builtin.multilabel_metrics import MULTILABEL_METRICS
from tui_finetune.builtin.tasks.multi_label import MultiLabelClassification, multi_label
from tui_finetune.builtin.tasks.options import TextClassificationOptions
from tui_finetune.builtin.tasks.text_classification import TextClassification
from tui_finetune.data.roles import columns_for_roles
from tui_finetune.data.selecting import label_lists, select
from tui_finetune.errors import DataError
from tui_finetune.plugin_api import ROW_HASH, ROW_ID, Decoded, LabelSet
from tui_finetune.plugin_api.testing import PieceEncoder, check_metric, check_task

TASK = multi_label({})
LABELS = LabelSet.of(["anger", "fear", "joy"])
OPTIONS = {"problem_type": "multi_label_classification"}


def table(labels: list[Any], kind: pa.DataType | None = None) -> pa.Table:
    rows = range(len(labels))
    texts = [f"text {index}" for index in rows]
    values = pa.array(labels, kind) if kind is not None else pa.array(labels)
    ids = [f"row {index}" for index in rows]
    return pa.table({ROW_ID: ids, ROW_HASH: ids, "text": texts, "labels": values})


def decoded_of(rows: int = 60, labels: int = 5, seed: int = 0) -> Decoded:
    draw = np.random.default_rng(seed)
    scores = draw.random((rows, labels)).round(2)
    gold = [np.flatnonzero(row > 0.7).tolist() for row in draw.random((rows, labels)) * 0.6 + scores * 0.4]
    predicted = [np.flatnonzero(row > 0.6).tolist() for row in scores]
    return Decoded(LabelSet.of([f"l{i}" for i in range(labels)]), predicted, gold, list(scores))


def test_the_option_makes_another_task_of_the_same_name() -> None:
    task = TextClassification().variant(OPTIONS)
    assert isinstance(task, MultiLabelClassification)
    assert (task.name, task.shape) == ("text-classification", "multilabels")
    assert TextClassification().variant({"problem_type": ["odd"]}).shape == "labels"
    assert task.variant({**OPTIONS, "separator": ";"}).roles[-1].separator == ";"


def test_it_holds_what_every_task_holds() -> None:
    check_task(TASK)


@pytest.mark.parametrize("metric", MULTILABEL_METRICS, ids=lambda m: m.name)
def test_its_metrics_hold_what_every_metric_holds(metric: Any) -> None:
    check_metric(metric)


# Columns


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (["joy, fear", "joy", "", " , "], [["joy", "fear"], ["joy"], [], []]),
        (["4,27", "27", ""], [[4, 27], [27], []]),
        (["4,27", "07"], [["4", "27"], ["07"]]),
        ([["joy"], [], ["fear", "joy"]], [["joy"], [], ["fear", "joy"]]),
        ([4, 27], [[4], [27]]),
    ],
)
def test_labels_come_as_lists_or_as_texts_of_several(given: list[Any], found: list[Any]) -> None:
    chosen = select(table(given), {"text": "text", "label": "labels"}, TASK, where="", drop=None)
    assert not chosen.problems
    assert chosen.table.column("label").to_pylist() == found


def test_a_row_without_a_value_is_refused_or_has_no_label_as_the_option_says() -> None:
    refused = select(table(["joy", None]), {"text": "text", "label": "labels"}, TASK, where="", drop=None)
    assert "1 row has no labels: row 1" in refused.problems[0].message
    kept = select(
        table(["joy", None]),
        {"text": "text", "label": "labels"},
        multi_label({"missing_is_none": True}),
        where="",
        drop=None,
    )
    assert kept.table.column("label").to_pylist() == [["joy"], []]


def test_floats_are_no_labels() -> None:
    found = select(table([0.5, 1.5]), {"text": "text", "label": "labels"}, TASK, where="", drop=None)
    assert "lists of labels are needed for label" in found.problems[0].message


def test_another_separator() -> None:
    role = multi_label({"separator": "|"}).roles[-1]
    assert label_lists(pa.chunked_array([["a|b,c"]]), role).to_pylist() == [["a", "b,c"]]


def test_a_column_of_lists_is_taken_by_what_it_holds_and_texts_by_their_name_only() -> None:
    lists = pa.table({"comment": ["so good", "so bad"], "felt": [["joy"], ["anger", "fear"]]})
    assert columns_for_roles(TASK, {}, lists)[0] == {"text": "comment", "label": "felt"}
    texts = pa.table({"comment": ["so good", "so bad"], "felt": ["joy", "anger,fear"]})
    with pytest.raises(DataError, match="no column for label"):
        columns_for_roles(TASK, {}, texts)
    named = texts.rename_columns(["comment", "labels"])
    assert columns_for_roles(TASK, {}, named)[0] == {"text": "comment", "label": "labels"}


def test_labels_of_all_rows_make_the_set() -> None:
    found = TASK.infer_labels(pa.chunked_array([[["joy", "fear"], [], ["anger"]]]), None)
    assert found == LABELS
    with pytest.raises(DataError, match="string"):
        TASK.infer_labels(pa.chunked_array([["joy"]]), None)


# Encoding and decoding


def test_gold_becomes_a_yes_or_no_a_label() -> None:
    batch: dict[str, list[Any]] = {"text": ["a", "b"], "label": [["joy", "anger", "joy"], []]}
    encoded = TASK.encode(batch, PieceEncoder(), LABELS)
    assert encoded["labels"] == [[1.0, 0.0, 1.0], [0.0, 0.0, 0.0]]
    with pytest.raises(DataError, match="'rage'"):
        TASK.encode({"text": ["a"], "label": [["rage"]]}, PieceEncoder(), LABELS)


def test_thresholds_decide() -> None:
    logits = [np.asarray([-1.0, 0.0, 1.0])]  # 0.269, 0.5, 0.731
    rows = {"label": [["joy"]]}

    def said(thresholds: Any) -> list[int]:
        found: list[int] = TASK.decode(logits, rows, LABELS, {"thresholds": thresholds}).predicted[0]
        return found

    assert said(None) == said("tuned") == said(0.5) == [1, 2]
    assert said(0.8) == []
    assert said({"anger": 0.2, "joy": 0.9}) == [0, 1]


def test_thresholds_are_tuned_label_by_label_and_never_over_those_that_were_given() -> None:
    scores = np.asarray([[0.9, 0.1], [0.3, 0.2], [0.2, 0.3], [0.1, 0.05]])
    decoded = Decoded(LabelSet.of(["a", "b"]), [[]] * 4, [[0], [0], [], []], list(scores))
    tuned = TASK.tuned(decoded, OPTIONS)
    assert tuned["thresholds"] == {"a": 0.25, "b": 0.5}  # nobody has b: nothing to tune on
    assert TASK.tuned(decoded, {"thresholds": 0.4}) == {"thresholds": 0.4}


def test_no_threshold_is_better_on_the_rows_that_it_was_tuned_on() -> None:
    from sklearn.metrics import f1_score

    decoded = decoded_of()
    found = list(TASK.tuned(decoded, OPTIONS)["thresholds"].values())
    scores = np.asarray(decoded.scores)
    for label, threshold in enumerate(found):
        gold = [label in row for row in decoded.gold or ()]
        best = max(f1_score(gold, scores[:, label] >= one) for one in np.linspace(0, 1, 201))
        assert f1_score(gold, scores[:, label] >= threshold) == pytest.approx(best)


# Metrics


def reference(decoded: Decoded) -> dict[str, float]:
    from sklearn import metrics

    labels = range(len(decoded.labels))
    gold, said = (
        [[label in row for label in labels] for row in rows] for rows in (decoded.gold or (), decoded.predicted)
    )
    macro = {"average": "macro", "zero_division": 0}
    return {
        "f1": metrics.f1_score(gold, said, **macro),
        "f1_micro": metrics.f1_score(gold, said, average="micro", zero_division=0),
        "f1_weighted": metrics.f1_score(gold, said, average="weighted", zero_division=0),
        "precision": metrics.precision_score(gold, said, **macro),
        "recall": metrics.recall_score(gold, said, **macro),
        "accuracy": metrics.accuracy_score(gold, said),
        "hamming_loss": metrics.hamming_loss(gold, said),
        "average_precision": metrics.average_precision_score(gold, np.asarray(decoded.scores), average="macro"),
    }


@pytest.mark.parametrize("seed", range(4))
def test_metrics_are_those_of_scikit_learn(seed: int) -> None:
    decoded = decoded_of(seed=seed)
    found = {metric.name: metric.compute(decoded) for metric in MULTILABEL_METRICS}
    assert found == pytest.approx(reference(decoded), abs=1e-9)


def test_labels_that_nobody_has_count_as_zero_and_rows_without_any_are_right_where_nothing_is_said() -> None:
    labels = LabelSet.of(["a", "b"])
    decoded = Decoded(labels, [[0], [], [0]], [[0], [], []], [np.zeros(2)] * 3)
    found = {metric.name: metric.compute(decoded) for metric in MULTILABEL_METRICS}
    assert (found["f1"], found["f1_micro"], found["accuracy"]) == pytest.approx((1 / 3, 2 / 3, 2 / 3))
    assert np.isnan(
        next(m for m in MULTILABEL_METRICS if m.name == "average_precision").compute(
            Decoded(labels, [[]], [[]], [[0, 0]])
        )
    )


# What a person sees


def test_an_answer_names_its_labels_and_those_that_nearly_were() -> None:
    decoded = TASK.decode([np.asarray([-3.0, 1.0, 2.0]), np.asarray([-3.0, -2.0, -1.0])], {}, LABELS, {})
    rows = [{"text": "wow"}, {"text": "meh"}]
    both = [TASK.answer(decoded, index, row) for index, row in enumerate(rows)]
    assert both[0]["labels"] == ["joy", "fear"]
    assert TASK.show_answer(both[0]) == ["joy  0.881", "fear  0.731", "  anger  0.047"]
    assert both[1]["labels"] == []
    assert TASK.show_answer(both[1])[0] == "no label"


def test_an_error_says_what_was_missed_and_what_was_too_much() -> None:
    row = {"text": "hm", "gold": ["joy", "fear"], "predicted": ["joy", "anger"], "score": 0.9}
    assert TASK.show_error(row)[1:] == [
        "predicted  joy, anger",
        "gold       joy, fear",
        "missed     fear",
        "too much   anger",
    ]
    assert "gold       no label" in TASK.show_error({**row, "gold": []})


def test_beyond_a_hundred_labels_the_best_scores_are_kept_with_their_ids() -> None:
    many = LabelSet.of([f"l{i}" for i in range(150)])
    decoded = TASK.decode([(np.arange(150.0) - 100) / 20], {}, many, {})
    columns = TASK.prediction_columns(decoded)
    assert columns["score_ids"][0][0] == 149
    assert len(columns["scores"][0]) == 20
    assert set(TASK.prediction_schema(many).names) == set(columns)


def test_the_report_has_figures_by_label_and_how_many_labels_rows_have() -> None:
    decoded = Decoded(LABELS, [[0, 2], [], [1]], [[0], [], [1, 2]], [np.asarray([0.9, 0.1, 0.6])] * 3)
    report = TASK.report(decoded)
    assert report["label_counts"] == {"gold": [1, 1, 1], "predicted": [1, 1, 1]}
    assert [(row["label"], row["support"], row["f1"]) for row in report["per_class"]] == [
        ("anger", 1, 1.0),
        ("fear", 1, 1.0),
        ("joy", 1, 0.0),
    ]


def test_baselines_learn_from_words_and_say_the_most_frequent_set() -> None:
    texts = ["happy day", "happy scary day", "angry man", "grey day"] * 12
    gold = [["joy"], ["joy", "fear"], ["anger"], []] * 12
    rows: dict[str, list[Any]] = {"text": texts, "label": gold}
    metrics = [metric for metric in MULTILABEL_METRICS if metric.name == "f1"]
    found = {one.name: one.metrics["f1"] for one in TASK.baselines(rows, rows, LABELS, metrics)}
    assert found["tfidf"] > 0.9 > found["majority"]


# Options


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"thresholds": 0.3}, 'thresholds: only with problem_type = "multi_label_classification"'),
        ({**OPTIONS, "thresholds": 1.5}, "less than or equal to 1"),
        ({**OPTIONS, "thresholds": {"joy": -1}}, "greater than or equal to 0"),
        ({"problem_type": "regression"}, "single_label_classification"),
    ],
)
def test_options_that_mean_nothing_are_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match="validation error") as refused:
        TextClassificationOptions.model_validate(given)
    assert said in str(refused.value)
