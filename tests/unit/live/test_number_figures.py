"""Errors of predicted numbers by where gold lies, and the picture of predicted against gold."""

from __future__ import annotations

from typing import Any

import pytest

from tui_finetune.evaluation.numbers import number_report
from tui_finetune.live.number_figures import error_lines, picture_lines
from tui_finetune.plugin_api import Decoded, LabelSet

GOLD = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]


def target(said: list[float]) -> dict[str, Any]:
    found: dict[str, Any] = number_report(Decoded(LabelSet.of(["score"]), said, GOLD))["targets"][0]
    return found


def texts(lines: Any) -> list[str]:
    return ["".join(part.text for part in one).rstrip() for one in lines]


def test_errors_are_told_in_all_and_by_parts_the_worst_marked() -> None:
    lines = error_lines([target([0.0, 1.0, 2.0, 3.0, 4.0, 3.0])], 76)
    shown = texts(lines)
    assert "half of the errors up to 0, nine of ten up to 1, the largest 2" in shown[0]
    assert shown[-2].split() == ["4", "to", "5", "2", "1", "-1"]
    assert [part.token for part in lines[-2] if part.text.strip() == "1"] == ["warn"]


@pytest.mark.parametrize("ascii", [False, True])
def test_right_predictions_lie_on_the_diagonal(ascii: bool) -> None:
    shown = texts(picture_lines(target(GOLD), 60, 27, ascii=ascii))
    dark = "#" if ascii else "█"
    places = [(row, line.index(dark)) for row, line in enumerate(shown) if dark in line]
    assert len(places) == 6
    assert places == sorted(places, key=lambda place: -place[1])
    assert shown[1].split()[0] == "5"
    assert shown[-1].split() == ["0", "5"]


def test_a_narrow_pane_has_the_same_rows_in_fewer_cells_and_a_tiny_one_none() -> None:
    shown = texts(picture_lines(target([5 - one for one in GOLD]), 30, 12))
    assert sum("█" in line for line in shown) == 6
    assert picture_lines(target(GOLD), 30, 5) == []


def test_what_is_predicted_far_outside_is_in_the_picture_too() -> None:
    shown = texts(picture_lines(target([99.0, *GOLD[1:]]), 60, 27))
    assert shown[1].split()[0] == "99"
