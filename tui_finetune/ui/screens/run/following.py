"""What has happened to the run that is shown, taken from what the bridge tells."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from tui_finetune.live.lines import event_line
from tui_finetune.live.reader import RunRow
from tui_finetune.live.run_look import Files, RunLook
from tui_finetune.live.series import History
from tui_finetune.live.since import not_seen, since_run
from tui_finetune.runs.control import author
from tui_finetune.runs.status import Status
from tui_finetune.runs.tail import Event
from tui_finetune.ui import messages
from tui_finetune.ui.screens.run.live_pane import LivePane
from tui_finetune.ui.screens.run.steer.change_sheet import ChangeSheet
from tui_finetune.ui.screens.run.steer.checkpoint_acts import CheckpointActions
from tui_finetune.ui.screens.run.text_panes import EventsPane, LogPane
from tui_finetune.ui.widgets.frame import MessageLine

TOLD = frozenset(
    {"checkpoint", "evaluation", "request", "applied", "warning", "checkpoint_skipped", "attempt", "end", "finding",
     "finding_over", "save_failed", "refit", "queued", "forecast_result"}
)  # fmt: skip
"""Events that the message line says when they come."""
ILL_EVENTS = frozenset({"warning", "checkpoint_skipped", "finding", "save_failed", "refit"})
TURNS = frozenset({"attempt", "end"})
"""What is said whatever was said before."""
LOG_LINES = 8
SAID_LINES = 60
"""Newest events that a job without charts shows."""


class RunFollowing(CheckpointActions):
    """A page that shows one run and is told of it."""

    def __init__(self) -> None:
        super().__init__()
        self.look: RunLook | None = None
        self._run_id: str | None = None
        self._read = 0
        """Bytes of its events that were taken."""
        self._whole = False
        """True once all that was written before the screen opened has been read."""
        self._when_whole: Callable[[], None] | None = None
        """What a key asked for that takes all of its events."""
        self._reading = ""
        self._newest = ""
        """What was told last, said while nothing else is."""
        self._me = author()
        self._since_told: set[str] = set()
        """Runs of which it was said what happened since somebody last looked."""

    @property
    def row(self) -> RunRow | None:
        """The run as the offers judge it: by what this screen knows, which is newer than the list."""
        look = self.look
        if look is None:
            return None
        return RunRow(look.info, look.status, None, look.files.has_recipe, look.files.has_model)

    def do_item_edit(self) -> None:
        """Now, or as soon as all that was written has been read: what the copy has depends on how the run ended."""
        self._when_whole = super().do_item_edit
        self._do_what_waits()

    def _do_what_waits(self) -> None:
        if self._whole and self._when_whole is not None:
            act, self._when_whole = self._when_whole, None
            act()

    def want_log(self) -> None:
        """The log is read where it is shown."""
        raise NotImplementedError

    def begin_anew(self) -> None:
        """Its events from the first one."""
        self._read, self._whole, self._reading = 0, False, ""
        self.query_one(EventsPane).take((), anew=True)
        self.query_one(LivePane).charting.forget()
        if self.look is not None:
            self.look.history = History()

    def on_run_advanced(self, message: messages.RunAdvanced) -> None:
        message.taken.set()
        if message.run_id != self._run_id or not self._known():
            return
        if self._read and not message.begun:
            self.begin_anew()
        if message.begun != self._read:
            return
        self._read = message.read
        if self.look is not None:
            self.look.waiting = message.waiting
        self._feed(message.events)
        self._whole = self._whole or message.read >= message.size
        self._advanced(message.status)

    def on_history_read(self, message: messages.HistoryRead) -> None:
        """A long run: a look at it, then the whole of it."""
        if message.run_id != self._run_id or not self._known():
            return
        self.begin_anew()
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
            self.look = RunLook.of(row)
        return self.look is not None

    def _advanced(self, status: Status) -> None:
        look = self.look
        assert look is not None
        look.status, look.gone = status, None
        self._reading = "" if self._whole else self._reading
        self.want_log()
        self._say_since(look)
        if isinstance(sheet := self.sheet, ChangeSheet):
            sheet.looked_again()
        self.repaint()
        self._do_what_waits()

    def _say_since(self, look: RunLook) -> None:
        """Once for each run, when all that was written has been read."""
        if self._whole and look.info.id not in self._since_told:
            self._since_told.add(look.info.id)
            self.ui.looked_at(look.info.id, self.row)
            said = since_run(self.ui.away, look.info.id, look.history, look.status, time.time())
            self._newest = said or self._newest
            if not said and look.info.id in self.ui.not_seen and self.is_current:
                self.say(not_seen(look.status, time.time()))
            self.ui.not_seen.discard(look.info.id)

    def _feed(self, events: Sequence[Event]) -> None:
        look = self.look
        assert look is not None
        new: list[str] = []
        for event in events:
            look.history.feed((event,))
            if event.name == "attempt":
                self.query_one(LivePane).charting.forget()
            if (text := event_line(event, look.history)) is not None:
                new.append(text)
                if event.name in TOLD and not self._told_otherwise(event):
                    self._newest = text
                    ill = event.name in ILL_EVENTS
                    if self._whole and (ill or event.name in TURNS or not self._warned):
                        self.say(text, "warn" if ill else "text")
        pane = self.query_one(EventsPane)
        pane.take(new)
        look.said = pane.newest(SAID_LINES)

    @property
    def _warned(self) -> bool:
        """What was refused, or found, stays on the message line until a key is pressed; what goes well does not hide it."""
        return self._said is not None and any(one.token in ("warn", "bad") for one in self._said)

    def _told_otherwise(self, event: Event) -> bool:
        """The answer to what was asked from here is said by the bridge, what a save or an evaluation made by its own event."""
        if event.name == "request":
            return bool(event.get("by") == self._me)
        return event.name == "applied" and event.get("action") in ("save", "evaluate")

    def on_run_details_read(self, message: messages.RunDetailsRead) -> None:
        if message.run_id != self._run_id:
            return
        files = Files(
            message.checkpoints,
            message.attempts,
            message.recipe,
            message.request,
            has_recipe=bool(message.recipe),
            has_model=message.has_model,
        )
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
