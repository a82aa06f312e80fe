"""Following a run: on a terminal one line that is rewritten, in a pipe a line for each event. It never touches the run."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Literal

from tui_finetune.cli.diagnostics import ProgressLine, say
from tui_finetune.cli.options import Call
from tui_finetune.live.lines import event_line, progress_text
from tui_finetune.live.progress import progress
from tui_finetune.live.series import History
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.status import BEFORE_WORK, Status
from tui_finetune.runs.tail import Event, EventTail
from tui_finetune.text import Shown, shown

if TYPE_CHECKING:
    from tui_finetune.launch.interrupts import HeldInterrupts

Until = Literal["end", "preflight", "history"]
"""end: the run has ended. preflight: it has passed or failed its pre-flight, or waits in a queue. history: no waiting."""
POLL_SECONDS = 0.2
STATUS_SECONDS = 1.0
STEP_LINES = 10
"""In a pipe the talk has a line for each tenth of the steps, not for each logging interval."""
TALKED = frozenset(
    {
        "attempt",
        "plan",
        "preflight",
        "forecast",
        "forecast_result",
        "refit",
        "evaluation",
        "baseline",
        "checkpoint_skipped",
        "warning",
        "note",
        "request",
        "applied",
        "finding",
        "finding_over",
        "save_failed",
        "end",
    }
)
"""Events that stay on the screen above the progress line."""


def follow(
    call: Call,
    info: RunInfo,
    *,
    until: Until = "end",
    quiet: bool = False,
    told: Collection[str] = (),
    held: HeldInterrupts | None = None,
) -> Status:
    """Shows on stderr what the run does until it ends (or pre-flight is over), and returns its status then.

    ctrl+c leaves the run alone. Of a run that lives when nobody looks any more it is said that it goes on. quiet: the
    progress line alone, without what was evaluated and noted. told: notes and warnings that the person has read already.
    held: where ctrl+c was noted since the run was started; it counts from here on.
    """
    talk = _Talk(quiet, since=info.status().attempt, told=told)
    try:
        if held is not None:
            held.release()
        status = Follower(info, talk.event, talk.tick).run(until)
    except KeyboardInterrupt:
        status = info.status()
    finally:
        talk.close()
    if status.live:
        say(goes_on(info))
    return status


def goes_on(info: RunInfo) -> Shown:
    """What is said when somebody stops looking."""
    status = info.status()
    if status.state == "queued":
        return shown(f"{info.title} waits: {status.reason or 'queued'}. tui-finetune queue shows the line.")
    return shown(f"{info.title} goes on. tui-finetune watch {info.short} shows it again.")


class Follower:
    """Reads a run's events and status again and again; tells the events, and how things stand after each look."""

    def __init__(
        self,
        info: RunInfo,
        event: Callable[[Event, History], None],
        tick: Callable[[History, Status], None] | None = None,
    ) -> None:
        self._info = info
        self._tail = EventTail(info.paths)
        self._event = event
        self._tick = tick
        self.history = History()
        self._attempt = 0

    def run(self, until: Until) -> Status:
        status, looked = self._info.status(), time.monotonic()
        while True:
            told = self._read()
            if told or time.monotonic() - looked >= STATUS_SECONDS:
                status, looked = self._info.status(), time.monotonic()
            if not status.live:
                self._read()
                return status
            if self._tick is not None:
                self._tick(self.history, status)
            if until == "history" or (until == "preflight" and started(self.history, status)):
                return status
            time.sleep(POLL_SECONDS)

    def _read(self) -> bool:
        events = self._tail.poll()
        for event in events:
            self.history.feed((event,))
            self._event(event, self.history)
        return bool(events)


def started(history: History, status: Status) -> bool:
    """True once a run has passed its pre-flight, works without one, or waits in a queue."""
    if status.state == "queued":
        return status.reason is not None  # it has been told its place
    attempt = history.attempts[-1].number if history.attempts else 0
    working = history.phase is not None and history.phase not in BEFORE_WORK
    return attempt == status.attempt and working and status.state != "starting"


class _Talk:
    """Follows on stderr; what earlier attempts said is not told again."""

    def __init__(self, quiet: bool, since: int, told: Collection[str]) -> None:
        self._line = ProgressLine()
        self._quiet = quiet
        self._since = since
        self._told = told
        self._tenth = -1

    def event(self, event: Event, history: History) -> None:
        if self._quiet or event.name not in TALKED or event.attempt < self._since:
            return
        if event.name in ("note", "warning") and event.get("message") in self._told:
            return
        if (text := event_line(event, history)) is not None:
            self._line.clear()
            say(shown(text))

    def tick(self, history: History, status: Status) -> None:
        now = progress(history, status, time.time())
        if self._line.terminal:
            self._line.update(progress_text(history, status, now))
            return
        tenth = int(STEP_LINES * now.share) if now.share is not None else -1
        if status.phase == "training" and tenth > self._tenth:
            self._tenth = tenth
            self._line.update(progress_text(history, status, now))

    def close(self) -> None:
        self._line.close()
