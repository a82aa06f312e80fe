"""Axes: round ranges that seldom change, and their labels."""

from __future__ import annotations

import itertools
import math

import pytest

from tui_finetune.live.scale import Range, fit, label, labels, step_ticks


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        ([0.69, 0.2], 0.0, 0.7),
        ([2.61, 0.9], 0.0, 3.0),
        ([2e-5, 0.0], 0.0, 2e-5),
        ([0.82, 0.91], 0.5, 1.0),
        ([0.4, 0.91], 0.0, 1.0),
        ([-0.3, 0.8], -0.3, 1.0),
        ([-3.0, -2.5], -3.0, 0.0),
        ([0.0, 0.0], 0.0, 1.0),
        ([], 0.0, 1.0),
        ([math.nan, math.inf], 0.0, 1.0),
        ([1200.0, 3.0], 0.0, 1400.0),
    ],
)
def test_a_range_is_round_and_holds_every_value(values: list[float], low: float, high: float) -> None:
    assert fit(values) == Range(low, high)


def test_a_range_stays_while_the_values_fit_and_grows_once() -> None:
    begun = fit([0.69])
    assert fit([0.69, 0.1], begun) is begun
    grown = fit([0.69, 1.2], begun)
    assert grown == Range(0.0, 1.4)
    assert grown.words() == "0-1.40"
    assert fit([0.3], grown) is grown


def test_a_logarithmic_range_goes_in_decades_and_leaves_out_what_has_no_logarithm() -> None:
    found = fit([0.69, 0.004, 0.0, -1.0], log=True)
    assert found == Range(0.001, 1.0, log=True)
    assert found.place(0.001) == 0.0
    assert found.place(0.0316) == pytest.approx(0.5, abs=0.01)
    assert found.value(0.5) == pytest.approx(0.0316, abs=0.001)
    assert fit([0.5], fit([0.5]), log=True).log


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.7, "0.70"), (1.4, "1.40"), (2e-5, "2e-5"), (1.4e-5, "1.4e-5"), (30, "30"), (5.0, "5"), (1400, "1,400"),
     (2e7, "2e7"), (-0.3, "-0.30")],
)  # fmt: skip
def test_labels_are_short(value: float, text: str) -> None:
    assert label(value) == text


def test_labels_of_one_axis_have_the_same_decimals() -> None:
    assert labels([3.0, 1.5, 0.0]) == ["3.00", "1.50", "0.00"]
    assert labels([4.0, 2.0, 0.0]) == ["4", "2", "0"]
    assert labels([1_000.0, 500.0, 0.0]) == ["1,000", "500", "0"]
    assert labels([1e-3, 3.2e-4, 1e-4]) == ["1e-3", "3.2e-4", "1e-4"]


@pytest.mark.parametrize("end", [1, 7, 100, 402, 4_221, 1_000_000])
@pytest.mark.parametrize("cells", [20, 70, 110])
def test_ticks_are_apart_and_end_at_the_last_step(end: int, cells: int) -> None:
    ticks = step_ticks(end, cells)
    assert ticks[0] == (0, 0)
    assert ticks[-1] == (end, cells - 1)
    places = [cell for _, cell in ticks]
    assert all(b - a > len(f"{end:,}") for a, b in itertools.pairwise(places))


def test_no_steps_no_ticks() -> None:
    assert step_ticks(0, 70) == []
