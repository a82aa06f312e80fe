"""Steps that are kept as runs, and the peaks of values: they tell what a plain list would."""

from __future__ import annotations

import math
import random
from array import array

import pytest

from tui_finetune.live.peaks import BLOCK, Peaks, Spread, spread_of
from tui_finetune.live.steps import Steps


@pytest.mark.parametrize(
    "steps",
    [[], [7], [0, 1], list(range(0, 5_000, 10)), [1, 2, 3, 10, 20, 30, 31, 40, 50, 51], [1, 2, 4, 8, 16, 17, 18]],
    ids=["none", "one", "two", "even", "several distances", "uneven"],
)
@pytest.mark.parametrize("piece", [1, 2, 3, 7, 10_000])
def test_steps_read_as_a_list_does(steps: list[int], piece: int) -> None:
    kept = Steps()
    for start in range(0, len(steps), piece):
        kept.extend(steps[start : start + piece])
    assert (list(kept), len(kept), bool(kept)) == (steps, len(steps), bool(steps))
    assert [kept[place] for place in range(len(steps))] == steps
    assert [kept[-place] for place in range(1, len(steps) + 1)] == steps[::-1]
    assert (kept[-3:], kept[2:5]) == (steps[-3:], steps[2:5])
    for place in range(len(steps) + 1):
        cut = Steps(steps)
        cut.cut(place)
        cut.append(1_000_000)
        assert list(cut) == [*steps[:place], 1_000_000]


def test_a_million_even_steps_take_no_room() -> None:
    kept = Steps(range(10, 10_000_010, 10))
    assert (len(kept), kept[500_000], kept[-1], len(kept._firsts)) == (1_000_000, 5_000_010, 10_000_000, 1)
    with pytest.raises(IndexError):
        kept[1_000_000]


@pytest.mark.parametrize("seed", range(20))
def test_peaks_tell_what_a_look_at_each_value_tells(seed: int) -> None:
    draw = random.Random(seed)
    values = array("d", (draw.uniform(-5, 5) for _ in range(draw.randint(0, 700))))
    for _ in range(draw.choice([0, 3, 40])):
        start = draw.randrange(len(values) + 1)
        for place in range(start, min(len(values), start + draw.choice([1, 200]))):
            values[place] = draw.choice([math.nan, math.inf, -math.inf])
    peaks = Peaks()
    for _ in range(50):
        if values and draw.random() < 0.3:
            place = draw.randrange(len(values))
            values[place] = draw.uniform(-9, 9)
            peaks.forget(place)
        first, last = sorted((draw.randint(0, len(values)), draw.randint(0, len(values))))
        finite = [place for place in range(first, last) if math.isfinite(values[place])]
        assert peaks.between(values, first, last) == spread_of(values[first:last])
        if finite:
            assert peaks.finite(values, first, last) == finite[0]
            assert peaks.finite(values, first, last, newest=True) == finite[-1]


def test_a_sum_that_is_too_large_is_no_hole() -> None:
    assert spread_of(array("d", [1e308] * BLOCK)) == Spread(1e308, 1e308)
    assert spread_of(array("d")).empty
