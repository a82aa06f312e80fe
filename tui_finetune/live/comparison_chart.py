"""The training loss of compared runs in one chart: from the step on at which they part, else from their beginning."""

from __future__ import annotations

from collections.abc import Sequence

from tui_finetune.live.bins import Bins
from tui_finetune.live.chart import Chart, Curve, dot_columns, draw, too_small
from tui_finetune.live.comparison import Comparison, Side
from tui_finetune.live.points import Series
from tui_finetune.live.scale import fit
from tui_finetune.live.spans import EMPTY, Line, clip, line, muted, span
from tui_finetune.text import cut_end

TOKENS = ("series-1", "series-2", "series-3", "series-4")
"""Colour of each run's curve; further runs have none."""
HEIGHT = 12
"""Of the chart: nine rows, axis and steps."""
SIGNS = {True: "*+x#", False: "─" * len(TOKENS)}
"""A curve's sign in the legend, by whether only ASCII is drawn."""


def chart_lines(found: Comparison, width: int, *, ascii: bool) -> list[Line]:
    """Empty where fewer than two runs have a curve, or there is no room. The first run's curve lies on top.
    Colours tell them apart; ASCII has a sign for each."""
    start = found.since_fork.step if found.since_fork is not None else 0
    drawn = [(side, side.loss) for side in found.sides[: len(TOKENS)] if _reaches(side.loss, start)]
    if len(drawn) < 2 or too_small(width, HEIGHT, 2):
        return []
    end = max(loss.steps[-1] for _, loss in drawn)
    columns = dot_columns(width, ascii=ascii)
    curves = [_curve(loss, place, start, end, columns) for place, (_, loss) in enumerate(drawn)]
    values = [value for curve in curves for one in curve.bins.found.values() for value in (one.low, one.high)]
    chart = Chart(curves, fit(values), end, start, ascii=ascii)
    return [EMPTY, _legend([side for side, _ in drawn], start, width, ascii=ascii), *draw(chart, width, HEIGHT, 2)]


def _reaches(loss: Series, start: int) -> bool:
    return len(loss) > 0 and loss.steps[-1] > start


def _curve(loss: Series, place: int, start: int, end: int, columns: int) -> Curve:
    bins = Bins(end, columns, start)
    bins.take(loss)
    return Curve(bins, TOKENS[place])


def _legend(sides: Sequence[Side], start: int, width: int, *, ascii: bool) -> Line:
    since = f"loss since step {start:,}" if start else "loss"
    pieces: list[object] = [" ", muted(since)]
    for place, side in enumerate(sides):
        pieces += ["   ", span(SIGNS[ascii][place] * 2, TOKENS[place]), " ", cut_end(side.info.name, 24)]
    return clip(line(*pieces), width)
