"""regression, light half: columns, several targets, ranges, metrics against scipy and scikit-learn, what is shown."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tui_finetune.builtin.metrics import METRICS
from tui_finetune.builtin.number_metrics import NUMBER_METRICS
from tui_finetune.builtin.tasks.options import RegressionOptions
from tui_finetune.builtin.tasks.regression import Regression
from tui_finetune.data.roles import columns_for_roles
from tui_finetune.data.selecting import select
from tui_finetune.errors import DataError
from tui_finetune.evaluation.numbers import CELLS
from tui_finetune.plugin_api import ROW_HASH, ROW_ID, Decoded, LabelSet
from tui_finetune.plugin_api.testing import PieceEncoder, check_task

TASK = Regression()
ONE = LabelSet.of(["score"])
TWO = LabelSet.of(["style", "content"])


def column(values: list[Any], kind: pa.DataType | None = None) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values, kind)])


def task(**options: Any) -> Regression:
    found = TASK.variant(options)
    assert isinstance(found, Regression)
    return found


@pytest.mark.parametrize("one", [TASK, task(range=[0, 1]), task(targets=["x"])], ids=["plain", "range", "named"])
def test_it_holds_what_every_task_holds(one: Regression) -> None:
    check_task(one)


# Columns


def test_numbers_are_taken_by_name_or_where_one_column_has_a_point() -> None:
    table = pa.table({"text": ["a", "b"], "year": [2001, 2002], "stars": [1.5, 2.0]})
    assert columns_for_roles(TASK, {}, table)[0] == {"text": "text", "score": "stars"}
    named = pa.table({"sentence1": ["a"], "sentence2": ["b"], "similarity_score": [3]})
    assert columns_for_roles(TASK, {}, named)[0] == {
        "text": "sentence1",
        "text_pair": "sentence2",
        "score": "similarity_score",
    }
    with pytest.raises(DataError, match="no column for score"):
        columns_for_roles(TASK, {}, pa.table({"text": ["a"], "x": [0.5], "y": [1.5]}))


def test_whole_numbers_and_lists_become_numbers() -> None:
    rows = {ROW_ID: ["1", "2"], ROW_HASH: ["1", "2"], "text": ["a", "b"]}
    for values, kind in (([1, 2], pa.float64()), ([[1, 2], [3, 4]], pa.list_(pa.float64()))):
        found = select(pa.table({**rows, "n": values}), {"text": "text", "score": "n"}, TASK, where="", drop=None)
        assert not found.problems
        assert found.table.schema.field("score").type == kind
    odd = select(pa.table({**rows, "n": ["x", "y"]}), {"text": "text", "score": "n"}, TASK, where="", drop=None)
    assert "numbers are needed for score" in odd.problems[0].message


@pytest.mark.parametrize(
    ("values", "options", "said"),
    [
        (["x"], {}, "string"),
        ([1.0, float("inf")], {}, "not finite"),
        ([[1.0, 2.0], [1.0]], {}, "rows have 1, 2 numbers"),
        ([[1.0, 2.0]], {"targets": ["one"]}, "1 are named in task_options.targets"),
        ([0.0, 7.0, 9.0], {"range": [0, 5]}, "2 numbers are outside 0 to 5: 7, 9"),
        ([None], {}, "holds nothing"),
    ],
)
def test_what_cannot_be_learnt_is_named(values: list[Any], options: dict[str, Any], said: str) -> None:
    kind = pa.float64() if values == [None] else None
    with pytest.raises(DataError, match=said):
        task(**options).infer_labels(column(values, kind), None)


def test_targets_are_named() -> None:
    assert TASK.infer_labels(column([1.0, 2.0]), None).names == ("score",)
    assert TASK.infer_labels(column([[1.0, 2.0]]), None).names == ("target 1", "target 2")
    assert task(targets=["style", "content"]).infer_labels(column([[1.0, 2.0]]), None) == TWO


@pytest.mark.parametrize(
    ("given", "said"),
    [({"range": [5, 0]}, "above the first"), ({"range": [1]}, "at least 2"), ({"targets": ["a", "a"]}, "twice")],
)
def test_options_that_mean_nothing_are_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        RegressionOptions.model_validate(given)


# Encoding and decoding


def test_a_range_is_learnt_as_nought_to_one_and_answers_stay_within() -> None:
    ranged = task(range=[1, 5])
    encoded = ranged.encode({"text": ["a", "b"], "score": [1.0, 4.0]}, PieceEncoder(), ONE)
    assert encoded["labels"] == [[0.0], [0.75]]
    logits = [np.asarray([-0.5]), np.asarray([0.5])]
    decoded = ranged.decode(logits, {"score": [1.0, 4.0]}, ONE, {})
    assert decoded.predicted == [1.0, 3.0]
    assert decoded.gold == [1.0, 4.0]
    assert decoded.losses == pytest.approx([0.25, 0.0625])
    assert ranged.decode(logits, {"labels": encoded["labels"]}, ONE, {}).gold == [1.0, 4.0]


def test_several_targets_are_lists() -> None:
    decoded = TASK.decode([np.asarray([1.0, 2.0])], {"score": [[1.5, 2.0]]}, TWO, {})
    assert (decoded.predicted, decoded.gold) == ([[1.0, 2.0]], [[1.5, 2.0]])
    assert TASK.prediction_columns(decoded)["error"] == [0.5]
    answer = TASK.answer(decoded, 0, {"text": "a"})
    assert answer == {"text": "a", "values": {"style": 1.0, "content": 2.0}}
    assert TASK.show_answer(answer) == ["style  1.000", "content  2.000"]
    with pytest.raises(DataError, match="a row has 1 numbers; 2 are needed"):
        TASK.encode({"text": ["a"], "score": [1.0]}, PieceEncoder(), TWO)


# Metrics and figures


def drawn(rows: int, targets: int) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(3)
    gold = draw.normal(size=(rows, targets))
    return gold, gold + draw.normal(size=(rows, targets))


def test_metrics_of_several_targets_are_the_mean_over_them() -> None:
    from scipy import stats
    from sklearn import metrics

    gold, said = drawn(50, 3)
    decoded = Decoded(LabelSet.of(["a", "b", "c"]), said.tolist(), gold.tolist())
    found = {metric.name: metric.compute(decoded) for metric in NUMBER_METRICS}
    assert found == pytest.approx(
        {
            "pearson": np.mean([stats.pearsonr(g, s)[0] for g, s in zip(gold.T, said.T, strict=True)]),
            "spearman": np.mean([stats.spearmanr(g, s)[0] for g, s in zip(gold.T, said.T, strict=True)]),
            "mse": metrics.mean_squared_error(gold, said),
            "mae": metrics.mean_absolute_error(gold, said),
            "r2": metrics.r2_score(gold, said),
        },
        abs=1e-9,
    )


def test_the_report_tells_errors_by_where_gold_lies_and_has_every_row_in_its_picture() -> None:
    gold = [0.0, 1.0, 2.0, 5.0]
    report = TASK.report(Decoded(ONE, [0.5, 1.0, 3.0, 4.0], gold))["targets"][0]
    assert (report["name"], report["largest_error"], report["bias"]) == ("score", 1.0, 0.125)
    assert [part["rows"] for part in report["parts"]] == [1, 1, 1, 0, 1]
    assert report["parts"][3]["mae"] is None
    picture = report["picture"]
    assert (picture["low"], picture["high"]) == (0.0, 5.0)
    assert np.asarray(picture["counts"]).shape == (CELLS, CELLS)
    assert np.asarray(picture["counts"]).sum() == 4
    assert TASK.report(Decoded(ONE, [1.0], [1.0]))["targets"][0]["parts"] == []


def test_baselines_say_the_mean_and_learn_from_words() -> None:
    texts = [f"{word} thing number {index}" for index in range(20) for word in ("fine", "poor")]
    rows: dict[str, list[Any]] = {"text": texts, "score": [5.0, 1.0] * 20}
    chosen = [metric for metric in METRICS if metric.name == "mae" and metric.shape == "numbers"]
    found = {one.name: one.metrics["mae"] for one in TASK.baselines(rows, rows, ONE, chosen)}
    assert found["mean"] == pytest.approx(2.0)
    assert found["tfidf"] < 1.0
