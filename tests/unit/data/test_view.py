"""Which rows are shown, in which order: every condition, on texts, numbers, labels, lists and what is missing."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tui_finetune.data import view
from tui_finetune.data.conditions import Condition, parse_conditions
from tui_finetune.data.scan.stored import stored_table
from tui_finetune.data.view import Wish, write_rows
from tui_finetune.errors import DataError
from tui_finetune.plugin_api import Progress, no_progress

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


def shown(table: pa.Table, wish: Wish, progress: Progress = no_progress) -> tuple[list[int], Sequence[str]]:
    with tempfile.NamedTemporaryFile() as file:
        count, notes = write_rows(stored_table(table), wish, Path(file.name), progress)
        numbers = np.fromfile(file.name, dtype=np.int64).tolist()
    assert len(numbers) == count
    return numbers, notes


def found(text: str, **wish: object) -> list[int]:
    return shown(TABLE, Wish(text, class_names=NAMES, **wish))[0]  # type: ignore[arg-type]


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
        ("score:9.0", [4]),
        ("score:9", [4]),
        ("score=0.5", [0]),
        ("score:nine", []),
        ("label>=1", [0, 2, 3]),
        ("nothing", []),
        ("it's", []),
        ("text~^[a-z]+$", [4]),
        ("~(?i)^a.card", [3]),
        ('tokens~"^Air|card"', [0, 3]),
        ("score~^-", [3]),
        ("duplicates:label", [0, 2]),
        ("duplicates:", []),
        ("sql: score > 0 OR label IS NULL -- both", [0, 1, 4]),
        ("sql: len(tokens) = 1", [3]),
    ],
)
def test_conditions(text: str, rows: list[int]) -> None:
    assert found(text) == rows


def test_measures_are_of_what_the_model_reads() -> None:
    assert found("words>1", inputs=("text",)) == [0, 3]
    assert found("chars<3", inputs=("text",)) == found("length<3", inputs=("text",)) == [1, 2, 4]
    assert found("words>2", inputs=("tokens",)) == [4]
    assert found("chars>4", inputs=("tokens",)) == [0]


@pytest.mark.parametrize(
    ("text", "wish", "said"),
    [
        ("text>3", {}, "text holds no numbers, but string"),
        ("words>3", {}, "no column here is read by a model"),
        ("", {"sort": "nothing"}, "no column nothing to sort by"),
        ("text~(", {}, "missing"),
        ("sql: nothing > 3", {}, "nothing"),
        ("sql: true); DROP TABLE rows_of_table; SELECT (1", {}, "more than a condition"),
        ("sql: (SELECT count(*) FROM read_text('/etc/hostname')) > 0", {}, "disabled"),
    ],
)
def test_what_cannot_be_looked_for_is_said(text: str, wish: dict[str, str], said: str) -> None:
    with pytest.raises(DataError, match=said):
        found(text, **wish)


def test_tokens_need_a_tokenizer() -> None:
    table = TABLE.drop_columns(["tokens"])
    with pytest.raises(DataError, match="no tokenizer is chosen"):
        shown(table, Wish("tokens>3", inputs=("text",)))


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


def test_progress_may_end_it() -> None:
    class Enough(Exception):
        pass

    def progress(what: str, done: int, total: int | None) -> None:
        raise Enough

    with pytest.raises(Enough):
        shown(TABLE, Wish("card"), progress)


def test_rows_that_a_query_within_puts_otherwise_are_in_order() -> None:
    table = pa.table({"text": [f"text {index % 7_000}" for index in range(20_000)]})
    numbers, _ = shown(table, Wish("duplicates:text"))
    assert numbers == list(range(20_000))


def test_tokens_are_counted_of_what_the_other_conditions_leave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizers = pytest.importorskip("tokenizers")
    backend = tokenizers.Tokenizer(tokenizers.models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    backend.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    backend.save(str(tmp_path / "tokenizer.json"))
    word_tokenizer = tmp_path / "tokenizer.json"
    table = TABLE.drop_columns(["tokens"])
    monkeypatch.setattr(view, "PIECE", 2)

    def counted(text: str) -> list[int]:
        return shown(table, Wish(text, inputs=("text",), class_names=NAMES, tokenizer=word_tokenizer))[0]

    assert counted("tokens>4") == [0, 3]
    assert counted("tokens>4 label:good") == [0]
    monkeypatch.setattr(view, "TOKENIZED_ROWS", 4)
    with pytest.raises(DataError, match="5 rows are too many to count"):
        counted("tokens>4")


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
    from tui_finetune.data.windows import CELL_CHARACTERS, CELL_ITEMS, open_reader

    long = pa.table(
        {
            "row_id": ["a:0", "a:1", "a:2"],
            "row_hash": ["0"] * 3,
            "text": ["x" * 5_000, "short", None],
            "words": [["w"] * 500, [], None],
            "n": [1, 2, 3],
        }
    )
    reader = open_reader(write_tables(tmp_path, {"train": long})["train"].arrow)
    assert len(reader) == 3
    cells = reader.cells([0, 1, 2], ["text", "words", "n"])
    assert len(cells[0]["text"]) == CELL_CHARACTERS
    assert len(cells[0]["words"]) == CELL_ITEMS
    assert cells[2] == {"text": None, "words": None, "n": 3}
    assert [row["n"] for row in reader.cells([2, 0], ["n"])] == [3, 1]
    assert reader.cells([], ["n"]) == []
    assert len(reader.whole(0)["text"]) == 5_000
    assert [len(one) for one in reader.columns([0, 2], ["text", "n"])] == [2, 2]
