"""Run: one job, whole. It reads what the bridge tells of the run that is open, and sends what a person asks."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input

from tui_finetune.live.offers import ON, Offer, off
from tui_finetune.live.reader import RunRow
from tui_finetune.live.run_ends import newest_whole
from tui_finetune.live.run_head import small_lines, thing_line
from tui_finetune.live.run_look import RunLook
from tui_finetune.live.spans import EMPTY, Line, line, muted
from tui_finetune.ui.actions import Place
from tui_finetune.ui.screens.run.checkpoints_pane import CheckpointsPane
from tui_finetune.ui.screens.run.following import RunFollowing
from tui_finetune.ui.screens.run.live_pane import LivePane
from tui_finetune.ui.screens.run.places import CHECKPOINTS, HEALTH, RUN, held
from tui_finetune.ui.screens.run.steer.change_sheet import ChangeSheet
from tui_finetune.ui.screens.run.steer.control_pane import ControlPane
from tui_finetune.ui.screens.run.steer.forecast_pane import ForecastPane
from tui_finetune.ui.screens.run.steer.health_pane import HealthPane
from tui_finetune.ui.screens.run.text_panes import EventsPane, LogPane, RecipePane
from tui_finetune.ui.wants import RunWanted

TABS = ("live", "log", "events", "recipe", "checkpoints", "control")
TITLES = {
    "live": "Live", "log": "Log", "events": "Events", "recipe": "Recipe", "checkpoints": "Checkpoints", "control": "Control"
}  # fmt: skip
ILL = frozenset({"stalled", "unreachable", "died", "failed"})
"""States in which the newest lines of the log are shown beside the rest."""


class RunPage(RunFollowing):
    """The screen of the run that was opened last."""

    NAME = "run"
    PLACE = RUN
    FOOTER_FIRST = (
        "run.hold", "run.change", "item.write", "run.evaluate", "run.stop", "run.resume", "item.try", "run.log", "item.edit",
        "run.branch",
    )  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.tab = "live"

    def content(self) -> ComposeResult:
        yield LivePane()
        yield LogPane()
        yield EventsPane()
        yield RecipePane()
        yield CheckpointsPane()
        yield ControlPane()
        yield HealthPane()
        yield ForecastPane()

    def on_mount(self) -> None:
        self.show_tab(self.tab)

    def on_screen_resume(self) -> None:
        run_id = self.ui.current_run
        if run_id != self._run_id:
            self._open(run_id)
            self.ui.bridge.follow(None)  # a sheet that followed it has had its first events
        self.ui.bridge.follow(run_id)
        wanted = self.ui.take_wanted(self.NAME)
        self.show_tab(wanted.tab or self.tab if isinstance(wanted, RunWanted) else self.tab)

    def _open(self, run_id: str | None) -> None:
        """Another run: nothing of the one before stays but its tab."""
        self._run_id, self._newest, self._when_whole = run_id, "", None
        row = self.ui.row(run_id)
        self.look = RunLook.of(row) if row is not None else None
        live = self.query_one(LivePane)
        live.charting = type(live.charting)(metric=live.charting.metric)
        for pane in (self.query_one(LogPane), self.query_one(EventsPane)):
            pane.filter("")
            pane.take((), anew=True)
            pane.following = True
        self.begin_anew()

    # What it says

    def thing(self, width: int) -> Line:
        if self.look is None:
            return line(" ", muted("no run open" if self._run_id is None else f"reading {self._run_id[-4:]} …"))
        return thing_line(self.look, width)

    def tabs(self) -> Sequence[tuple[str, str]]:
        look = self.look
        counts = {"checkpoints": len(look.files.checkpoints) if look is not None else 0,
                  "control": self.query_one(ControlPane).count()}  # fmt: skip
        return [(name, f"{TITLES[name]} {counts[name]}" if name in counts else TITLES[name]) for name in TABS]

    def nothing(self) -> Sequence[Line]:
        """In place of a run."""
        if self._run_id is not None and self.look is None:
            return [EMPTY, line("   ", muted("–"))]
        keys = self.ui.keymap
        some = f"1 lists them, {keys.shown('item.new')} starts one."
        return [
            EMPTY,
            line(f"   No run open. {some if self.ui.listing.rows else some.partition(', ')[2]}"),
            line("   ", muted(f"{keys.shown('app.palette')} finds one by its name.")),
        ]

    def quiet(self) -> Line:
        if isinstance(sheet := self.sheet, ChangeSheet) and sheet.trial.values:
            return line(muted("not sent yet"))
        if self._reading:
            return line(muted(self._reading))
        pane = self._filtered()
        if pane is not None and pane.wanted:
            return line(
                muted("filter "), pane.wanted, muted(f"  {pane.count():,} of {pane.total:,} lines; esc clears it")
            )
        log = self.query_one(LogPane)
        if self.tab == "log" and log.skipped:
            return line(muted(f"The first {log.skipped:,} bytes of the log are in its file."))
        return line(self._newest) if self._newest else EMPTY

    def small(self, width: int, height: int) -> Sequence[Line]:
        if self.look is None:
            return [self.thing(width)]
        return small_lines(self.look, width, height, time.time())

    def abort_words(self, row: RunRow) -> str:
        look = self.look
        newest = newest_whole(look.files.checkpoints) if look is not None else None
        if look is None or newest is None:
            return super().abort_words(row)
        lost = max(0, max(look.history.step, row.status.step or 0) - newest.step)
        speed = look.now(time.time()).steps_per_second
        from tui_finetune.live import words

        work = f", {words.coarse(lost / speed)} of work," if speed else ""
        return f"Abort now: {lost:,} steps since checkpoint-{newest.step}{work} are lost. Stop saves them."

    # What it does

    def places(self) -> list[tuple[Place, Any]]:
        """Of a paused run the key that held it lets it go on."""
        found = super().places()
        return [(held(place) if place is RUN else place, owner) for place, owner in found] if self.held else found

    def footer(self) -> list[tuple[str, str, str]]:
        """What can be done with the run first; on a tab that has rows what can be done with these."""
        keys = super().footer()
        own = getattr(self.focused, "PLACE", None)
        if self.sheet is not None or self.in_field or own not in (CHECKPOINTS, HEALTH):
            return keys
        order = [action.id for action in own.actions]
        *others, last = keys
        return [*sorted(others, key=lambda one: order.index(one[2]) if one[2] in order else len(order)), last]

    def show_tab(self, name: str) -> None:
        self.tab = name if name in TABS else "live"
        for pane in TABS:
            self.query_one(f"#{pane}").display = pane == self.tab
        self.query_one(HealthPane).display = self.query_one(ForecastPane).display = False
        self.query_one(f"#{self.tab}").focus()
        self.want_log()
        self.call_after_refresh(self.repaint)

    def want_log(self) -> None:
        ill = self.look is not None and self.look.status.state in ILL
        self.ui.bridge.want_log(self.tab == "log" or ill)

    def do_pane_next(self) -> None:
        self._turn_pane(1)

    def do_pane_previous(self) -> None:
        self._turn_pane(-1)

    def _below(self) -> list[HealthPane | ForecastPane]:
        """The panes below the chart that there is something for; one is there while it has the keys."""
        forecast = self.query_one(ForecastPane)
        return [self.query_one(HealthPane), *([forecast] if forecast.rows() else [])]

    def _turn_pane(self, by: int) -> None:
        if self.tab != "live":
            return
        panes = [None, *self._below()]
        shown = next((place for place, pane in enumerate(panes) if pane is not None and pane.display), 0)
        self._show_below(panes[(shown + by) % len(panes)])

    def _show_below(self, wanted: HealthPane | ForecastPane | None) -> None:
        for pane in (self.query_one(HealthPane), self.query_one(ForecastPane)):
            pane.display = pane is wanted
        if wanted is not None:
            wanted.styles.height = wanted.lines_wanted()
        self.set_focus(wanted or self.query_one(LivePane))
        self.call_after_refresh(self.repaint)

    def do_run_log(self) -> None:
        self.show_tab("log" if self.tab != "log" else "live")

    def _filtered(self) -> LogPane | EventsPane | None:
        found: dict[str, LogPane | EventsPane] = {"log": self.query_one(LogPane), "events": self.query_one(EventsPane)}
        return found.get(self.tab)

    def filter_offer(self) -> Offer:
        return ON if self.tab in ("log", "events") else off("It filters the Log and Events tabs.")

    def do_list_filter(self) -> None:
        pane = self._filtered()
        self.open_filter(pane.wanted if pane is not None else "")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        pane = self._filtered()
        if self.filter_open and pane is not None:
            event.stop()
            pane.filter(event.value)

    def filter_closed(self, kept: bool) -> None:
        pane = self._filtered()
        if not kept and pane is not None:
            pane.filter("")

    def do_view_reload(self) -> None:
        run_id, self._run_id = self._run_id, None
        self.ui.bridge.read_again()
        self._open(run_id)
        self.say("Read again.")

    def do_app_back(self) -> None:
        pane = self._filtered()
        if pane is not None and pane.wanted:
            pane.filter("")
            self.repaint_frame()
        elif self.tab != "live":
            self.show_tab("live")
        elif any(pane.display for pane in (self.query_one(HealthPane), self.query_one(ForecastPane))):
            self._show_below(None)
        elif not self.query_one(LivePane).step_back():
            super().do_app_back()


def make() -> RunPage:
    return RunPage()
