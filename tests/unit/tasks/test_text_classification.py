"""text-classification, light half: labels, encoding, decoding, answers, baselines, reports."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tui_finetune.builtin.metrics import METRICS
from tui_finetune.builtin.tasks.text_classification import TextClassification
from tui_finetune.errors import DataError
from tui_finetune.plugin_api import Decoded, LabelSet
from tui_finetune.plugin_api.testing import PieceEncoder

TASK = TextClassification()
LABELS = LabelSet.of(["bad", "good"])
LABEL_METRICS = [m for m in METRICS if m.name in ("accuracy", "f1") and m.shape == "labels"]


def column(values: list[Any], kind: pa.DataType | None = None) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values, kind)])


@pytest.mark.parametrize(
    ("values", "names"),
    [
        (["spam", "ham", "spam", None], ("ham", "spam")),
        ([10, 2, 10], ("2", "10")),
        ([True, False], ("false", "true")),
        (["10", "2"], ("10", "2")),
    ],
)
def test_label_order_is_stable(values: list[Any], names: tuple[str, ...]) -> None:
    assert TASK.infer_labels(column(values), None).names == names
    assert TASK.infer_labels(column(values[::-1]), None).names == names


def test_class_names_stand_for_the_integers_in_their_order_even_where_one_is_absent() -> None:
    labels = TASK.infer_labels(column([0, 2]), ["neg", "neutral", "pos"])
    assert labels.names == ("neg", "neutral", "pos")
    assert labels.values == (0, 1, 2)


def test_dictionary_columns_are_read() -> None:
    assert TASK.infer_labels(pa.chunked_array([pa.array(["b", "a"]).dictionary_encode()]), None).names == ("a", "b")


@pytest.mark.parametrize(
    ("values", "class_names", "said"),
    [
        ([0.5, 1.5], None, "double"),
        (["only", "only"], None, "only 'only'"),
        ([None, None], None, "null"),
        ([f"text {i}" for i in range(60)], None, "60 different texts"),
        ([-1, 0, 1], ["a", "b"], "-1"),
        ([["a"], ["b"]], None, "list"),
    ],
)
def test_what_cannot_be_labels_is_said(values: list[Any], class_names: list[str] | None, said: str) -> None:
    with pytest.raises(DataError, match=said) as error:
        TASK.infer_labels(column(values), class_names)
    assert error.value.problems[0].hint


def test_encoding_single_texts() -> None:
    rows = {"text": ["a fine thing", "x" * 400], "label": ["good", "bad"]}
    encoded = TASK.encode(rows, PieceEncoder(16), LABELS)
    assert [len(ids) for ids in encoded["input_ids"]] == [5 + 1, 16]
    assert encoded["labels"] == [1, 0]
    assert encoded["length"] == [6, 102]
    assert encoded["truncated"] == [False, True]


def test_encoding_pairs_and_no_gold() -> None:
    encoded = TASK.encode({"text": ["one two"], "text_pair": ["three"]}, PieceEncoder(), LABELS)
    assert encoded["token_type_ids"] == [[0, 0, 0, 1, 1, 1]]
    assert "labels" not in encoded


@pytest.mark.parametrize("value", ["good", 1, "1"])
def test_gold_is_found_by_value_and_by_name(value: object) -> None:
    labels = LABELS if value == "good" else LabelSet.of([0, 1])
    assert TASK.encode({"text": ["t"], "label": [value]}, PieceEncoder(), labels)["labels"] == [1]


def test_gold_that_is_no_label_is_named() -> None:
    with pytest.raises(DataError, match="'ugly'"):
        TASK.encode({"text": ["t", "u"], "label": ["ugly", "good"]}, PieceEncoder(), LABELS)


def decode(logits: list[list[float]], **rows: list[Any]) -> Decoded:
    return TASK.decode([np.array(row, dtype=np.float32) for row in logits], rows, LABELS, {})


def test_decoding_gives_probabilities_and_losses() -> None:
    decoded = decode([[0.0, np.log(3.0)], [1000.0, 0.0]], labels=[1, 1])
    assert decoded.predicted == [1, 0]
    assert decoded.scores is not None
    assert decoded.losses is not None
    np.testing.assert_allclose(decoded.scores[0], [0.25, 0.75], rtol=1e-6)
    np.testing.assert_allclose(decoded.losses, [-np.log(0.75), 1000.0], rtol=1e-6)


def test_without_gold_there_are_no_losses() -> None:
    assert decode([[0.0, 1.0]]).losses is None
    assert decode([[0.0, 1.0]], label=[None]).gold is None


def test_stored_columns_have_the_declared_schema() -> None:
    for labels in (LABELS, LabelSet.of(range(150))):
        logits = [np.linspace(0, 3, len(labels), dtype=np.float32)] * 2
        decoded = TASK.decode(logits, {"labels": [0, 1]}, labels, {})
        schema = TASK.prediction_schema(labels)
        columns = TASK.prediction_columns(decoded)
        assert set(columns) == set(schema.names)
        table = pa.table({f.name: pa.array(columns[f.name], f.type) for f in schema}).to_pylist()
        assert table[0]["gold"] == labels.names[0]
        assert table[0]["predicted"] == labels.names[-1]
        assert len(table[0]["scores"]) == min(20 if len(labels) > 100 else 100, len(labels))
        assert table[0]["gold_score"] == pytest.approx(float(np.exp(-decoded.losses[0])), rel=1e-5)  # type: ignore[index]


def test_an_answer_has_every_label_the_likeliest_first() -> None:
    answer = TASK.answer(decode([[0.0, 2.0]]), 0, TASK.input_row("fine"))
    assert (answer["text"], answer["label"]) == ("fine", "good")
    assert list(answer["scores"]) == ["good", "bad"]
    assert answer["score"] == answer["scores"]["good"] == pytest.approx(0.8808, abs=1e-4)
    assert TASK.show_answer(answer) == ["good  0.881", "  bad  0.119"]


def test_an_error_shows_what_was_there_and_what_was_said() -> None:
    row = {"text": "meh", "gold": "bad", "gold_score": 0.1, "predicted": "good", "score": 0.9}
    assert TASK.show_error(row) == ["meh", "predicted  good  0.900", "gold       bad  0.100"]


def test_baselines_are_measured_on_the_same_rows() -> None:
    train = {"text": ["bad film", "bad plot", "good film", "bad idea"] * 5, "label": ["bad", "bad", "good", "bad"] * 5}
    test = {"text": ["a bad one", "a good one"], "label": ["bad", "good"]}
    majority, tfidf = TASK.baselines(train, test, LABELS, LABEL_METRICS)
    assert (majority.name, majority.metrics["accuracy"]) == ("majority", 0.5)
    assert (tfidf.name, tfidf.metrics["accuracy"]) == ("tfidf", 1.0)
    assert set(tfidf.metrics) == {"accuracy", "f1"}


@pytest.mark.parametrize("text", ["", "! ?"])
def test_without_words_only_the_majority_is_left(text: str) -> None:
    rows = {"text": [text] * 4, "label": ["bad", "good"] * 2}
    assert [b.name for b in TASK.baselines(rows, rows, LABELS, LABEL_METRICS)] == ["majority"]


def test_texts_without_blanks_are_compared_by_characters() -> None:
    train = {"text": ["很好吃的菜", "不好吃的饭", "很喜欢这里", "不喜欢这里"] * 3, "label": ["good", "bad"] * 6}
    tfidf = TASK.baselines(train, train, LABELS, LABEL_METRICS)[1]
    assert tfidf.metrics["accuracy"] == 1.0
    assert "characters" in tfidf.help


def test_the_report_has_figures_per_class_and_confusion() -> None:
    decoded = decode([[0, 1], [0, 1], [1, 0]], labels=[0, 1, 0])
    report = TASK.report(decoded)
    assert report["confusion"] == {"labels": ["bad", "good"], "counts": [[1, 1], [0, 1]], "pairs": [[0, 1, 1]]}
    bad = report["per_class"][0]
    assert (bad["label"], bad["precision"], bad["recall"], bad["support"]) == ("bad", 1.0, 0.5, 2)
