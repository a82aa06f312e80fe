"""Stored predictions, reports and their lines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tui_finetune.builtin.tasks.text_classification import TextClassification
from tui_finetune.builtin.tasks.token_classification import TokenClassification
from tui_finetune.evaluation.predictions import PredictionWriter, common_columns, common_schema, read
from tui_finetune.evaluation.rendering import class_lines, confused_lines, metric_lines, number
from tui_finetune.evaluation.reports import make_report, most_confused, read_report, write_report
from tui_finetune.plugin_api import Baseline, Decoded, LabelSet

TASK = TextClassification()
LABELS = LabelSet.of(["bad", "good", "meh"])
LOGITS = [[0, 3, 0], [0, 2, 0], [3, 0, 0], [0, 0, 3], [0, 1, 0]]
ROWS: dict[str, list[Any]] = {
    "row_id": [f"a.csv:{i}" for i in range(5)],
    "row_hash": [f"{i:016x}" for i in range(5)],
    "text": ["a", "b\x1b]0;x\x07", "c", "d", "e"],
    "labels": [0, 0, 0, 2, 1],
    "length": [3] * 5,
    "truncated": [False] * 5,
}


def decoded() -> Decoded:
    return TASK.decode([np.array(row, dtype=np.float32) for row in LOGITS], ROWS, LABELS, {})


def stored(path: Path) -> Path:
    with PredictionWriter(path, common_schema(TASK, LABELS)) as writer:
        writer.write({**common_columns(TASK, ROWS, decoded()), **TASK.prediction_columns(decoded())})
    return path


def test_predictions_hold_every_declared_column(tmp_path: Path) -> None:
    table = read(stored(tmp_path / "predictions.parquet"))
    row = table.to_pylist()[1]
    assert (row["row_id"], row["text"], row["gold"], row["predicted"]) == ("a.csv:1", ROWS["text"][1], "bad", "good")
    assert row["text_pair"] is None
    assert row["loss"] == pytest.approx(2.2395, abs=1e-4)
    assert json.loads(table.schema.metadata[b"labels"]) == list(LABELS.names)


def test_predictions_can_be_read_by_duckdb(tmp_path: Path) -> None:
    import duckdb

    path = stored(tmp_path / "predictions.parquet")
    found = duckdb.sql(f"select gold, scores from '{path}' where gold != predicted order by loss desc").fetchall()
    assert [gold for gold, _ in found] == ["bad", "bad"]
    assert found[0][1][1] == pytest.approx(0.909, abs=1e-3)


def test_a_file_that_was_not_finished_does_not_exist(tmp_path: Path) -> None:
    path = tmp_path / "predictions.parquet"
    with pytest.raises(RuntimeError), PredictionWriter(path, common_schema(TASK, LABELS)) as writer:
        writer.write({"row_id": ["a"]})
        assert not path.exists()
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_predictions_are_for_their_owner_only(tmp_path: Path) -> None:
    assert stored(tmp_path / "predictions.parquet").stat().st_mode & 0o777 == 0o600


def test_columns_that_were_not_declared_are_refused(tmp_path: Path) -> None:
    with (
        PredictionWriter(tmp_path / "p", common_schema(TASK, LABELS)) as writer,
        pytest.raises(ValueError, match="colour"),
    ):
        writer.write({"colour": ["red"]})


def test_only_the_roles_that_the_data_has() -> None:
    assert "text_pair" not in common_schema(TASK, LABELS, roles=("text", "label")).names
    assert common_schema(TokenClassification(), LABELS).field("tokens").type.value_type == "string"


def test_a_report_is_read_as_it_was_written(tmp_path: Path) -> None:
    baseline = Baseline("majority", {"accuracy": 0.6}, "most frequent label")
    report = make_report(TASK, decoded(), {"accuracy": 0.6, "loss": float("nan")}, [baseline], split="test")
    write_report(tmp_path / "report.json", report)
    found = read_report(tmp_path / "report.json")
    assert found["metrics"] == {"accuracy": 0.6, "loss": "nan"}
    assert found["baselines"]["majority"]["metrics"] == {"accuracy": 0.6}
    assert (found["rows"], found["split"], found["labels"]) == (5, "test", ["bad", "good", "meh"])
    assert found["confusion"]["counts"][0] == [1, 2, 0]


def test_the_most_confused_pairs_have_their_worst_row_as_example(tmp_path: Path) -> None:
    report = make_report(TASK, decoded(), {}, split="test")
    [pair] = most_confused(report, 3, read(stored(tmp_path / "p.parquet")))
    assert (pair.gold, pair.predicted, pair.rows) == ("bad", "good", 2)
    assert pair.example is not None
    assert pair.example["text"] == "a"


def test_what_is_printed_carries_no_control_characters() -> None:
    report = make_report(TASK, decoded(), {}, split="test")
    [pair] = most_confused(report)
    lines = confused_lines([type(pair)(pair.gold, pair.predicted, 2, {"text": ROWS["text"][1]})])
    assert lines[0] == "bad → good  2 rows"
    assert "\x1b" not in lines[1]


def test_the_metric_table_puts_baselines_beside_the_model() -> None:
    lines = metric_lines({"accuracy": 0.8333, "f1": 0.5, "loss": 0.1}, {"majority": {"accuracy": 0.21, "f1": 0.01}})
    assert lines == [
        "metric    model  majority",
        "accuracy  0.833     0.210",
        "f1        0.500     0.010",
        "loss      0.100         –",
    ]


def test_weakest_classes_come_first() -> None:
    lines = class_lines(make_report(TASK, decoded(), {}, split="test"), n=1)
    assert lines[1].split() == ["bad", "1.000", "0.333", "0.500", "3"]
    assert lines[2] == "+ 2 more"
    assert class_lines({}) == []


@pytest.mark.parametrize(("value", "text"), [(0.91234, "0.912"), (None, "–"), (float("nan"), "nan"), ("inf", "inf")])
def test_numbers(value: object, text: str) -> None:
    assert number(value) == text
