"""What is looked at of an evaluation, without a screen."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.fakes import FakeRun
from tests.measured import Row, store
from tui_finetune.live.beside import (
    ComparedLook,
    compare_table,
    difference,
    group_line,
    group_words,
    head_lines,
    moved_head,
    moved_labels,
    moved_line,
)
from tui_finetune.live.evaluation_page import Measured
from tui_finetune.live.row_filter import RowFilter, RowOrder
from tui_finetune.live.spans import plain
from tui_finetune.paths import Home
from tui_finetune.runs.layout import REPORT
from tui_finetune.ui.screens.evaluate.looking import KEPT_ROWS, Looking

ROWS: list[Row] = [("a", "x", "y", 0.9), ("b", "x", "x", 0.6), ("c", "y", "z", 0.9), ("d", "z", "z", 0.9)]


def measured(home: Home, rows: list[Row], short: str = "b2m7") -> Measured:
    run = FakeRun(home)
    report: dict[str, Any] = json.loads((store(run.paths, rows, labels=["x", "y", "z"]) / REPORT).read_text())
    return Measured(f"{run.id}/test", run.id, run.id, "name", short, "test", 0.0, report, {})


@pytest.fixture
def looking(home: Home) -> Looking:
    return Looking(measured(home, ROWS), 4, 2, labels=("x", "y", "z"))


def test_the_grid_begins_at_the_worst_pair(looking: Looking) -> None:
    assert looking.confusion is not None
    assert looking.grid.cell(looking.confusion) == (0, 1)
    looking.go_to_pair(1)
    assert looking.grid.cell(looking.confusion) == (1, 2)
    looking.grid.move(1, 0, 3)
    looking.around_row()
    assert looking.grid.cell(looking.confusion) == (2, 2)
    looking.go_to_pair(99)
    assert looking.grid.cell(looking.confusion) == (2, 2)


def test_titles_say_how_many_of_how_many(looking: Looking) -> None:
    assert looking.rows_title() == "Errors 2"
    looking.ask(looking.of_label("x"))
    assert looking.rows_title() == "Errors … of 2"
    looking.matched(looking.asked, [0])
    assert looking.rows_title() == "Errors 1 of 2"
    looking.ask(looking.of_pair("x", "y"))
    looking.matched(looking.asked, [0])
    assert looking.rows_title() == "Rows 1 of 4"
    assert looking.same == ["gold", "predicted"]
    looking.stored = None
    assert looking.rows_title() == "Rows"


def test_only_the_newest_question_is_answered(looking: Looking) -> None:
    looking.ask(RowFilter())
    old = looking.asked
    looking.ask(RowFilter(cut=True))
    assert not looking.matched(old, [1, 2])
    assert looking.numbers is None
    assert looking.matched(looking.asked, [3])
    assert looking.number_at(0) == 3
    assert looking.number_at(1) is None


def test_rows_that_are_not_in_memory_are_missed(looking: Looking) -> None:
    looking.ask(RowFilter())
    looking.matched(looking.asked, list(range(10)))
    looking.fetched({2: {}, 3: {}})
    assert looking.missing(-5, 6) == [0, 1, 4, 5]
    looking.fetched({n: {} for n in range(KEPT_ROWS + 1)})
    looking.fetched({5: {}})
    assert list(looking.rows) == [5], "forgotten before there are too many"


def test_orders_and_label_sorts_go_round(looking: Looking) -> None:
    assert [looking.next_order() for _ in range(4)] == ["score", "length", "row", "loss"]
    looking.turn()
    assert looking.order == RowOrder("loss", reverse=True)
    assert [looking.next_sort() for _ in range(5)] == ["precision", "recall", "support", "label", "f1"]


def test_two_beside_each_other(home: Home, looking: Looking) -> None:
    other = measured(home, [("a", "x", "x", 0.9), *ROWS[1:]], "n4v8")
    look = ComparedLook(
        looking.measured, other, {"only_one": [], "only_other": [0], "both_wrong": [2], "both_right": [1, 3]}, 1
    )
    looking.compared = look
    lines = [plain(one) for one in head_lines(look, 80)]
    assert lines[0].split() == ["metric", "b2m7", "n4v8", "difference"]
    assert lines[1].split() == ["accuracy", "0.500", "0.750", "+0.250"]
    assert "the same answer for 3 of 4 rows" in lines[-1]
    assert plain(group_line(look, "only_other", 80)).split() == ["only", "n4v8", "is", "right", "1", "25", "%"]
    assert group_words(look, "either") == "only one of the two is right"
    first = moved_labels(look)[0]
    assert (first.label, round(first.by, 3)) == ("x", 0.333)
    assert plain(moved_line(first, 80)).split() == ["x", "0.667", "1.000", "+0.333", "2"]
    assert "b2m7" in plain(moved_head(look, 80))
    assert compare_table(look)[1][0][:4] == ["accuracy", 0.5, 0.75, 0.25]
    looking.ask(RowFilter(), "either")
    assert looking.among == [0]
    assert looking.rows_words() == "only one of the two is right"


@pytest.mark.parametrize(
    ("metric", "one", "other", "text", "token"),
    [
        ("f1", 0.5, 0.6, "+0.100", "good"),
        ("loss", 0.5, 0.6, "+0.100", "warn"),
        ("f1", 0.5, 0.5, "+0.000", "text"),
        ("f1", None, 0.5, "–", "muted"),
        ("f1", float("nan"), 0.5, "–", "muted"),
    ],
)
def test_a_difference_says_which_way_is_better(
    metric: str, one: float | None, other: float | None, text: str, token: str
) -> None:
    found = difference(one, other, smaller=metric == "loss")
    assert (found.text, found.token) == (text, token)
