"""Charts as pure functions: what is drawn where, in braille and in ASCII."""

from __future__ import annotations

import math

import pytest

from tui_finetune.live.bins import Bins
from tui_finetune.live.chart import BELOW, LEFT, Chart, Curve, dot_columns, draw, plot_cells, raster, step_at, too_small
from tui_finetune.live.points import Series
from tui_finetune.live.scale import Range
from tui_finetune.live.spans import plain, width_of

UNIT = Range(0.0, 1.0)


def series(*points: tuple[int, float]) -> Series:
    found = Series()
    for step, value in points:
        found.add(step, value)
    return found


def binned(points: Series, *, end: int = 100, columns: int = 20) -> Bins:
    bins = Bins(end, columns)
    bins.take(points)
    return bins


def lines_of(chart: Chart, width: int = 80, height: int = 10) -> list[str]:
    drawn = draw(chart, width, height)
    assert len(drawn) == height
    assert all(width_of(line) <= width for line in drawn)
    return [plain(line) for line in drawn]


def test_a_column_draws_its_minimum_and_maximum_never_a_sample() -> None:
    """Ten thousand points in twenty columns: one spike in each of two of them is in the picture."""
    points = series(*((step, 0.5) for step in range(10_000)))
    points.values[2_500], points.values[7_500] = 1.0, 0.0
    bins = binned(points, end=9_999, columns=20)
    dots = set(raster(bins, UNIT, 11))
    assert (bins.column(2_500), 0) in dots
    assert (bins.column(7_500), 10) in dots
    assert {row for column, row in dots if column == bins.column(5_000)} == {5}


def test_what_is_not_finite_is_a_gap_and_never_bridged() -> None:
    points = series((0, 0.5), (10, 0.5), (20, math.nan), (30, math.inf), (40, 0.5), (50, 0.5))
    bins = binned(points, columns=101)
    columns = {column for column, _ in raster(bins, UNIT, 8)}
    assert columns == {*range(11), *range(40, 51)}
    assert bins.gaps == {20, 30}


def test_points_that_are_far_apart_are_not_joined() -> None:
    """Nothing is known of what lies between: a file that lost lines, a script that logged nothing."""
    points = series(*((step, 0.5) for step in (0, 5, 10, 15, 60, 65, 70, 75, 80)))
    columns = {column for column, _ in raster(binned(points, columns=101), UNIT, 8)}
    assert columns == {*range(16), *range(60, 81)}


def test_sparse_points_are_joined_by_a_line_without_a_hole() -> None:
    bins = binned(series((0, 1.0), (50, 0.0), (100, 1.0)), columns=21)
    dots = sorted(raster(bins, UNIT, 16))
    assert {column for column, _ in dots} == set(range(21))
    assert {row for _, row in dots} == set(range(16))


def test_a_series_that_grows_is_not_gathered_again() -> None:
    points = series(*((step, 1.0 / (step + 1)) for step in range(50)))
    bins = binned(points)
    points.values[10] = 99.0  # a second gathering would find it
    points.add(50, 0.25)
    bins.take(points)
    assert max(one.high for one in bins.found.values()) == 1.0
    assert bins.found[bins.column(50)].last == 0.25


@pytest.mark.parametrize("cut", [0, 3, 5_000])
def test_very_many_points_are_gathered_as_few_are(cut: int) -> None:
    """A column at a time, or one by one: the same bins, gaps and joints, also where a part was taken before."""
    values = [math.sin(step / 300) + step % 7 / 50 for step in range(12_000)]
    for place in (0, 10, 4_000, 4_001, 11_999):
        values[place] = math.nan
    points = series(*zip(range(0, 36_000, 3), values, strict=True))
    first = series(*zip(range(0, 3 * cut, 3), values, strict=False))
    by_one, at_once = Bins(30_000, 120, 900), Bins(30_000, 120, 900)
    for place in range(0, len(values) + 1, 2_000):
        by_one.take(series(*zip(list(points.steps)[:place], values, strict=False)))
    at_once.take(first)
    at_once.take(points)
    assert at_once.gaps == by_one.gaps
    assert at_once.found == by_one.found


def test_a_series_that_was_cut_is_gathered_anew() -> None:
    """An attempt that went back: its points are gone from the series, and from the chart."""
    points = series(*((step, 0.5) for step in range(0, 100, 5)))
    bins = binned(points, columns=101)
    points.cut(40)
    bins.take(points)
    assert max(bins.found) == 40
    points.add(45, 0.25)
    bins.take(points)
    assert bins.found[45].last == 0.25


@pytest.mark.parametrize("ascii", [False, True])
def test_evaluations_events_and_changes_stand_at_their_steps(ascii: bool) -> None:
    bins = binned(series(*((step, 0.5) for step in range(60))), columns=dot_columns(80, ascii=ascii))
    chart = Chart([Curve(bins)], UNIT, 100, points=[(90, 1.0)], events=[(50, "v"), (50, "w")], bars=[75], ascii=ascii)
    lines = lines_of(chart)
    cells = plot_cells(80)
    assert lines[0][LEFT + round(0.9 * (cells - 1))] == "◆"
    assert all(line[LEFT + round(0.75 * (cells - 1))] == "┊" for line in lines[:-BELOW])
    events = lines[-2]
    assert events.startswith("events")
    assert events[LEFT + round(0.5 * (cells - 1)) :].startswith("vw")
    assert lines[-1].startswith("  step 0")
    assert lines[-1].rstrip().endswith("100")


def test_gaps_are_told_in_the_event_row() -> None:
    bins = binned(series((0, 0.5), (50, math.nan), (100, 0.5)), columns=dot_columns(80, ascii=False))
    assert "!" in lines_of(Chart([Curve(bins)], UNIT, 100))[-2]


def test_ascii_draws_one_sign_a_cell_and_another_for_each_curve() -> None:
    columns = dot_columns(60, ascii=True)
    first = binned(series(*((step, 0.9) for step in range(0, 101, 5))), columns=columns)
    second = binned(series(*((step, 0.1) for step in range(0, 101, 5))), columns=columns)
    lines = lines_of(Chart([Curve(first), Curve(second, "series-2")], UNIT, 100, ascii=True), 60, 13)
    drawn = "".join(line[LEFT:] for line in lines[:-BELOW])
    assert set(drawn) == {" ", "*", "+"}
    assert drawn.count("*") == drawn.count("+") == plot_cells(60)


def test_the_picture_grows_into_the_plan_from_the_left() -> None:
    """The axis spans the planned run: what is there at a fifth of it fills a fifth of the picture."""
    bins = binned(series(*((step, 0.5) for step in range(21))), columns=dot_columns(80, ascii=True))
    lines = lines_of(Chart([Curve(bins)], UNIT, 100, ascii=True))
    drawn = [line[LEFT:].rstrip() for line in lines[:-BELOW] if "*" in line]
    assert len(drawn) == 1
    assert len(drawn[0]) == pytest.approx(plot_cells(80) / 5, abs=1)


def test_a_faint_curve_is_dotted() -> None:
    bins = binned(series(*((step, 0.5) for step in range(101))), columns=dot_columns(80, ascii=False))
    solid = set(raster(bins, UNIT, 8))
    dotted = set(raster(bins, UNIT, 8, dotted=True))
    assert dotted < solid
    columns = sorted(column for column, _ in dotted)
    assert not any({column, column + 1, column + 2} <= set(columns) for column in columns)


def test_the_reading_cursor_reads_what_stands_above_it() -> None:
    chart = Chart([], UNIT, 4_221)
    assert step_at(chart, 0, 80) == 0
    assert step_at(chart, 10_000, 80) == 4_221
    assert step_at(chart, 35, 80) == pytest.approx(4_221 * 35 / 69, abs=1)


@pytest.mark.parametrize(("width", "height", "small"), [(80, 10, False), (29, 10, True), (30, 8, False), (80, 7, True)])
def test_below_twenty_cells_by_five_rows_a_number_tells_more(width: int, height: int, small: bool) -> None:
    assert too_small(width, height) is small
