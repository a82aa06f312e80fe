"""A run's chart from its history: which curves, which range, which events; what is gathered once is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tui_finetune.live.bins import Bins
from tui_finetune.live.chart import BELOW, Chart, Curve, dot_columns, draw, plot_cells, step_at, too_small
from tui_finetune.live.metrics import LOSS, Metric, heading, nearest
from tui_finetune.live.points import Mark
from tui_finetune.live.scale import Range, fit
from tui_finetune.live.series import History
from tui_finetune.live.spans import Line, line, span

LETTERS = {"evaluation": "v", "checkpoint": "w", "request": "c", "warning": "!"}
ASKED = ("stopped", "finished")
"""Ends that somebody asked for, or that were planned."""
ENDS_LETTER = "x"


@dataclass
class Charting:
    """What the chart shows, and what was gathered for it. One for each run that is looked at."""

    metric: str = LOSS.name
    log: bool = False
    attempts: bool = False
    """Points that a later attempt went back behind, drawn faint."""
    cursor: int | None = None
    """Cell that is being read."""
    zoomed: bool = False
    _ranges: dict[tuple[str, bool], Range] = field(default_factory=dict)
    _bins: dict[tuple[str, str, int, int], Bins] = field(default_factory=dict)
    rescaled: str = ""
    """What is said when a range had to grow."""

    def forget(self) -> None:
        """Another history: what was gathered does not count any more."""
        self._bins.clear()
        self._ranges.clear()

    def move_cursor(self, by: int, width: int, history: History) -> None:
        """Moves the reading cursor; the first press puts it on the newest point."""
        cells = plot_cells(width)
        if self.cursor is None:
            steps = history.get(self.metric).steps
            end = end_of(history)
            at = round((steps[-1] if steps else 0) / max(1, end) * (cells - 1))
            self.cursor = min(cells - 1, max(0, at))
            return
        self.cursor = min(cells - 1, max(0, self.cursor + by))

    def lines(
        self, metric: Metric, history: History, width: int, height: int, *, ascii: bool, below: int = BELOW
    ) -> list[Line]:
        """Heading and chart in at most `height` lines; a number alone where there is no room for more."""
        if height < 2 or too_small(width, height - 1, below):
            return [heading(metric, history, width)][:height]
        if (height - 1 - below) % 2 == 0:
            height -= 1  # a middle row, to be labelled
        chart = self._chart(metric, history, width, ascii=ascii)
        cursor = None
        if self.cursor is not None and metric.name == self.metric:
            cursor = step_at(chart, self.cursor, width)
            cursor = nearest(history.get(metric.name), cursor)[0] or cursor
            chart = _with_cursor(chart, cursor)
        head = heading(metric, history, width, cursor=cursor, scale=self.rescaled if metric.name == self.metric else "")
        return [head, *draw(chart, width, height - 1, below)]

    def _chart(self, metric: Metric, history: History, width: int, *, ascii: bool) -> Chart:
        end = end_of(history)
        columns = dot_columns(width, ascii=ascii)
        curves = [Curve(self._gathered(metric.name, "series", history, end, columns))]
        if self.zoomed and metric.raw is not None and len(history.get(metric.raw)):
            curves.append(Curve(self._gathered(metric.raw, "series", history, end, columns), "muted"))
        if self.attempts and metric.name in history.dropped:
            curves.append(Curve(self._gathered(metric.name, "dropped", history, end, columns), "muted", faint=True))
        points = list(zip(*_points(history, metric), strict=True)) if metric.points else []
        return Chart(curves, self._range(metric, curves, [value for _, value in points]), end, points=points,
                     events=events(history), bars=bars(history), ascii=ascii)  # fmt: skip

    def _gathered(self, name: str, kind: str, history: History, end: int, columns: int) -> Bins:
        key = (name, kind, end, columns)
        found = self._bins.get(key)
        if found is None:
            found = self._bins[key] = Bins(end, columns)
        series = history.get(name) if kind == "series" else history.dropped[name]
        found.take(series)
        return found

    def _range(self, metric: Metric, curves: Sequence[Curve], points: Sequence[float]) -> Range:
        values = [value for curve in curves if not curve.faint for one in curve.bins.found.values()
                  for value in (one.low, one.high)]  # fmt: skip
        key = (metric.name, self.log)
        before = self._ranges.get(key)
        found = fit([*values, *points], before, log=self.log)
        if before is not None and found is not before and metric.name == self.metric:
            self.rescaled = f"scale now {found.words()}"
        if values or points:
            self._ranges[key] = found
        return found


def _points(history: History, metric: Metric) -> tuple[list[int], list[float]]:
    series = history.get(metric.points or "")
    return series.steps, series.values


def _with_cursor(chart: Chart, cursor: int) -> Chart:
    from dataclasses import replace

    return replace(chart, cursor=cursor)


def end_of(history: History) -> int:
    """The step at the right edge: the plan's, or of a run without one what there is, with room to grow."""
    if history.steps:
        return max(history.steps, history.step)
    known = max([history.step, *(series.steps[-1] for series in history.series.values() if series.steps)])
    room = 10
    while room < known:
        room *= 2
    return room


def events(history: History) -> list[tuple[int, str]]:
    """The letters of the event row, in the order in which things happened."""
    return [(mark.step, letter) for mark in history.marks if (letter := letter_of(mark)) is not None]


def letter_of(mark: Mark) -> str | None:
    if mark.name == "attempt":
        return "r" if mark.step or mark.text != "attempt 1" else None
    if mark.name == "end":
        return None if mark.text in ASKED else ENDS_LETTER
    return LETTERS.get(mark.name)


def bars(history: History) -> list[int]:
    """Steps at which another attempt began."""
    return [note.from_step for note in history.attempts if note.number > 1]


def no_points(width: int, why: str) -> list[Line]:
    """In place of a chart."""
    return [line(" ", span(why, "muted"))]
