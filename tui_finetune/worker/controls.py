"""Requests of people, answered at once by a thread, obeyed by the loop at its next safe point.

The thread reads the control folder every 0.2 s; the training loop only looks at two flags. What does not exist yet is
refused by name, so that nobody waits for an answer that never comes.
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import sys
import threading
from collections.abc import Mapping
from typing import Any

from tui_finetune.errors import ExitCode
from tui_finetune.runs.control import Request, RequestReader
from tui_finetune.worker.attempt import Attempt, EndState

logger = logging.getLogger(__name__)

WORKER_ACTIONS = frozenset({"stop", "abort"})
POLL_SECONDS = 0.2
ABORT_GRACE_SECONDS = 10.0
"""After this long without a safe point (native code), an abort ends the process itself."""


class RunEnded(BaseException):
    """Leaves the pipeline at a safe point. Not an Exception, so that no library's net catches it."""

    def __init__(self, state: EndState, reason: str) -> None:
        super().__init__(reason)
        self.state: EndState = state
        self.reason = reason


class Controls:
    """Answers requests for one attempt."""

    def __init__(
        self,
        attempt: Attempt,
        *,
        saves_on_stop: bool = True,
        actions: frozenset[str] = WORKER_ACTIONS,
        refusals: Mapping[str, str] | None = None,
        where: str = "in this version",
    ) -> None:
        """actions: what is accepted. refusals: why others are not; of those without a reason it is said that they are not
        available `where`."""
        self._attempt = attempt
        self._reader = RequestReader(attempt.paths)
        self._saves = saves_on_stop
        self._actions = actions
        self._refusals = dict(refusals or {})
        self._where = where
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="controls", daemon=True)
        self._stop: Request | None = None
        self._stop_told = False
        self._stop_state: EndState = "stopped"
        self._abort: Request | None = None
        self._abort_state: EndState = "aborted"
        self._queued: list[Request] = []
        self.training = False
        """True between the first and the last optimizer step: a stop then waits for the step and saves."""

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Ends the thread; requests that come later are refused by the state of the run."""
        self._closing.set()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(timeout=2 * POLL_SECONDS + 1)

    @property
    def stopping(self) -> bool:
        return self._stop is not None or self._stop_state == "preempted"

    @property
    def stop_state(self) -> EndState:
        return self._stop_state

    def preempt(self) -> None:
        """A signal said that this process has to go: save and end as `preempted`. Safe in a signal handler."""
        self._stop_state = "preempted"

    def take(self, action: str) -> Request | None:
        """The oldest accepted request of that kind, once; for `save` and `evaluate` in a person's own script."""
        for request in self._queued:
            if request.action == action:
                self._queued.remove(request)
                return request
        return None

    def applied(self, request: Request, step: int | None, **values: Any) -> None:
        self._attempt.events.write("applied", id=request.id, action=request.action, step=step, **values)

    def safe_point(self) -> None:
        """Called wherever leaving costs nothing: raises RunEnded for an abort, and for a stop outside training."""
        if self._abort is not None:
            self.applied(self._abort, self._attempt.outcome.step)
            raise RunEnded(self._abort_state, "asked to abort")
        if self.stopping and not self.training:
            self.stop_applied(self._attempt.outcome.step)
            raise RunEnded(self._stop_state, f"asked to stop, {self._attempt.phase_name}")

    def stop_applied(self, step: int | None) -> None:
        """Says once that the stop has been obeyed."""
        if self._stop is not None and not self._stop_told:
            self._stop_told = True
            self.applied(self._stop, step)

    def _watch(self) -> None:
        while not self._closing.wait(POLL_SECONDS):
            try:
                for request in self._reader.poll():
                    self._answer(request)
            except OSError as error:
                logger.warning("control folder cannot be read: %s", error)

    def _answer(self, request: Request) -> None:
        answer: dict[str, Any] = {"id": request.id, "action": request.action}
        refusal = self._refusal(request)
        if refusal:
            self._attempt.events.write("request", **answer, answer="refused", why=refusal)
        else:
            # Told before it is taken up: the loop may obey at once, and `applied` follows `accepted`.
            self._attempt.events.write("request", **answer, answer="accepted", when=self._when(request))
            self._take_up(request)
        self._reader.answered(request)

    def _refusal(self, request: Request) -> str | None:
        if request.attempt != self._attempt.number:
            return f"meant for attempt {request.attempt}, attempt {self._attempt.number} runs now"
        if request.action not in self._actions:
            return self._refusals.get(request.action, f"{request.action} is not available {self._where}")
        if request.action == "stop" and self.stopping:
            return "already stopping"
        return None

    def _when(self, request: Request) -> str:
        if request.action == "stop" and self.training:
            return "after this step, with a checkpoint" if self._saves else "after this step"
        return "now" if request.action in ("stop", "abort") else "at the next step"

    def _take_up(self, request: Request) -> None:
        if request.action == "abort":
            self._abort = request
            threading.Thread(target=self._abort_by_force, name="abort", daemon=True).start()
        elif request.action == "stop":
            self._stop = request
        else:
            self._queued.append(request)

    def _abort_by_force(self) -> None:
        """Ends the process when the loop finds no safe point in time; leaves the stacks in stdout.log."""
        if self._closing.wait(ABORT_GRACE_SECONDS):
            return
        with contextlib.suppress(OSError, ValueError):
            faulthandler.dump_traceback(file=sys.__stderr__ or sys.stderr)
        self._attempt.end("aborted", f"asked to abort; no safe point for {ABORT_GRACE_SECONDS:g} s, process ended")
        os._exit(ExitCode.RUN_FAILED)
