"""What is said of data: rows, one row, columns, what a run would have; by plain records."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tui_finetune.live import data_facts, data_row, data_rows, data_sources, data_steps
from tui_finetune.live.data_findings import STEPS
from tui_finetune.live.data_row import Piece, TokenView
from tui_finetune.live.data_set import Asked, ColumnInfo, DataSet, Split, opened_set, summary_words
from tui_finetune.live.data_sources import Candidate
from tui_finetune.live.data_steps import Preview, Step
from tui_finetune.live.spans import Line, plain, span, width_of
from tui_finetune.plugin_api.manager import load_catalog
from tui_finetune.ui.screens.data.finding import steps

OPENED: dict[str, Any] = {
    "source": "csv",
    "format": "csv, comma, utf-8",
    "splits": [{"name": "train", "arrow": "/a", "rows": 10_003}, {"name": "test", "arrow": "/b", "rows": 20}],
    "columns": [["text", "string", None], ["stars", "int64", None], ["label", "int64", None]],
    "files": [["/data/banking/train.csv", 839_000, "f"]],
    "notes": [],
    "revision": None,
}
LOOK: dict[str, Any] = {
    "task": "text-classification",
    "columns": [
        {"name": "text"},
        {"name": "stars"},
        {"name": "label", "class_names": ["bad", "good"]},
    ],
    "roles": {"text": "text", "label": "label"},
    "labels": [
        {"name": "bad", "value": 0, "count": 1, "counts": {}},
        {"name": "good", "value": 1, "count": 2, "counts": {}},
    ],
    "lengths": {"unit": "tokens", "median": 13, "p95": 34, "max": 98, "max_length": 64, "cut": 3},
    "run": {"train": 9_003, "validation": 1_000},
    "split_origin": {"train": "the rest of train", "validation": "10 % of train"},
    "guesses": ["Column label is taken as label."],
    "warnings": ["2 rows of validation are in train too."],
    "problems": [{"message": "3 rows lack text.", "file": "train.csv", "line": 4, "hint": "drop_missing leaves out."}],
}
ANSWER: dict[str, Any] = {
    "look": LOOK,
    "model": "builtin:all-MiniLM-L6-v2",
    "tokenizer": "/m/tokenizer.json",
    "max_length": 64,
    "steps": [],
    "kinds": {"text": "text", "label": "label"},
    "gold": "label",
}
FOUND = opened_set(Asked(path="/data/banking/train.csv"), OPENED).with_look(ANSWER)
TAGGED = replace(
    FOUND,
    columns=(ColumnInfo("tokens", "list<string>"), ColumnInfo("tags", "list<string>")),
    look={"roles": {"tokens": "tokens", "tags": "tags"}, "labels": [{"name": "O", "value": "O"}]},
    kinds={"tokens": "words", "tags": "tags"},
    gold="tags",
)


def text(lines: list[Line]) -> str:
    return "\n".join(plain(line) for line in lines)


# What is open


@pytest.mark.parametrize(
    ("asked", "title", "typed"),
    [
        (Asked(path="/data/banking/train.csv"), "banking/train.csv", "/data/banking/train.csv"),
        (Asked(path="stanfordnlp/imdb"), "stanfordnlp/imdb", "stanfordnlp/imdb"),
        (Asked(source="stdlib-docs"), "stdlib-docs", "stdlib-docs"),
        (Asked(recipe="/r/mine.toml"), "r/mine.toml", "/r/mine.toml"),
    ],
)
def test_what_is_open_has_a_name_and_can_be_typed_again(asked: Asked, title: str, typed: str) -> None:
    assert (asked.title, asked.typed) == (title, typed)


def test_a_summary_counts_everything() -> None:
    assert summary_words(FOUND, FOUND.splits[0]) == "csv · 10,003 rows · 3 columns · 2 labels · 839 kB"


def test_parts_of_the_columns_are_known_after_the_look() -> None:
    assert FOUND.inputs == ("text",)
    assert FOUND.is_gold("label")
    assert not FOUND.is_gold("stars")
    assert FOUND.names_of("label") == {0: "bad", 1: "good"}
    assert FOUND.model_short == "all-MiniLM-L6-v2"
    assert FOUND.split("test").rows == 20
    assert FOUND.split("none").name == "train"


# Rows


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_rows_fit_with_gold_first_and_tokens_last(width: int) -> None:
    columns = data_rows.row_columns(FOUND, 10_003, width)
    assert [one.name for one in columns][:2] == [data_rows.ROW, "label"]
    assert columns[-1].name == data_rows.TOKENS
    cells = {"text": "a text\nof two lines " * 20, "stars": 3, "label": 1}
    row = data_rows.list_line(FOUND, columns, 7, cells, 70)
    assert width_of(row) <= width - 3
    assert "good" in plain(row)
    assert "⏎" in plain(row)
    assert row[-1].token == "warn", "more tokens than the maximum length"
    assert width_of(data_rows.rows_head(columns, "label", False)) <= width


def test_columns_go_on_at_the_right() -> None:
    names = [one.name for one in data_rows.row_columns(FOUND, 10, 80, 1)]
    assert names == [data_rows.ROW, "text", "stars", data_rows.TOKENS]


def test_a_row_that_is_not_read_is_a_dash() -> None:
    assert plain(data_rows.list_line(FOUND, data_rows.row_columns(FOUND, 10, 80), 0, None, None)).split() == ["–"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "–"), (True, "true"), (0.5, "0.5"), (float("nan"), "nan"), ([1, None], "1 –"), ("x", "x")],
)
def test_values_as_text(value: Any, shown: str) -> None:
    assert data_rows.cell_text(FOUND, "stars", value) == shown


def test_tags_are_told_by_their_types() -> None:
    assert data_rows.tags_text(TAGGED, "tags", ["B-loc", "I-loc", "O", "B-per"]) == "loc, per"
    assert data_rows.tags_text(TAGGED, "tags", ["O", "O"]) == "–"
    assert data_rows.tags_text(TAGGED, "tags", ["NOUN", "VERB"]) == "NOUN VERB"


def test_below_the_rows_stand_the_one_and_the_lengths_of_all() -> None:
    lines = data_rows.below_lines(FOUND, 7, {"text": "word " * 100, "stars": 3, "label": 0}, 80)
    assert len(lines) == 6
    assert plain(lines[0]).split() == ["row", "7", "label", "bad", "stars", "3"]
    assert "tokens by all-MiniLM-L6-v2: median 13, 95 % up to 34, longest 98; 3 cut at 64" in plain(lines[5])
    assert all(width_of(line) <= 80 for line in lines)


# One row


def pieces(*texts: str, words: tuple[int | None, ...] = ()) -> tuple[Piece, ...]:
    ids = words or (None,) * len(texts)
    return tuple(Piece(one, 7, word, one.startswith("[")) for one, word in zip(texts, ids, strict=True))


def test_a_row_is_shown_whole_with_its_pieces() -> None:
    tokens = TokenView("m", pieces("[CLS]", "a", "##b", "[SEP]"), 9, 4)
    row = {"row_id": "train.csv:9", "row_hash": "f", "text": "x " * 400, "stars": None, "label": 1}
    lines = data_row.row_lines(FOUND, (6, 10_003), 7, row, tokens, 80)
    assert "row 7, 7 of 10,003  train.csv:9    9 tokens of 4, 5 cut" in text(lines)
    assert text(lines).count("x") >= 400
    assert "[CLS] a ##b [SEP]" in text(lines)
    assert "5 more are cut off" in text(lines)
    assert all(width_of(line) <= 80 for line in lines)
    ids = data_row.row_lines(FOUND, (6, 10_003), 7, row, tokens, 80, ids=True)
    assert "##b" in text(ids)
    assert plain(ids[-1]).split() == ["3", "[SEP]", "7"]


def test_entities_stand_below_their_words_also_where_lines_break() -> None:
    words = ("Flying", "to", "New", "York", "now")
    tokens = TokenView(
        "m", pieces("f", "t", "n", "y", words=(0, 1, 2, 3)), 5, 4, words, ("O", "O", "B-loc", "I-loc", "O")
    )
    lines = data_row.row_lines(TAGGED, (0, 1), 0, {"tokens": list(words), "tags": []}, tokens, 80)
    assert plain(lines[1]) == " Flying to New York now"
    assert plain(lines[2]) == "           loc"
    assert "cut off" in text(lines), "the last word has no piece"
    narrow = data_row.row_lines(TAGGED, (0, 1), 0, {"tokens": list(words), "tags": []}, tokens, 15)
    assert [plain(line).strip() for line in narrow[1:5]] == ["Flying to New", "loc", "York now", "loc"]


def test_a_value_that_is_very_long_is_cut_and_says_so() -> None:
    row = {"text": "y" * (data_row.LONGEST + 10), "stars": 1, "label": 0}
    said = " ".join(text(data_row.row_lines(FOUND, (0, 1), 0, row, None, 80)).split())
    assert "10 more characters; y copies all" in said


# Columns


FACTS: dict[str, Any] = {"type": "string", "rows": 100, "missing": 2, "distinct": 3, "values": [["a b", 60], ["c", 38]]}
LENGTHS: dict[str, Any] = {
    "unit": "tokens", "median": 10, "p95": 30, "max": 99, "bin_width": 5, "bins": [0, 40, 30, 10, 5, *[1] * 15], "cut": 4,
}  # fmt: skip


def test_values_are_bars_that_stand_for_their_rows() -> None:
    lines = data_facts.fact_lines(ColumnInfo("kind", "string"), FACTS, 64, 80)
    assert [one.filter for one in lines if one.filter] == ["kind:", 'kind="a b"', "kind=c"]
    assert "2 missing (2 %)" in text([one.line for one in lines])
    assert "and 1 more" in plain(lines[-1].line)
    assert all(width_of(one.line) <= 80 for one in lines)


@pytest.mark.parametrize(
    ("value", "info", "typed"),
    [
        ("a", ColumnInfo("x", "string"), "x=a"),
        ("B-loc", ColumnInfo("tags", "list<string>"), "tags:B-loc"),
        ('say "no"', ColumnInfo("x", "string"), None),
        ("", ColumnInfo("x", "string"), None),
    ],
)
def test_a_value_as_it_is_typed_into_the_filter(value: str, info: ColumnInfo, typed: str | None) -> None:
    assert data_facts.value_filter(info, value) == typed


@pytest.mark.parametrize("ascii", [False, True])
@pytest.mark.parametrize(("limit", "said"), [(50, "4 rows are longer than max_length 50"), (500, "max_length 500")])
def test_the_maximum_length_is_drawn_into_the_lengths(limit: int, said: str, ascii: bool) -> None:
    lines = data_facts.length_lines(LENGTHS if limit == 50 else {**LENGTHS, "cut": 0}, limit, 80, ascii=ascii)
    bars = [plain(line) for line in lines if "│" in plain(line)]
    assert len(bars) == data_facts.HEIGHT
    column = bars[0].index("┊")
    assert all(bar[column] == "┊" for bar in bars)
    assert said in text(lines)
    assert all(width_of(line) <= 80 for line in lines)
    if limit == 50:
        assert column == len(" 12345678 │") - 1 + 10 * 3


def test_lengths_in_words_have_no_limit() -> None:
    assert "┊" not in text(data_facts.length_lines({**LENGTHS, "unit": "words"}, 50, 80))


def test_numbers_have_their_range() -> None:
    numbers = {"min": 0.0, "max": 9.5, "mean": 2.0, "not_finite": 1, "low": 0.0, "bin_width": 0.5, "bins": [1, 5]}
    assert "from 0 to 9.5, mean 2  1 not finite" in text(data_facts.number_lines(numbers, 80))


def test_what_is_not_counted_yet_and_what_cannot_be_is_said() -> None:
    info = ColumnInfo("x", "string")
    assert "counting …" in plain(data_facts.fact_lines(info, None, 64, 80)[0].line)
    assert "no luck" in plain(data_facts.fact_lines(info, {"failed": "no luck"}, 64, 80)[0].line)
    columns = data_facts.columns_for(80)
    assert "label, gold" in plain(data_facts.column_line(FOUND, FOUND.columns[2], FACTS, columns))


# Prepared


def test_changed_parts_are_bold() -> None:
    left, right = data_steps.changes("a BIG red dog", "a big red dog")
    assert [one.text for one in left if one.bold] == ["BIG"]
    assert [one.text for one in right if one.bold] == ["big"]
    assert "".join(one.text for one in right) == "a big red dog"


@pytest.mark.parametrize("width", [1, 5, 40])
def test_pieces_are_wrapped_and_nothing_is_lost(width: int) -> None:
    lines = data_steps.wrapped([span("日本語 abc", bold=True), span(" and more")], width)
    assert all(width_of(line) <= max(2, width) for line in lines)
    if width > 1:
        assert "".join(plain(line) for line in lines) == "日本語 abc and more"


def test_rows_before_and_after_each_step() -> None:
    before = {"text": "A B", "stars": 1, "label": 0}
    lower = {**before, "text": "a b"}
    preview = Preview(
        3, ("lower", "drop"), [before, before, lower], [[[lower], []], [[lower, lower], [lower]], [[lower], []]]
    )
    said = text(data_steps.preview_lines(FOUND, preview, ["lower", "drop"], 80))
    assert "row 3" in said
    assert "- A B" in said
    assert "+ a b" in said
    assert "drop  leaves the row out" in said
    assert "lower  makes 2 rows of it" in said
    assert "lower  changes nothing" in said
    assert "space uses the step" in text(data_steps.preview_lines(FOUND, None, [], 80))


def test_a_step_is_given_the_columns_of_the_data() -> None:
    there = {step.name: step for step in steps(load_catalog(None, third_party=False))}
    assert set(STEPS.values()) <= set(there)
    other = replace(FOUND, look={**FOUND.look, "roles": {"text": "review", "label": "stars"}})
    given = {
        name: data_steps.options_for(there[name], other)
        for name in ("lowercase", "drop-by-length", "balance", "sample-rows")
    }
    assert given == {
        "lowercase": {"columns": ["review"]},
        "drop-by-length": {"column": "review"},
        "balance": {"column": "stars"},
        "sample-rows": {},
    }
    usual = replace(FOUND, look={**FOUND.look, "roles": {"text": "text", "label": "label"}})
    assert all(data_steps.options_for(step, usual) == {} for step in there.values())


def test_a_step_in_the_list_tells_its_options() -> None:
    step = Step("calm", "Lower-cases.", (("column", '"text"', "Column"),))
    assert "column body" in plain(data_steps.step_line(step, {"calm": {"column": "body"}}, (), 80))
    assert data_steps.recipe_tables([("calm", {}), ("cut", {"to": 3})]) == [
        {"use": "calm"},
        {"use": "cut", "options": {"to": 3}},
    ]


# What can be opened


@pytest.mark.parametrize(
    ("typed", "path", "asks"),
    [("./a", True, False), ("~/x", True, False), ("imdb", False, True), ("a/b/c", True, False), ("im", False, False)],
)
def test_what_is_typed_is_a_path_or_searched(typed: str, path: bool, asks: bool) -> None:
    assert data_sources.looks_like_path(typed) is path
    assert data_sources.searched(typed) is asks


def test_a_path_is_completed_as_far_as_all_agree() -> None:
    both = [Candidate("file", "data/train-a.csv"), Candidate("file", "data/train-b.csv"), Candidate("hub", "x/y")]
    assert data_sources.completed("data/tr", both) == "data/train-"
    assert data_sources.completed("data/tr", both[:1]) == "data/train-a.csv"
    assert data_sources.completed("nothing", []) == "nothing"


def test_what_the_cache_holds_comes_first_and_once() -> None:
    found = data_sources.hub_candidates(["a/b"], [["a/b", 5, ""], ["c/d", 1_234_567, "Films."]])
    assert [(one.kind, one.value) for one in found] == [("cached", "a/b"), ("hub", "c/d")]
    assert "1.23 M downloads  Films." in found[1].about
    assert all(width_of(data_sources.candidate_line(one, 76)) == 76 for one in found)


def test_a_split_alone_is_not_named() -> None:
    alone = replace(FOUND, splits=(Split("train", "/a", 5),))
    assert "[train]" not in plain(data_rows.thing_line(alone, "train", "csv", 80))
    assert "[train]" in plain(data_rows.thing_line(FOUND, "train", "csv", 80))
    assert isinstance(alone, DataSet)


def test_a_step_that_is_used_has_its_place_and_what_it_does_to_all_rows() -> None:
    chosen: dict[str, dict[str, Any]] = {"lower": {}, "drop": {"words": 3}, "bad": {}}
    counts: list[dict[str, Any]] = [
        {"changed": 12, "out": 0, "made": 0},
        {"changed": 0, "out": 1_200, "made": 4},
        {"failed": "It failed."},
    ]

    def said(name: str, known: int) -> str:
        return plain(data_steps.step_line(Step(name, "Its help."), chosen, counts[:known], 76))

    assert said("other", 3).split() == ["other", "Its", "help."]
    assert "12 changed  Its help." in said("lower", 3)
    assert said("drop", 3).startswith("2. drop")
    assert "1,200 left out, 4 made" in said("drop", 3)
    assert "words 3" in said("drop", 1)
    assert "It failed." in said("bad", 3)
    nothing = data_steps.count_words({"changed": 0, "out": 0, "made": 0})
    assert nothing.text == "nothing changed  "
    assert list(data_steps.moved(chosen, "drop", -1)) == ["drop", "lower", "bad"]
    assert list(data_steps.moved(chosen, "bad", 1)) == ["lower", "drop", "bad"]
