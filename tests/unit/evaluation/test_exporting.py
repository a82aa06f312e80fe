"""Tables of an evaluation in files."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest

from tests.fakes import FakeRun
from tests.measured import store
from tui_finetune.errors import UserError
from tui_finetune.evaluation.exporting import ROW_HEAD, row_cells, write_table
from tui_finetune.evaluation.rows import StoredRows
from tui_finetune.live.row_filter import RowOrder, parse_rows
from tui_finetune.paths import Home
from tui_finetune.runs.layout import PREDICTIONS

ROWS = [["a|b", 0.123456, 3], ["x\ny\x1b", math.nan, None], ['say "no", please', 1.0, True]]


def test_csv_has_every_digit(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    assert write_table(path, ["label", "f1", "n"], ROWS) == 3
    with path.open(newline="") as file:
        found = list(csv.reader(file))
    assert found == [
        ["label", "f1", "n"],
        ["a|b", "0.123456", "3"],
        ["x\ny\x1b", "nan", ""],
        ['say "no", please', "1.0", "True"],
    ]


def test_markdown_is_a_table_whatever_the_cells_hold(tmp_path: Path) -> None:
    path = tmp_path / "t.md"
    write_table(path, ["label", "f1", "n"], [*ROWS, ["<b>", 0, 0]], "Labels of x")
    lines = path.read_text().splitlines()
    assert lines[:4] == ["# Labels of x", "", "| label | f1 | n |", "| --- | --- | --- |"]
    assert lines[4:6] == ["| a\\|b | 0.123 | 3 |", "| x⏎y␛ | nan |  |"]
    assert lines[7] == "| &lt;b> | 0 | 0 |"
    assert len(lines) == 8


def test_nothing_is_written_over_or_left_behind(tmp_path: Path) -> None:
    def failing() -> object:
        yield ["x"]
        raise UserError("no more")

    (tmp_path / "there.csv").write_text("mine")
    for target in ("there.csv", "t.xlsx", "none/t.csv"):
        with pytest.raises(UserError):
            write_table(tmp_path / target, ["a"], [["x"]])
    with pytest.raises(UserError, match="no more"):
        write_table(tmp_path / "t.csv", ["a"], failing())  # type: ignore[arg-type]
    assert [path.name for path in tmp_path.iterdir()] == ["there.csv"]
    assert (tmp_path / "there.csv").read_text() == "mine"


def test_rows_in_the_order_in_which_they_are_shown(home: Home, tmp_path: Path) -> None:
    run = FakeRun(home)
    stored = store(run.paths, [("one", "x", "x", 0.9), ("two", "x", "y", 0.8), ("three", "y", "x", 0.6)])
    rows = StoredRows(stored / PREDICTIONS)
    numbers = rows.matching(parse_rows("wrong"), RowOrder("loss"))
    assert write_table(tmp_path / "t.csv", ROW_HEAD, row_cells(rows, numbers)) == 2
    with (tmp_path / "t.csv").open() as file:
        found = list(csv.DictReader(file))
    assert [(row["row"], row["gold"], row["predicted"], row["text"]) for row in found] == [
        ("1", "x", "y", "two"),
        ("2", "y", "x", "three"),
    ]
