"""Looks whether the work goes on: a thread that tells a hang, and leaves the stacks of all threads in stdout.log."""

from __future__ import annotations

import contextlib
import faulthandler
import sys
import threading
from typing import TextIO

from tui_finetune.live.health.facts import Idle
from tui_finetune.runs.states import OTHER_PHASE_SECONDS, PHASE_SECONDS
from tui_finetune.worker.attempt import Attempt
from tui_finetune.worker.health import Health

LOOK_SECONDS = 5.0
SILENT_SECONDS = 90.0
"""After so long without a turn for any Python thread (native code that keeps the interpreter's lock) the stacks are
written by a thread of the operating system; readers say `stalled` from then on, for there is no heartbeat either."""
STILL = frozenset({"paused", "queued"})
"""Phases in which nothing is to go on."""


class HangWatch:
    """A daemon thread."""

    def __init__(self, attempt: Attempt, health: Health, interval: float = LOOK_SECONDS) -> None:
        self._attempt = attempt
        self._health = health
        self._interval = interval
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hang watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join(timeout=self._interval)
        faulthandler.cancel_dump_traceback_later()

    def _run(self) -> None:
        while not self._closing.wait(self._interval):
            with contextlib.suppress(OSError, ValueError):
                faulthandler.dump_traceback_later(SILENT_SECONDS, file=_log())
            self._look()

    def _look(self) -> None:
        heartbeat = self._attempt.heartbeat
        phase = heartbeat.phase
        idle = 0.0 if phase in STILL else heartbeat.idle
        limit = PHASE_SECONDS.get(phase or "", OTHER_PHASE_SECONDS)
        if self._health.idle(Idle(phase, idle, limit, heartbeat.step)):
            with contextlib.suppress(OSError, ValueError):
                faulthandler.dump_traceback(file=_log(), all_threads=True)


def _log() -> TextIO:
    found = sys.__stderr__ or sys.stderr
    if found is None:
        raise OSError("there is no stderr")
    return found
