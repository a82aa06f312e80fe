"""Two evaluations of the same rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.fakes import FakeRun
from tests.measured import Row, store, store_tags
from tui_finetune.builtin.tasks.causal_lm import CausalLm
from tui_finetune.errors import UserError
from tui_finetune.evaluation.comparing import compare
from tui_finetune.evaluation.predictions import PredictionWriter, common_columns, common_schema
from tui_finetune.evaluation.rows import StoredRows
from tui_finetune.live.row_filter import RowFilter, RowOrder
from tui_finetune.paths import Home
from tui_finetune.plugin_api import LabelSet
from tui_finetune.runs.layout import PREDICTIONS

ONE: list[Row] = [("a", "x", "x", 0.9), ("b", "x", "y", 0.9), ("c", "y", "y", 0.9), ("d", "y", "x", 0.6)]
OTHER: list[Row] = [("a", "x", "y", 0.6), ("b", "x", "y", 0.9), ("c", "y", "y", 0.9), ("d", "y", "y", 0.9)]


def stored(home: Home, rows: list[Row], **inputs: Any) -> StoredRows:
    run = FakeRun(home)
    return StoredRows(store(run.paths, rows, labels=["x", "y"], **inputs) / PREDICTIONS)


def test_rows_by_who_is_right(home: Home) -> None:
    found = compare(stored(home, ONE), stored(home, OTHER), ("one", "other"))
    assert found.groups == {"only_one": [0], "only_other": [3], "both_wrong": [1], "both_right": [2]}
    assert found.count("only_other") == 1
    assert found.partner == {0: 0, 1: 1, 2: 2, 3: 3}
    assert found.differ == 2


def test_the_order_of_the_rows_does_not_matter(home: Home) -> None:
    turned = {"row_id": [f"data.csv:{n}" for n in (3, 2, 1, 0)], "row_hash": [f"{n:016x}" for n in (3, 2, 1, 0)]}
    found = compare(stored(home, ONE), stored(home, OTHER[::-1], **turned), ("one", "other"))
    assert found.partner == {0: 3, 1: 2, 2: 1, 3: 0}
    assert found.groups["only_other"] == [3]


@pytest.mark.parametrize(
    ("rows", "inputs"),
    [(OTHER[:3], {}), (OTHER, {"row_hash": ["other"] * 4}), ([*OTHER, ("e", "x", "x", 0.9)], {})],
)
def test_other_rows_are_refused(home: Home, rows: list[Row], inputs: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="not comparable"):
        compare(stored(home, ONE), stored(home, rows, **inputs), ("one", "other"))


def test_tags_are_compared_row_by_row(home: Home) -> None:
    files = []
    for said in (["B-PER"], ["O"]):
        run = FakeRun(home)
        files.append(StoredRows(store_tags(run.paths, [(["Ada"], ["B-PER"], said)]) / PREDICTIONS))
    assert compare(files[0], files[1], ("a", "b")).groups["only_one"] == [0]


def stored_tokens(home: Home, losses: list[float]) -> StoredRows:
    """Rows of three tokens each, all of one loss."""
    task, none, rows = CausalLm(), LabelSet.of(()), len(losses)
    texts = ["a b c d"] * rows
    columns: dict[str, list[Any]] = {
        "text": texts,
        "labels": [[-100, 1, 2, 3]] * rows,
        "token_starts": [[0, 2, 4, 6]] * rows,
        "token_ends": [[1, 3, 5, 7]] * rows,
        "foretold_bytes": [6] * rows,
        "row_id": [f"a.txt:{place}" for place in range(rows)],
        "row_hash": [f"{place:016x}" for place in range(rows)],
        "length": [4] * rows,
        "truncated": [False] * rows,
    }
    decoded = task.decode([np.array([[np.nan, np.nan], *[[loss, 1.0]] * 3]) for loss in losses], columns, none, {})
    path = FakeRun(home).paths.root / PREDICTIONS
    with PredictionWriter(path, common_schema(task, none)) as writer:
        writer.write({**common_columns(task, columns, decoded), **task.prediction_columns(decoded)})
    return StoredRows(path)


def test_of_rows_that_are_never_simply_right_the_nearer_one_is_told(home: Home) -> None:
    one, other = stored_tokens(home, [1.0, 2.0, 3.0]), stored_tokens(home, [1.5, 2.0, 2.5])
    assert one.numeric
    assert one.count(RowFilter(labels=(("label", "x"),))) == 0
    assert one.matching(RowFilter(), RowOrder()) == [2, 1, 0]
    found = compare(one, other, ("one", "other"))
    assert found.groups == {"only_one": [0], "only_other": [2], "both_wrong": [], "both_right": [1]}
    assert found.differ == 2
