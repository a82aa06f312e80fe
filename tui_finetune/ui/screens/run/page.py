"""Run: one job, whole. It reads what the bridge tells of the run that is open, and sends what a person asks."""

from __future__ import annotations

import time
from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input

from tui_finetune.live.lines import event_line
from tui_finetune.live.offers import ON, Offer, off
from tui_finetune.live.reader import RunRow
from tui_finetune.live.run_ends import newest_whole
from tui_finetune.live.run_head import small_lines, thing_line
from tui_finetune.live.run_look import Files, RunLook
from tui_finetune.live.series import History
from tui_finetune.live.spans import EMPTY, Line, line, muted
from tui_finetune.runs.status import Status
from tui_finetune.runs.tail import Event
from tui_finetune.ui import messages
from tui_finetune.ui.run_actions import RunActions
from tui_finetune.ui.screens.run.checkpoints_pane import CheckpointsPane
from tui_finetune.ui.screens.run.live_pane import LivePane
from tui_finetune.ui.screens.run.places import RUN
from tui_finetune.ui.screens.run.text_panes import EventsPane, LogPane, RecipePane
from tui_finetune.ui.wants import RunWanted
from tui_finetune.ui.widgets.frame import MessageLine

TABS = ("live", "log", "events", "recipe", "checkpoints")
TITLES = {"live": "Live", "log": "Log", "events": "Events", "recipe": "Recipe", "checkpoints": "Checkpoints"}
TOLD = frozenset({"checkpoint", "evaluation", "request", "applied", "warning", "checkpoint_skipped", "attempt", "end"})
"""Events that the message line says when they come."""
ILL_EVENTS = frozenset({"warning", "checkpoint_skipped"})
ILL = frozenset({"stalled", "unreachable", "died", "failed"})
"""States in which the newest lines of the log are shown beside the rest."""
LOG_LINES = 8
SAID_LINES = 60
"""Newest events that a job without charts shows."""


class RunPage(RunActions):
    """The screen of the run that was opened last."""

    NAME = "run"
    PLACE = RUN
    FOOTER_FIRST = ("run.stop", "run.resume", "item.try", "run.evaluate", "run.log")

    def __init__(self) -> None:
        super().__init__()
        self.tab = "live"
        self.look: RunLook | None = None
        self._run_id: str | None = None
        self._read = 0
        """Bytes of its events that were taken."""
        self._whole = False
        """True once all that was written before the screen opened has been read."""
        self._reading = ""
        self._newest = ""
        """What was told last, said while nothing else is."""

    def content(self) -> ComposeResult:
        yield LivePane()
        yield LogPane()
        yield EventsPane()
        yield RecipePane()
        yield CheckpointsPane()

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
        self._run_id, self._newest = run_id, ""
        row = self.ui.row(run_id)
        self.look = RunLook(row.info, row.status) if row is not None else None
        live = self.query_one(LivePane)
        live.charting = type(live.charting)(metric=live.charting.metric)
        for pane in (self.query_one(LogPane), self.query_one(EventsPane)):
            pane.filter("")
            pane.take((), anew=True)
            pane.following = True
        self._begin()

    def _begin(self) -> None:
        """Its events from the first one."""
        self._read, self._whole, self._reading = 0, False, ""
        self.query_one(EventsPane).take((), anew=True)
        self.query_one(LivePane).charting.forget()
        if self.look is not None:
            self.look.history = History()

    @property
    def row(self) -> RunRow | None:
        """The run as the offers judge it: by what this screen knows, which is newer than the list."""
        look = self.look
        if look is None:
            return None
        return RunRow(look.info, look.status, None, bool(look.files.recipe), look.files.has_model)

    # What it says

    def thing(self, width: int) -> Line:
        if self.look is None:
            return line(" ", muted("no run open" if self._run_id is None else f"reading {self._run_id[-4:]} …"))
        return thing_line(self.look, width)

    def tabs(self) -> Sequence[tuple[str, str]]:
        look = self.look
        counts = {"checkpoints": len(look.files.checkpoints) if look is not None else 0}
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

    # What happened

    def on_run_advanced(self, message: messages.RunAdvanced) -> None:
        message.taken.set()
        if message.run_id != self._run_id or not self._known():
            return
        if self._read and not message.begun:
            self._begin()
        if message.begun != self._read:
            return
        self._read = message.read
        self._feed(message.events)
        self._whole = self._whole or message.read >= message.size
        self._advanced(message.status)

    def on_history_read(self, message: messages.HistoryRead) -> None:
        """A long run: first a look at it, then the whole of it."""
        if message.run_id != self._run_id or not self._known():
            return
        self._begin()
        assert self.look is not None
        self.look.history, self._read, self._whole = message.history, message.read, message.read > 0
        pane = self.query_one(EventsPane)
        pane.take(message.lines, dropped=message.dropped)
        self.look.said = pane.newest(SAID_LINES)
        self._advanced(message.status)

    def on_history_reading(self, message: messages.HistoryReading) -> None:
        if message.run_id == self._run_id and not self._whole:
            share = 100 * message.read // max(1, message.size)
            self._reading = f"Reading {message.size / 1e6:.0f} MB of events … {share} %"
            self.query_one(MessageLine).repaint()

    def _known(self) -> bool:
        """True where there is a run to tell of; the list may know it before its details have come."""
        row = self.ui.row(self._run_id)
        if self.look is None and row is not None:
            self.look = RunLook(row.info, row.status)
        return self.look is not None

    def _advanced(self, status: Status) -> None:
        look = self.look
        assert look is not None
        look.status, look.gone = status, None
        self._reading = "" if self._whole else self._reading
        self._want_log()
        self.repaint()

    def _feed(self, events: Sequence[Event]) -> None:
        look = self.look
        assert look is not None
        new: list[str] = []
        for event in events:
            look.history.feed((event,))
            if (text := event_line(event, look.history)) is not None:
                new.append(text)
                if event.name in TOLD:
                    self._newest = text
                    if self._whole:
                        self.say(text, "warn" if event.name in ILL_EVENTS else "text")
        pane = self.query_one(EventsPane)
        pane.take(new)
        look.said = pane.newest(SAID_LINES)

    def on_run_details_read(self, message: messages.RunDetailsRead) -> None:
        if message.run_id != self._run_id:
            return
        files = Files(message.checkpoints, message.attempts, message.recipe, message.request, message.has_model)
        if self.look is None:
            self.look = RunLook(message.info, message.status)
        self.look.info, self.look.files = message.info, files
        self.repaint()

    def on_log_advanced(self, message: messages.LogAdvanced) -> None:
        if message.run_id != self._run_id:
            return
        log = self.query_one(LogPane)
        log.skipped = message.skipped
        log.take(message.lines, anew=message.anew)
        if self.look is not None:
            self.look.log = log.newest(LOG_LINES)
        self.repaint_frame()

    def on_run_gone(self, message: messages.RunGone) -> None:
        if message.run_id == self._run_id and self.look is not None:
            self.look.gone = message.why
            self.repaint()

    def on_runs_read(self, message: messages.RunsRead) -> None:
        """The label may have changed; everything else this screen knows better."""
        row = message.listing.get(self._run_id)
        if row is not None and self.look is not None and self.look.info != row.info:
            self.look.info = row.info
            self.repaint_frame()

    def on_runs_trashed(self, message: messages.RunsTrashed) -> None:
        if any(run.id == self._run_id for run in message.runs):
            self.ui.show_screen("runs")

    # What it does

    def show_tab(self, name: str) -> None:
        self.tab = name if name in TABS else "live"
        for pane in TABS:
            self.query_one(f"#{pane}").display = pane == self.tab
        self.query_one(f"#{self.tab}").focus()
        self._want_log()
        self.call_after_refresh(self.repaint)

    def _want_log(self) -> None:
        ill = self.look is not None and self.look.status.state in ILL
        self.ui.bridge.want_log(self.tab == "log" or ill)

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
        elif not self.query_one(LivePane).step_back():
            super().do_app_back()


def make() -> RunPage:
    return RunPage()
