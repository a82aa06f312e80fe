"""The Live tab: progress, chart and figures as one picture; the chart follows, or is zoomed, scrolled and read."""

from __future__ import annotations

import time
from collections.abc import Sequence

from textual import events

from tui_finetune.live.charting import Charting
from tui_finetune.live.metrics import after, metrics
from tui_finetune.live.offers import ON, Offer, off
from tui_finetune.live.run_page import live_lines
from tui_finetune.live.series import History
from tui_finetune.live.spans import Line
from tui_finetune.ui.screens.run.pane import Pane
from tui_finetune.ui.screens.run.places import CHART
from tui_finetune.ui.widgets.painted import Painted


class LivePane(Painted, Pane, can_focus=True):
    """Progress, chart and figures as one picture."""

    PLACE = CHART

    def __init__(self) -> None:
        super().__init__(id="live")
        self.charting = Charting()

    def picture(self, width: int, height: int) -> Sequence[Line]:
        look = self.look
        if look is None:
            return self.run_page.nothing()
        return live_lines(look, self.charting, width, height, time.time(), ascii=self.ui.look.ascii)

    def metric_offer(self) -> Offer:
        look = self.look
        many = look is not None and len(metrics(look.history)) > 1
        return ON if many else off("There is one metric so far." if look is not None else "No run is open.")

    def attempts_offer(self) -> Offer:
        look = self.look
        if look is None or not look.history.dropped:
            return off("No attempt went back behind another.")
        return ON

    def do_item_choose(self) -> None:
        look = self.look
        chosen = after(metrics(look.history), self.charting.metric) if look is not None else None
        if chosen is not None:
            self.charting.metric, self.charting.rescaled = chosen.name, ""
            self.repaint()

    def chart_offer(self) -> Offer:
        return ON if self.look is not None and metrics(self.look.history) else off("There is no chart yet.")

    def out_offer(self) -> Offer:
        return ON if self.charting.window is not None else off("The whole run is shown.")

    def _read(self, by: int) -> None:
        look = self.look
        if look is not None:
            self.charting.move_cursor(by, look.history)
            self.repaint()

    def do_chart_in(self) -> None:
        self._zoom(closer=True)

    def do_chart_out(self) -> None:
        self._zoom(closer=False)

    def _zoom(self, *, closer: bool) -> None:
        look = self.look
        if look is not None and metrics(look.history):
            changed = self.charting.zoom(look.history, closer=closer)
            self._tell_window(look.history, changed)

    def do_list_page_up(self) -> None:
        self._scroll(-0.5)

    def do_list_page_down(self) -> None:
        self._scroll(0.5)

    def _scroll(self, by: float) -> None:
        look = self.look
        if look is not None and self.charting.window is not None:
            changed = self.charting.scroll(by, look.history)
            self._tell_window(look.history, changed)

    def _tell_window(self, history: History, changed: bool) -> None:
        window = self.charting.window
        if window is None:
            said = "The whole run."
        else:
            start, end = self.charting.span_of(history)
            along = "; it goes along with the newest" if window.following else ""
            said = f"Steps {start:,} to {end:,}{along}{'' if changed else ': no further'}."
        self.page.say(said)
        self.repaint()

    def do_chart_left(self) -> None:
        self._read(-1)

    def do_chart_right(self) -> None:
        self._read(1)

    def do_chart_mark_before(self) -> None:
        self._walk(-1)

    def do_chart_mark_after(self) -> None:
        self._walk(1)

    def _walk(self, by: int) -> None:
        look = self.look
        if look is not None and not self.charting.walk(by, look.history):
            self.page.say("No event before it." if by < 0 else "No event after it.", "muted")
        self.repaint()

    def do_list_end(self) -> None:
        look = self.look
        if look is not None:
            self.charting.follow(look.history)
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
        self.charting.reset()
        self.repaint()

    def step_back(self) -> bool:
        """Undoes reading, then the window, then the full screen; False where there was nothing to undo."""
        if self.charting.cursor is not None:
            self.charting.cursor = self.charting.stop = None
        elif self.charting.window is not None:
            self.charting.window = None
        elif self.charting.zoomed:
            self.charting.zoomed = False
        else:
            return False
        self.repaint()
        return True

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self._zoom(closer=True)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self._zoom(closer=False)
