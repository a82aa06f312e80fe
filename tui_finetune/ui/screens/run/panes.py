"""The tabs of the Run screen: the live picture, the log, the events, the recipe, the checkpoints."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from tui_finetune.live import words
from tui_finetune.live.charting import Charting
from tui_finetune.live.columns import Column, fit, head_line, row_line
from tui_finetune.live.metrics import after, metrics
from tui_finetune.live.offers import ON, Offer, off
from tui_finetune.live.run_page import live_lines
from tui_finetune.live.spans import EMPTY, Line, line, muted, span, wrap
from tui_finetune.text import cut_front
from tui_finetune.ui.screens.run.places import CHART, CHECKPOINTS, EVENTS, LOG, RECIPE
from tui_finetune.ui.widgets.painted import Painted
from tui_finetune.ui.widgets.table import Lines, Table

if TYPE_CHECKING:
    from tui_finetune.ui.screens.run.page import RunPage

LONGEST = 4_000
"""Characters of one line that are shown; the rest is in the file."""


class Pane:
    """What the panes share: their page's run."""

    @property
    def run_page(self) -> RunPage:
        return cast("RunPage", cast(Painted, self).screen)


class LivePane(Painted, Pane, can_focus=True):
    """Progress, chart and figures as one picture."""

    PLACE = CHART

    def __init__(self) -> None:
        super().__init__(id="live")
        self.charting = Charting()

    def picture(self, width: int, height: int) -> Sequence[Line]:
        look = self.run_page.look
        if look is None:
            return self.run_page.nothing()
        return live_lines(look, self.charting, width, height, time.time(), ascii=self.ui.look.ascii)

    def metric_offer(self) -> Offer:
        look = self.run_page.look
        many = look is not None and len(metrics(look.history)) > 1
        return ON if many else off("There is one metric so far." if look is not None else "No run is open.")

    def attempts_offer(self) -> Offer:
        look = self.run_page.look
        if look is None or not look.history.dropped:
            return off("No attempt went back behind another.")
        return ON

    def do_item_choose(self) -> None:
        look = self.run_page.look
        chosen = after(metrics(look.history), self.charting.metric) if look is not None else None
        if chosen is not None:
            self.charting.metric, self.charting.rescaled = chosen.name, ""
            self.repaint()

    def _read(self, by: int) -> None:
        look = self.run_page.look
        if look is not None:
            self.charting.move_cursor(by, self.size.width, look.history)
            self.repaint()

    def do_chart_left(self) -> None:
        self._read(-1)

    def do_chart_right(self) -> None:
        self._read(1)

    def do_list_end(self) -> None:
        self.charting.cursor = None
        self.repaint()

    def do_view_zoom(self) -> None:
        self.charting.zoomed = not self.charting.zoomed
        self.repaint()

    def do_chart_log(self) -> None:
        self.charting.log = not self.charting.log
        self.repaint()

    def do_chart_attempts(self) -> None:
        self.charting.attempts = not self.charting.attempts
        self.repaint()

    def do_view_reset(self) -> None:
        chart = self.charting
        chart.cursor, chart.zoomed, chart.log, chart.attempts, chart.rescaled = None, False, False, False, ""
        self.repaint()

    def step_back(self) -> bool:
        """Undoes reading, then zoom; False where there was nothing to undo."""
        if self.charting.cursor is not None:
            self.charting.cursor = None
        elif self.charting.zoomed:
            self.charting.zoomed = False
        else:
            return False
        self.repaint()
        return True


class _Filtered(Lines, Pane):
    """Lines of text of which only those are shown that have what was typed."""

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self.wanted = ""
        self._shown: list[str] = []
        self._all: list[str] = []

    def take(self, new: Sequence[str], *, anew: bool = False) -> None:
        """More lines; with `anew` in place of those there were."""
        if anew:
            self._all, self._shown = [], []
        self._all += new
        self._shown += [one for one in new if self._has(one)]
        self.repaint()

    def filter(self, wanted: str) -> None:
        self.wanted = wanted.lower()
        self._shown = [one for one in self._all if self._has(one)]
        self.top = min(self.top, max(0, len(self._shown) - 1))
        self.repaint()

    def _has(self, text: str) -> bool:
        return all(word in text.lower() for word in self.wanted.split())

    @property
    def total(self) -> int:
        return len(self._all)

    def newest(self, count: int) -> list[str]:
        return self._all[-count:]

    def count(self) -> int:
        return len(self._shown)

    def parts(self, index: int, width: int) -> Sequence[Line]:
        text = self._shown[index]
        if len(text) > LONGEST:
            text = f"{text[:LONGEST]} … {len(text) - LONGEST:,} more characters"
        token = self.token(text)
        sign = span("✗", "bad") if token == "bad" else span("!", "warn") if token == "warn" else span(" ")
        return [
            line(sign if not place else " ", *part) for place, part in enumerate(wrap(text, width - 2, token=token))
        ]

    def token(self, text: str) -> str:
        return "text"

    def empty(self, width: int) -> Sequence[Line]:
        why = f"No line has {self.wanted}." if self.wanted else self.why_empty()
        return [EMPTY, line("   ", muted(why))]

    def why_empty(self) -> str:
        return "–"


class LogPane(_Filtered):
    """What the worker printed, the newest last."""

    PLACE = LOG

    def __init__(self) -> None:
        super().__init__("log")
        self.following = True
        self.skipped = 0

    def token(self, text: str) -> str:
        head = text[:200]
        if "Error" in head or "Traceback" in head or head.startswith(("ERROR", "FATAL")) or "error:" in head:
            return "bad"
        return "warn" if "Warning" in head or head.startswith("WARN") else "text"

    def why_empty(self) -> str:
        return "The worker has printed nothing."


class EventsPane(_Filtered):
    """The events as lines, the newest last."""

    PLACE = EVENTS

    def __init__(self) -> None:
        super().__init__("events")
        self.following = True

    def token(self, text: str) -> str:
        return "warn" if text[10:12] == "! " else "text"

    def why_empty(self) -> str:
        return "No events yet."


class RecipePane(Lines, Pane):
    """The recipe as it was resolved, or as it was asked for."""

    PLACE = RECIPE

    def __init__(self) -> None:
        super().__init__(id="recipe")
        self.asked = False

    def _text(self) -> list[str]:
        look = self.run_page.look
        if look is None:
            return []
        return (look.files.request if self.asked else look.files.recipe).splitlines()

    def count(self) -> int:
        return len(self._text()) + 1 if self._text() else 0

    def parts(self, index: int, width: int) -> Sequence[Line]:
        if not index:
            which = "as it was asked for" if self.asked else "as it was resolved: defaults written out, paths absolute"
            return [line(" ", muted(which))]
        text = self._text()[index - 1]
        token = "muted" if text.lstrip().startswith("#") else "accent" if text.startswith("[") else "text"
        return [line(" ", *part) for part in wrap(text[:LONGEST], width - 2, token=token)]

    def empty(self, width: int) -> Sequence[Line]:
        return [EMPTY, line("   ", muted("No recipe: a script of its own made this run."))]

    def do_item_choose(self) -> None:
        self.asked = not self.asked
        self.top = 0
        self.repaint()


COLUMNS = (
    Column("step", "step", 9, right=True),
    Column("size", "size", 9, right=True),
    Column("whole", "", 10),
    Column("metric", "validation", 22, stretch=30),
    Column("path", "path", 24, stretch=80),
)


class CheckpointsPane(Table, Pane):
    """Checkpoints on the disk: step, size, whether they are whole, how they measured."""

    PLACE = CHECKPOINTS

    def __init__(self) -> None:
        super().__init__(id="checkpoints")

    def count(self) -> int:
        look = self.run_page.look
        return len(look.files.checkpoints) if look is not None else 0

    def head(self, width: int) -> Line:
        return head_line(fit(COLUMNS, width))

    def row(self, index: int, width: int) -> Line:
        look = self.run_page.look
        assert look is not None
        one = look.files.checkpoints[index]
        measured = next((e for e in look.history.evaluations if e.step == one.step and e.split == "validation"), None)
        name, value = next(iter(measured.metrics.items()), ("", None)) if measured is not None else ("", None)
        state = ("whole, best" if one.best else "whole") if one.whole else "not whole"
        return row_line(
            fit(COLUMNS, width + 3),
            {
                "step": span(f"{one.step:,}"),
                "size": span(words.size(one.bytes)),
                "whole": span(state, "text" if one.whole else "warn"),
                "metric": span(f"{name} {words.score(value)}" if measured is not None else words.NOTHING),
                "path": span(cut_front(str(one.path), max(24, width - 56))),
            },
        )

    def picture(self, width: int, height: int) -> Sequence[Line]:
        if self.count():
            return super().picture(width, height)
        look = self.run_page.look
        why = "No checkpoint yet: the first one comes with the first evaluation, or at a stop."
        if look is not None and not look.status.live:
            why = "No checkpoint is there."
        return [self.head(width), EMPTY, line("   ", muted(why))]
