"""Following one run in a thread: its events in pieces that a screen takes between two keys, its status, its files, its log."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from textual.message import Message

from tui_finetune.live.bulk import LongRun, first_look
from tui_finetune.live.series import History
from tui_finetune.runs import control
from tui_finetune.runs.info import read_info
from tui_finetune.runs.layout import RunPaths
from tui_finetune.runs.logfile import LogTail
from tui_finetune.runs.records import attempts, checkpoints
from tui_finetune.runs.status import Status
from tui_finetune.runs.tail import Event, EventTail, whole_lines
from tui_finetune.ui import messages
from tui_finetune.ui.pace import Pace

STATUS_SECONDS = 1.0
PIECE = 262_144
"""Bytes of events in one message: a screen takes them within a frame."""
LONG = 4 * PIECE
"""Events of more bytes are read whole in the thread."""
TOLD_SECONDS = 0.25
BREATH_SECONDS = 0.001
"""After each piece of a long run: the event loop gets its turn."""
OF_FILES = frozenset({"attempt", "checkpoint", "checkpoint_removed", "checkpoint_skipped", "end"})
"""Events after which the run's files are looked at again."""
TAKEN_SECONDS = 30.0


class Following:
    """Runs in a thread of the bridge until it is stopped."""

    def __init__(
        self,
        paths: RunPaths,
        post: Callable[[Message], None],
        guarded: Callable[[str, Callable[[], Message | None]], Message | None],
        pace: Pace,
    ) -> None:
        self.run_id = paths.id
        self._paths = paths
        self._post = post
        self._guarded = guarded
        self._pace = pace
        self._stopped = threading.Event()
        self._log: LogTail | None = None
        self._tail = EventTail(paths)
        self._told = History()
        """Only what the files are looked up by: checkpoints."""
        self._gone = False

    @property
    def alive(self) -> bool:
        return not self._stopped.is_set()

    def stop(self) -> None:
        self._stopped.set()

    def want_log(self, wanted: bool) -> None:
        if wanted and self._log is None:
            self._log = LogTail(self._paths.stdout_log)
        elif not wanted:
            self._log = None

    def run(self) -> None:
        failed = self._guarded(f"Follow {self.run_id}", self._run)
        if failed is not None:
            self._stopped.set()
            self._post(failed)

    def _run(self) -> None:
        self._info = read_info(self._paths)
        status, looked = self._info.status(), time.monotonic()
        self._open(status)
        while not self._stopped.is_set():
            if not self._paths.root.is_dir():
                self._tell_gone()
                self._stopped.wait(STATUS_SECONDS)
                continue
            self._gone = False
            events = self._tail.poll(PIECE)
            if events or time.monotonic() - looked >= STATUS_SECONDS:
                status, looked = self._info.status(), time.monotonic()
                self._advance(events, status)
            self._read_log()
            if len(events) == 0 or self._tail.offset >= _size(self._paths.events):
                self._pace.wait(self._stopped)

    def _open(self, status: Status) -> None:
        """What can be said at once; a long run is read here, many events at a time, and told whole."""
        self._read_files(status)
        end = whole_lines(self._paths.events)
        if end > LONG:
            self._read_long(status, end)

    def _read_long(self, status: Status, end: int) -> None:
        path = self._paths.events
        self._post(messages.HistoryRead(self.run_id, first_look(path, end), status, 0))
        run, told = LongRun(), time.monotonic()

        def go_on(read: int) -> bool:
            nonlocal told
            if time.monotonic() - told >= TOLD_SECONDS:
                told = time.monotonic()
                self._post(messages.HistoryReading(self.run_id, read, end))
            return not self._stopped.wait(BREATH_SECONDS)

        read = run.read(path, end, go_on)
        if self._stopped.is_set():
            return
        self._tail.go_on_from(read)
        self._told.feed(event for event in run.files if event.name in OF_FILES)
        self._read_files(status)
        lines = tuple(run.lines)
        self._post(messages.HistoryRead(self.run_id, run.history, status, read, lines, run.told - len(lines)))

    def _advance(self, events: list[Event], status: Status) -> None:
        size = _size(self._paths.events)
        left = control.waiting(self._paths) if status.live else []
        told = messages.RunAdvanced(self.run_id, events, status, self._tail.offset, size, self._tail.begun, left)
        self._post(told)
        if any(event.name in OF_FILES for event in events):
            self._told.feed(event for event in events if event.name in OF_FILES)
            self._read_files(status)
        if self._tail.offset < size:
            told.taken.wait(TAKEN_SECONDS)

    def _read_files(self, status: Status) -> None:
        info, paths = self._info.fresh(), self._paths
        self._post(
            messages.RunDetailsRead(
                info.id,
                info,
                status,
                checkpoints(paths, self._told.checkpoints, status.best_step),
                attempts(paths, status),
                _text(paths.recipe_toml),
                _text(paths.request_toml),
                (paths.model / "config.json").is_file(),
            )
        )

    def _read_log(self) -> None:
        log = self._log
        if log is None:
            return
        found = log.poll()
        if found.lines or found.anew:
            self._post(messages.LogAdvanced(self.run_id, found.lines, found.skipped, found.anew))

    def _tell_gone(self) -> None:
        if not self._gone:
            self._gone = True
            self._post(messages.RunGone(self.run_id, f"{self._paths.root} is not there"))


def _size(path: Path) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="backslashreplace")
    except OSError:
        return ""
