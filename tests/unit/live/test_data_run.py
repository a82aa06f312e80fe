"""What a run would have of data, and what can be chosen of it; by plain records."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.live.test_data_page import FOUND, OPENED
from tui_finetune.live import data_run
from tui_finetune.live.data_run import run_items, with_choice
from tui_finetune.live.data_set import Asked, DataSet, opened_set
from tui_finetune.live.picks import Pick
from tui_finetune.live.spans import plain


def asked(**data: Any) -> DataSet:
    """The data, with some of a run chosen."""
    return replace(FOUND, asked=replace(FOUND.asked, data=data))


def now(picks: list[Pick]) -> list[str]:
    return [one.name for one in picks if one.now]


def test_each_line_says_what_a_run_has_and_what_enter_chooses() -> None:
    items = run_items(FOUND, 76)
    said = {one.key: plain(one.line) for one in items if one.key}
    assert list(said) == [
        "task", "columns.text", "columns.label", "train", "validation", "test", "shares", "length",
    ]  # fmt: skip
    assert "column label" in said["columns.label"]
    assert "9,003 rows    the rest of train" in said["train"]
    assert said["test"].endswith("none")
    assert "3 rows are longer: their ends are cut off" in said["length"]
    others = "\n".join(plain(one.line) for one in items if not one.key)
    assert "✗ train.csv: 3 rows lack text." in others
    assert "2: bad, good" in others
    assert "! 2 rows of validation" in others
    assert plain(items[0].line).startswith("✗")


def test_until_it_is_known_it_says_so() -> None:
    assert "looking at labels" in plain(run_items(opened_set(Asked(path="/x"), OPENED), 80)[0].line)


def test_a_column_plays_one_part() -> None:
    picks = data_run.column_picks(FOUND, "text")
    assert now(picks) == ["text"]
    assert [one.name for one in picks] == ["text", "stars", "label", "found by itself"]
    assert picks[2].about == "int64, now label"
    picks = data_run.column_picks(asked(columns={"label": "stars", "text": "text"}), "text")
    assert picks[1].values == {"columns": {"text": "stars"}}
    assert picks[-1].values == {"columns": {"label": "stars"}}


def test_splits_come_from_splits_and_shares() -> None:
    picks = data_run.split_picks(asked(validation=0.2), "validation")
    assert [one.name for one in picks] == [
        "split test", "5 % of train", "10 % of train", "20 % of train", "another share …", "found by itself",
    ]  # fmt: skip
    assert now(picks) == ["20 % of train"]
    assert picks[1].about == "about 500 rows"
    assert picks[4].values is None
    assert now(data_run.split_picks(FOUND, "test")) == ["found by itself"]
    assert now(data_run.split_picks(asked(split="test"), "train")) == ["test"]


def test_shares_are_taken_by_chance_by_groups_or_by_time() -> None:
    picks = data_run.share_picks(asked(groups="stars"))
    assert now(picks) == ["groups of stars"]
    assert with_choice(asked(groups="stars").asked, dict(picks[-1].values or {})).chosen == {"time": "label"}
    assert data_run.share_words(asked(time="stars")) == "the newest by stars"


def test_choices_are_kept_beside_each_other_and_another_task_has_columns_of_its_own() -> None:
    one = with_choice(with_choice(FOUND.asked, {"columns": {"text": "text"}}), {"validation": 0.2})
    assert one.chosen == {"columns": {"text": "text"}, "validation": 0.2}
    assert with_choice(one, {"max_length": 64}).max_length == 64
    assert with_choice(one, {"task": "token-classification"}).chosen == {"validation": 0.2}
    assert with_choice(with_choice(FOUND.asked, {"validation": 0.2}), {"validation": None}) == FOUND.asked


@pytest.mark.parametrize(
    ("typed", "share"), [("15", 0.15), ("15 %", 0.15), ("0.15", 0.15), ("100", None), ("0", None), ("much", None)]
)
def test_a_share_may_be_typed_in_percent(typed: str, share: float | None) -> None:
    assert data_run.share_of(typed) == share


def test_lengths_say_what_they_cut() -> None:
    def cut(length: int, share: float, lost: int) -> dict[str, Any]:
        return {"max_length": length, "share": share, "tokens": 900 - lost, "tokens_lost": lost, "attention": 0.5}

    answer = {
        "rows": 1_000, "measured": 500, "max_length": 64, "fits_99": 48, "longest": 70,
        "cuts": [cut(32, 0.25, 90), cut(48, 0.01, 9), cut(64, 0.0, 0)],
    }  # fmt: skip
    picks = data_run.length_picks(answer)
    assert picks[0].about == "about 250 rows cut (25 %); 90 % of tokens, 50 % of attention"
    assert picks[1].about.endswith("; fits 99 %")
    assert (picks[2].about, picks[2].now, picks[2].values) == ("cuts nothing", True, {"max_length": 64})
    assert picks[-1].values is None


def test_labels_fall_on_the_splits_of_a_run() -> None:
    found = replace(FOUND, fall={"train": [6_000, 3_003], "validation": [1_000, 0]})
    said = [plain(one).split() for one in data_run.fall_lines(found, 76)]
    assert said == [
        ["label", "train", "validation"],
        ["bad", "6,000", "67", "%", "1,000", "100", "%"],
        ["good", "3,003", "33", "%", "0"],
        ["all", "9,003", "1,000"],
    ]
    assert all(len(plain(one)) <= 60 for one in data_run.fall_lines(found, 60))
