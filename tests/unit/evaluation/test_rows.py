"""Rows of a stored evaluation: filtered, ordered, fetched by their places."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes import FakeRun
from tests.measured import store, store_tags
from tui_finetune.errors import UserError
from tui_finetune.evaluation.rows import StoredRows
from tui_finetune.live.row_filter import RowOrder, parse_rows
from tui_finetune.paths import Home
from tui_finetune.runs.layout import PREDICTIONS

ROWS = [
    ("the card has not come", "card arrival", "card linking", 0.9),
    ("a Card's number?", "card linking", "card linking", 0.6),
    ("where is it", "card arrival", "card arrival", 0.7),
    ("100% 'quoted' \"text\"", "other", "card arrival", 0.5),
]


@pytest.fixture
def rows(home: Home) -> Iterator[StoredRows]:
    run = FakeRun(home, "it's")
    found = StoredRows(store(run.paths, ROWS) / PREDICTIONS)
    yield found
    found.close()


@pytest.fixture
def tags(home: Home) -> Iterator[StoredRows]:
    run = FakeRun(home)
    stored = store_tags(
        run.paths,
        [
            (["Ada", "in", "Rome"], ["B-PER", "O", "B-LOC"], ["B-PER", "O", "B-LOC"]),
            (["Ada", "in", "Rome"], ["B-PER", "O", "B-LOC"], ["B-PER", "O", "O"]),
            (["nobody", "here"], ["O", "O"], ["B-PER", "O"]),
        ],
    )
    found = StoredRows(stored / PREDICTIONS)
    yield found
    found.close()


def matching(rows: StoredRows, typed: str, order: RowOrder | None = None) -> list[int]:
    return rows.matching(parse_rows(typed, rows.labels), order or RowOrder("row"))


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", [0, 1, 2, 3]),
        ("wrong", [0, 3]),
        ("right", [1, 2]),
        ('gold:"card arrival"', [0, 2]),
        ("gold:arrival predicted:linking", [0]),
        ("label:linking", [0, 1]),
        ("label:linking wrong", [0]),
        ("gold:nothing", []),
        ("CARD", [0, 1]),
        ("card the", [0]),
        ("'quoted'", [3]),
        ("%", [3]),
        ("score<0.7", [1, 3]),
        ("score>=0.7 right", [2]),
        ("loss>1", [0, 3]),
        ("length>5", [0]),
        ("cut", []),
    ],
)
def test_what_matches(rows: StoredRows, typed: str, found: list[int]) -> None:
    assert matching(rows, typed) == found


@pytest.mark.parametrize(
    ("order", "found"),
    [
        (RowOrder("loss"), [0, 3, 1, 2]),
        (RowOrder("loss", reverse=True), [2, 1, 3, 0]),
        (RowOrder("score"), [3, 1, 2, 0]),
        (RowOrder("length"), [0, 1, 2, 3]),
        (RowOrder("row", reverse=True), [3, 2, 1, 0]),
    ],
)
def test_how_it_is_ordered(rows: StoredRows, order: RowOrder, found: list[int]) -> None:
    assert matching(rows, "", order) == found


def test_only_some_of_them(rows: StoredRows) -> None:
    assert rows.matching(parse_rows("wrong"), RowOrder("row"), among=[1, 3]) == [3]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("wrong", [1, 2]),
        ("gold:LOC", [0, 1]),
        ("gold:B-LOC predicted:O", [1]),
        ("gold:O predicted:B-PER", [2]),
        ("label:LOC wrong", [1]),
        ("label:PER wrong", [2]),
        ("label:PER right", [0, 1]),
        ("rome", [0, 1]),
    ],
)
def test_of_tags(tags: StoredRows, typed: str, found: list[int]) -> None:
    assert matching(tags, typed) == found


def test_rows_by_their_places(rows: StoredRows) -> None:
    found = rows.brief([2, 0])
    assert found[0]["text"] == ROWS[0][0]
    assert found[2]["predicted"] == "card arrival"
    assert "scores" not in found[0]
    assert rows.brief([]) == {}
    whole = rows.whole(3)
    assert whole["row_id"] == "data.csv:3"
    assert len(whole["scores"]) == 3
    assert (rows.total, rows.tagged, rows.labels) == (4, False, ("card arrival", "card linking", "other"))


def test_a_filter_that_names_what_is_not_there_says_so() -> None:
    assert parse_rows("gold:arival", ["arrival"]).problem == "No label has arival. Did you mean arrival?"
    assert (
        parse_rows("lable:x").problem
        == "lable: is no key. There are gold, predicted, label, score, loss, error, length, wrong, right, cut."
    )
    assert parse_rows("loss>x").problem == "loss: a number is wanted after >."
    assert parse_rows("https://x.y").problem is None


def test_a_filter_is_written_as_it_is_typed() -> None:
    for typed in ('gold:"so so" wrong loss>1.5 "two words" one', "predicted:a right cut score<=0.5", ""):
        assert parse_rows(parse_rows(typed).text) == parse_rows(typed)
        assert parse_rows(typed).text == typed
    assert parse_rows("").empty
    assert not parse_rows("cut").empty


@pytest.mark.parametrize("content", [b"", b"PAR1", b"not parquet at all" * 9])
def test_a_file_that_is_no_parquet_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "predictions.parquet"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"predictions\.parquet cannot be read"):
        StoredRows(path)


def test_a_file_that_goes_away_is_told(rows: StoredRows) -> None:
    rows.path.unlink()
    with pytest.raises(UserError, match="cannot be read"):
        matching(rows, "wrong")


def test_rows_without_gold_are_neither_wrong_nor_right(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "p.parquet"
    pq.write_table(pa.table({"text": ["a", "b"], "gold": pa.nulls(2, pa.string()), "predicted": ["x", "y"]}), path)
    stored = StoredRows(path)
    assert matching(stored, "wrong") == matching(stored, "right") == []
    assert matching(stored, "") == [0, 1]
    pq.write_table(pa.table({"text": ["a", "b"], "answer": [1.0, 2.0]}), path)
    other = StoredRows(path)
    assert matching(other, "wrong") == matching(other, "gold:x") == []
    assert matching(other, "b") == [1]
