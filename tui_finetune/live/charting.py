"""A run's chart from its history: which curves, which range, which events; what is gathered once is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tui_finetune.live.bins import Bins
from tui_finetune.live.chart import BELOW, Chart, Curve, dot_columns, draw, plot_cells, step_at, too_small
from tui_finetune.live.metrics import LOSS, Metric, heading, nearest
from tui_finetune.live.points import Series
from tui_finetune.live.scale import Range, fit
from tui_finetune.live.series import History
from tui_finetune.live.spans import Line, clip, line, span
from tui_finetune.live.timeline import bars, events, step_from, stop_at, stop_steps
from tui_finetune.live.window import Window, moved, narrower, wider


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
    """The chart alone on the screen."""
    window: Window | None = None
    """The steps that are shown; None for the whole run."""
    width: int = 80
    """Cells of the chart of this metric when it was drawn last."""
    _ranges: dict[tuple[str, bool, int], Range] = field(default_factory=dict)
    _bins: dict[tuple[str, int, int, int], Bins] = field(default_factory=dict)
    rescaled: str = ""
    """What is said when a range had to grow."""
    died: bool = False
    """The run ended without a word: its last step is marked."""
    stop: int | None = None
    """Step of the event that is looked at: the heading says what it was."""

    def forget(self) -> None:
        """Another history: what was gathered does not count any more."""
        self._bins.clear()
        self._ranges.clear()
        self.rescaled = ""

    def reset(self) -> None:
        """The usual view: the whole run, linear, nothing being read."""
        self.cursor, self.window, self.rescaled, self.stop = None, None, "", None
        self.zoomed = self.log = self.attempts = False

    def span_of(self, history: History) -> tuple[int, int]:
        """First and last step of the picture."""
        if self.window is None:
            return 0, end_of(history)
        self._show(self.window.with_newest(history.step))
        return self.window.start, self.window.end

    def _show(self, window: Window | None, *, anew: bool = False) -> None:
        """Another window: what was gathered for the one before is of no more use. anew: the scale fits itself again."""
        if window != self.window:
            self._bins.clear()
        if anew:
            self._ranges = {key: found for key, found in self._ranges.items() if not key[2]}
        self.window = window

    def zoom(self, history: History, *, closer: bool) -> bool:
        """Fewer or more steps around what is being read, else around the newest; False where it is so already."""
        whole, before = end_of(history), self.window
        around = self._step(history) if self.cursor is not None else history.step
        following = self.cursor is None and (before is None or before.following)
        found = narrower(before, whole, around, following=following) if closer else wider(before, whole, around)
        self._show(found, anew=True)
        if self.cursor is not None:
            self.cursor = self._cell(around, history)
        return found != before

    def scroll(self, by: float, history: History) -> bool:
        """By a share of the picture; False where there is nothing to scroll to."""
        before = self.window
        self._show(moved(before, by, end_of(history)), anew=True)
        return before is not None and self.window is not None and self.window.start != before.start

    def follow(self, history: History) -> None:
        """The newest in sight, and nothing being read."""
        self.cursor = self.stop = None
        if self.window is not None:
            self._show(replace(self.window, following=True).with_newest(history.step))

    def move_cursor(self, by: int, history: History) -> None:
        """Moves the reading cursor; the first press puts it on the newest point. At an edge the picture goes along."""
        self.stop = None
        if self.cursor is None:
            steps = history.get(self.metric).steps
            self.cursor = self._cell(steps[-1] if steps else 0, history)
            return
        cells, to = plot_cells(self.width), self.cursor + by
        if not 0 <= to < cells:
            step = self._step(history)
            if self.scroll(0.25 if by > 0 else -0.25, history):
                to = self._cell(step, history) + by
        before = self._read_at(history)
        self.cursor = min(cells - 1, max(0, to))
        while before is not None and self._read_at(history) == before and 0 <= self.cursor + by < cells:
            self.cursor += by

    def walk(self, by: int, history: History) -> bool:
        """The reading cursor to the event after or before; the first press to the newest. False where there is no more."""
        at = self.stop
        if at is None and self.cursor is not None:
            at = self._step(history)
        step = step_from(stop_steps(history, died=self.died), at, by=by)
        if step is None:
            return False
        self.stop = step
        start, end = self.span_of(history)
        while self.window is not None and not start <= step <= end:
            if not self.scroll(0.5 if step > end else -0.5, history):
                break
            start, end = self.span_of(history)
        self.cursor = self._cell(step, history)
        return True

    def _read_at(self, history: History) -> int | None:
        """The step of the point that is read."""
        return nearest(history.get(self.metric), self._step(history))[0] if self.cursor is not None else None

    def _cell(self, step: int, history: History) -> int:
        start, end = self.span_of(history)
        cells = plot_cells(self.width)
        return min(cells - 1, max(0, round((step - start) / max(1, end - start) * (cells - 1))))

    def _step(self, history: History) -> int:
        """The step under the reading cursor."""
        start, end = self.span_of(history)
        return start + round((self.cursor or 0) / max(1, plot_cells(self.width) - 1) * (end - start))

    def lines(
        self, metric: Metric, history: History, width: int, height: int, *, ascii: bool, below: int = BELOW
    ) -> list[Line]:
        """Heading and chart in at most `height` lines; a number alone where there is no room for more."""
        while below > 1 and too_small(width, height - 1, below):
            below -= 1  # the events' row goes first, then the labels of the steps
        if height < 2 or too_small(width, height - 1, below):
            return [heading(metric, history, width)][:height]
        if (height - 1 - below) % 2 == 0:
            height -= 1  # a middle row, to be labelled
        chart = self._chart(metric, history, width, ascii=ascii)
        cursor = None
        if metric.name == self.metric:
            self.width = width
        if self.cursor is not None and metric.name == self.metric:
            cursor = step_at(chart, self.cursor, width) if self.stop is None else self.stop
            if self.stop is None:
                cursor = nearest(history.get(metric.name), cursor)[0] or cursor
            chart = replace(chart, cursor=cursor)
        head = heading(metric, history, width, cursor=cursor, scale=self.rescaled if metric.name == self.metric else "")
        if cursor is not None and self.stop is not None:
            head = self._stop_head(metric, history, width)
        return [head, *draw(chart, width, height - 1, below)]

    def _stop_head(self, metric: Metric, history: History, width: int) -> Line:
        """`loss  step 2,556  c  learning_rate 2e-5 → 1e-5`: what happened at the step that is looked at."""
        found = stop_at(history, self.stop, died=self.died) if self.stop is not None else None
        said = f"{found.letters}  {found.said}" if found is not None else ""
        return clip(line(" ", span(metric.title, "accent"), "  ", f"step {self.stop:,}  {said}"), width)

    def _chart(self, metric: Metric, history: History, width: int, *, ascii: bool) -> Chart:
        start, end = self.span_of(history)
        columns = dot_columns(width, ascii=ascii)
        curves = [Curve(self._gathered(metric.name, history.get(metric.name), start, end, columns))]
        close = self.zoomed or self.window is not None
        if close and metric.raw is not None and len(history.get(metric.raw)):
            curves.append(Curve(self._gathered(metric.raw, history.get(metric.raw), start, end, columns), "muted"))
        if self.attempts and metric.name in history.dropped:
            dropped = self._gathered(f"{metric.name} dropped", history.dropped[metric.name], start, end, columns)
            curves.append(Curve(dropped, "muted", faint=True))
        points = list(zip(*_points(history, metric), strict=True)) if metric.points else []
        return Chart(
            curves, self._range(metric, curves, [value for step, value in points if start <= step <= end]),
            end, start, points=points, events=events(history, died=self.died), bars=bars(history), ascii=ascii,
        )  # fmt: skip

    def _gathered(self, name: str, series: Series, start: int, end: int, columns: int) -> Bins:
        key = (name, start, end, columns)
        found = self._bins.get(key)
        if found is None:
            found = self._bins[key] = Bins(end, columns, start)
        found.take(series)
        return found

    def _range(self, metric: Metric, curves: Sequence[Curve], points: Sequence[float]) -> Range:
        values = [value for curve in curves if not curve.faint for one in curve.bins.found.values()
                  for value in (one.low, one.high)]  # fmt: skip
        close = self.window.width if self.window is not None else 0
        key = (metric.name, self.log, close)
        before = self._ranges.get(key)
        found = fit([*values, *points], before, log=self.log, close=bool(close))
        if before is not None and found is not before and metric.name == self.metric:
            self.rescaled = f"scale now {found.words()}"
        if values or points:
            self._ranges[key] = found
        return found


def _points(history: History, metric: Metric) -> tuple[Sequence[int], Sequence[float]]:
    series = history.get(metric.points or "")
    return series.steps, series.values


def end_of(history: History) -> int:
    """The step at the right edge: the plan's, or of a run without one what there is, with room to grow."""
    if history.steps:
        return max(history.steps, history.step)
    known = max([history.step, *(series.steps[-1] for series in history.series.values() if series.steps)])
    room = 10
    while room < known:
        room *= 2
    return room


def no_points(width: int, why: str) -> list[Line]:
    """In place of a chart."""
    return [line(" ", span(why, "muted"))]
