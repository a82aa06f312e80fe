"""The heartbeat: a thread that says every five seconds that the process lives, and when the work last went on."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from tui_finetune.runs import atomic
from tui_finetune.runs.layout import RunPaths

logger = logging.getLogger(__name__)

BEAT_SECONDS = 5.0


def uptime() -> float:
    """Seconds since this machine started, sleep not counted: the same in every process, whatever is done to the clock."""
    return time.monotonic()


class Heartbeat:
    """Replaces `heartbeat` every five seconds. A full disk costs beats, never the training."""

    def __init__(self, paths: RunPaths, attempt: int, *, interval: float = BEAT_SECONDS) -> None:
        self._paths = paths
        self.attempt = attempt
        """Number of the attempt that is told of."""
        self._interval = interval
        self._progress = uptime()
        self._phase: str | None = None
        self._step: int | None = None
        self._steps: int | None = None
        self.on_gone: Callable[[], None] | None = None
        """Called once where the run directory is not there any more."""
        self._closing = threading.Event()
        self._changed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        self._beat()
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread after a last beat."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._changed.set()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(timeout=self._interval + 5)
        self._beat()

    @property
    def phase(self) -> str | None:
        return self._phase

    @property
    def step(self) -> int | None:
        return self._step

    @property
    def idle(self) -> float:
        """Seconds since the work last went on."""
        return uptime() - self._progress

    def beat_progress(self, phase: str | None = None, step: int | None = None, steps: int | None = None) -> None:
        """The work went on. Only memory is touched, so that it costs nothing in a training loop; a new phase is written soon."""
        self._progress = uptime()
        if step is not None:
            self._step = step
        if steps is not None:
            self._steps = steps
        if phase is not None and phase != self._phase:
            self._phase = phase
            self._changed.set()

    def next_attempt(self, attempt: int, step: int) -> None:
        """The same process goes on from an earlier step, as another attempt; that is written at once."""
        self.attempt, self._step, self._progress = attempt, step, uptime()
        self._changed.set()

    def _run(self) -> None:
        while not self._closing.is_set():
            self._changed.wait(self._interval)
            self._changed.clear()
            if not self._closing.is_set():
                self._beat()

    def _beat(self) -> None:
        try:
            atomic.write_json(self._paths.heartbeat, self._content(), sync=False)
        except OSError as error:
            logger.debug("no heartbeat: %s", error)
            if not self._paths.root.is_dir() and self.on_gone is not None:
                told, self.on_gone = self.on_gone, None
                told()

    def _content(self) -> dict[str, Any]:
        now, up = time.time(), uptime()
        return {
            "t": round(now, 3),
            "attempt": self.attempt,
            "phase": self._phase,
            "step": self._step,
            "steps": self._steps,
            "progress_t": round(now - (up - self._progress), 3),
            "uptime": round(up, 3),
        }
