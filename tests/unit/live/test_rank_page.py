"""What is shown of searches: rows by the place of what belongs to their text, and one row whole."""

from __future__ import annotations

from typing import Any

from tui_finetune.live.evaluation_page import Measured
from tui_finetune.live.rank_page import place_lines
from tui_finetune.live.row_page import row_lines
from tui_finetune.live.spans import Line, plain, width_of

RANKS = {
    "places": [
        {"from": 1, "to": 1, "rows": 1234},
        {"from": 2, "to": 3, "rows": 0},
        {"from": 101, "to": None, "rows": 1234},
    ],
    "similarity": 0.75,
    "first_similarity": 0.8,
}
ROW: dict[str, Any] = {
    "row_id": "a:3", "text": "how far is it?\x1b[31m", "text_pair": "two miles", "negative": "yes", "gold": "two miles",
    "predicted": "far " * 40, "score": 0.9, "gold_score": 0.5, "negative_score": 0.25, "rank": 1070, "length": 4,
    "truncated": False,
}  # fmt: skip


def said(lines: list[Line]) -> list[str]:
    return [" ".join(plain(one).split()) for one in lines]


def test_rows_by_place() -> None:
    assert said(place_lines(RANKS, 60)) == [
        "found at place rows share",
        "1 1,234 0.500",
        "2 to 3 0 0.000",
        "101 and later 1,234 0.500",
        "similarity 0.750 of what belongs together",
        "similarity 0.800 of what is found first",
    ]
    assert said(place_lines({}, 60))[-1] == "similarity – of what is found first"


def test_a_row_with_what_was_found_first_and_what_belongs_to_it() -> None:
    lines = row_lines(ROW, 3, "test", (), 40, ("x9", {**ROW, "predicted": "two miles"}))
    found = said(lines)
    assert "found first 0.900" in found
    assert "at place 1,070 0.500" in found
    assert "not to be found 0.250" in found
    assert found[-2:] == ["x9 first 0.900", "two miles"]
    assert "\x1b" not in "".join(map(plain, lines))
    assert all(width_of(one) <= 40 for one in lines)


def test_what_was_found_first_and_is_right_stands_once() -> None:
    found = said(row_lines({**ROW, "predicted": "two miles", "rank": 1, "negative": None}, 3, "test", (), 60))
    assert found.count("two miles") == 1
    assert not any("place" in one for one in found)


def test_a_report_of_a_search_has_parts() -> None:
    report = {"metrics": {}, "ranks": RANKS}
    made = Measured("k", "r", "r", "name", "r", "test", 0.0, report, {})
    assert made.parted
    assert not made.graded
