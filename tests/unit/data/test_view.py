"""Which rows are shown, in which order: every condition, on texts, numbers, labels, lists and what is missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tui_finetune.data import view
from tui_finetune.data.conditions import Condition, parse_conditions
from tui_finetune.data.view import Wish, rows_of
from tui_finetune.errors import DataError

TABLE = pa.table(
    {
        "row_id": [f"a.csv:{index}" for index in range(5)],
        "row_hash": ["f" * 16] * 5,
        "text": ["When will the card come?", "", None, "A CARD http://x.org/a:b", "no"],
        "label": [1, 0, 1, 2, None],
        "score": [0.5, 2.5, None, -1.0, 9.0],
        "tokens": [["Air", "Greenland"], [], None, ["card"], ["a", "b", "c"]],
    }
)
NAMES = {"label": ("bad", "good", "so-so")}


def found(text: str, **wish: object) -> list[int]:
    rows, _ = rows_of(TABLE, Wish(text, class_names=NAMES, **wish))  # type: ignore[arg-type]
    return [int(row) for row in rows]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("", [0, 1, 2, 3, 4]),
        ("card", [0, 3]),
        ("CARD come", [0]),
        ('"the card"', [0]),
        ("greenland", [0]),
        ("a.csv:3", [3]),
        ("http://x.org/a:b", [3]),
        ("text:card label:good", [0]),
        ("label:o", [0, 2, 3]),
        ("label=good", [0, 2]),
        ("label:1", [0, 2]),
        ("label:", [4]),
        ("text:", [1, 2]),
        ("tokens:", [1, 2]),
        ("tokens:air", [0]),
        ("text=no", [4]),
        ("score>0", [0, 1, 4]),
        ("score<=0.5", [0, 3]),
        ("score:9.0", []),
        ("label>=1", [0, 2, 3]),
        ("nothing", []),
    ],
)
def test_conditions(text: str, rows: list[int]) -> None:
    assert found(text) == rows


def test_measures_are_of_what_the_model_reads() -> None:
    assert found("words>1", inputs=("text",)) == [0, 3]
    assert found("chars<3", inputs=("text",)) == [1, 2, 4]
    assert found("words>2", inputs=("tokens",)) == [4]
    assert found("chars>4", inputs=("tokens",)) == [0]


@pytest.mark.parametrize(
    ("text", "wish", "said"),
    [
        ("text>3", {}, "text holds no numbers, but string"),
        ("words>3", {}, "no column here is read by a model"),
        ("", {"sort": "nothing"}, "no column nothing to sort by"),
    ],
)
def test_what_cannot_be_looked_for_is_said(text: str, wish: dict[str, str], said: str) -> None:
    with pytest.raises(DataError, match=said):
        found(text, **wish)


def test_tokens_need_a_tokenizer() -> None:
    table = TABLE.drop_columns(["tokens"])
    with pytest.raises(DataError, match="no tokenizer is chosen"):
        rows_of(table, Wish("tokens>3", inputs=("text",)))


@pytest.mark.parametrize(
    ("wish", "rows"),
    [
        ({"sort": "score"}, [3, 0, 1, 4, 2]),
        ({"sort": "score", "reverse": True}, [4, 1, 0, 3, 2]),
        ({"reverse": True}, [4, 3, 2, 1, 0]),
        ({"sort": "tokens"}, [1, 3, 0, 4, 2]),
        ({"sort": "length", "inputs": ("text",)}, [1, 2, 4, 3, 0]),
    ],
)
def test_orders(wish: dict[str, object], rows: list[int]) -> None:
    assert found("", **wish) == rows


def test_what_is_found_is_sorted() -> None:
    assert found("card", sort="score") == [3, 0]


def test_pieces_are_put_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "PIECE", 2)
    assert found("card") == [0, 3]
    assert found("tokens:a") == [0, 3, 4]


def test_progress_may_end_it() -> None:
    class Enough(Exception):
        pass

    def progress(what: str, done: int, total: int | None) -> None:
        raise Enough

    with pytest.raises(Enough):
        rows_of(TABLE, Wish("card"), progress)


def test_rows_are_numbers_of_eight_bytes() -> None:
    rows, _ = rows_of(TABLE, Wish("card"))
    assert rows.dtype == np.int64


def test_what_names_no_column_is_a_word_and_near_ones_are_said() -> None:
    assert parse_conditions("labl:good", ["label"]) == (
        [Condition("word", "labl:good")],
        ["No column labl. Did you mean label?"],
    )
    assert parse_conditions("http://x", ["label"]) == ([Condition("word", "http://x")], [])
    assert parse_conditions("label>many", ["label"]) == ([], ["label> wants a number."])
    assert parse_conditions('label:"so so" x', ["label"])[0] == [
        Condition(":", "so so", "label"),
        Condition("word", "x"),
    ]


def test_a_window_is_cut_and_a_row_is_whole(tmp_path: Path) -> None:
    from tui_finetune.data.cache import write_tables
    from tui_finetune.data.windows import CELL_CHARACTERS, CELL_ITEMS, RowReader

    long = pa.table(
        {
            "row_id": ["a:0", "a:1", "a:2"],
            "row_hash": ["0"] * 3,
            "text": ["x" * 5_000, "short", None],
            "words": [["w"] * 500, [], None],
            "n": [1, 2, 3],
        }
    )
    reader = RowReader(write_tables(tmp_path, {"train": long})["train"].arrow)
    assert len(reader) == 3
    cells = reader.cells([0, 1, 2], ["text", "words", "n"])
    assert len(cells[0]["text"]) == CELL_CHARACTERS
    assert len(cells[0]["words"]) == CELL_ITEMS
    assert cells[2] == {"text": None, "words": None, "n": 3}
    assert [row["n"] for row in reader.cells([2, 0], ["n"])] == [3, 1]
    assert reader.cells([], ["n"]) == []
    assert len(reader.whole(0)["text"]) == 5_000
    assert [len(one) for one in reader.columns([0, 2], ["text", "n"])] == [2, 2]
