"""Two evaluations of the same rows."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes import FakeRun
from tests.measured import Row, store, store_tags
from tui_finetune.errors import UserError
from tui_finetune.evaluation.comparing import compare
from tui_finetune.evaluation.rows import StoredRows
from tui_finetune.paths import Home
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
