"""Requests of people, answered at once by a thread, obeyed by the loop at its next safe point.

The thread reads the control folder every 0.2 s; the training loop only looks at a few attributes. What cannot be done
is refused by name, so that nobody waits for an answer that never comes.
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import multiprocessing
import os
import sys
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from tui_finetune.errors import ExitCode
from tui_finetune.runs.changes import Change, in_force, read_changes
from tui_finetune.runs.control import Request, RequestReader
from tui_finetune.worker.attempt import Attempt, EndState

if TYPE_CHECKING:
    from tui_finetune.worker.steering.loop import Loop

logger = logging.getLogger(__name__)

WORKER_ACTIONS = frozenset({"stop", "abort", "pause", "continue", "note"})
"""What every job of ours takes."""
LOOP_ACTIONS = frozenset({"save", "evaluate", "set", "rollback"})
"""What needs a training loop."""
POLL_SECONDS = 0.2
HOLD_SECONDS = 1.0
"""A held loop wakes so often to say that it is alive."""
ABORT_GRACE_SECONDS = 10.0
"""After this long without a safe point (native code), an abort ends the process itself."""


class RunEnded(BaseException):
    """Leaves the pipeline at a safe point. Not an Exception, so that no library's net catches it."""

    def __init__(self, state: EndState, reason: str, advice: str | None = None) -> None:
        super().__init__(reason)
        self.state: EndState = state
        self.reason = reason
        self.advice = advice


class RolledBack(BaseException):
    """Leaves the training loop at a safe point, to go on from a checkpoint in the same process."""

    def __init__(self, request: Request) -> None:
        super().__init__("rolled back")
        self.request = request


class Controls:
    """Answers requests for one attempt after another of this process."""

    def __init__(
        self,
        attempt: Attempt,
        *,
        saves_on_stop: bool = True,
        actions: frozenset[str] = WORKER_ACTIONS,
        refusals: Mapping[str, str] | None = None,
        where: str = "in this version",
        trains: bool = False,
    ) -> None:
        """actions: what is accepted. refusals: why others are not; of those without a reason it is said that they are not
        available `where`. trains: whether a loop of ours will be there, which takes LOOP_ACTIONS."""
        self._attempt = attempt
        self._reader = RequestReader(attempt.paths)
        self._saves = saves_on_stop
        self._actions = actions
        self._refusals = dict(refusals or {})
        self._where = where
        self._trains = trains
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="controls", daemon=True)
        self.lock = threading.RLock()
        """Held while a request is answered, and by the loop while it takes up what is due."""
        self._woken = threading.Event()
        self._stop: Request | None = None
        self._stop_told = False
        self._stop_state: EndState = "stopped"
        self._abort: Request | None = None
        self._abort_state: EndState = "aborted"
        self._pause: Request | None = None
        self._continue: Request | None = None
        self._rollback: Request | None = None
        self._queued: list[Request] = []
        self._lost: str | None = None
        self.held = False
        self.stood_still = 0.0
        """Seconds in all in which somebody's request kept training from going on: they are no slow steps."""
        self.training = False
        """True between the first and the last optimizer step: a stop then waits for the step and saves."""
        self.loop: Loop | None = None
        """Set when there is one."""

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

    def lose(self, why: str) -> None:
        """There is nothing left to work for: the run ends as `failed` at its next safe point."""
        self._lost = why
        self._woken.set()

    def submit(self, action: str, values: Mapping[str, Any] | None = None, *, by: str) -> Request:
        """Asks as a person would, from within: `by` is "health" or what else it is. Answered and applied by events."""
        request = Request(uuid.uuid4().hex, action, self._attempt.number, dict(values or {}), by, time.time())
        self._answer(request)
        return request

    def take(self, action: str) -> Request | None:
        """The oldest accepted request of that kind, once."""
        for request in self._queued:
            if request.action == action:
                self._queued.remove(request)
                return request
        return None

    @property
    def waiting(self) -> bool:
        """Whether `take` has something to give."""
        return bool(self._queued)

    def applied(self, request: Request, step: int | None, **values: Any) -> None:
        self._attempt.events.write("applied", id=request.id, action=request.action, step=step, **values)

    def safe_point(self, *, may_hold: bool = True) -> None:
        """Called wherever leaving costs nothing: raises RunEnded for an abort, and for a stop outside training.

        Waits here while the run is paused, unless `may_hold` is false: between the parts of a step.
        """
        self._leave()
        if may_hold and self._pause is not None and not self.held:
            self._hold_as_asked(self._pause)
            self._leave()

    def _leave(self) -> None:
        if self._lost is not None:
            raise RunEnded("failed", self._lost)
        if self._abort is not None:
            self.applied(self._abort, self._attempt.outcome.step)
            raise RunEnded(self._abort_state, "asked to abort")
        if self.stopping and not self.training:
            self.stop_applied(self._attempt.outcome.step)
            raise RunEnded(self._stop_state, f"asked to stop, {self._attempt.phase_name}")
        if self._rollback is not None and self.training and not self.stopping:
            request, self._rollback = self._rollback, None
            raise RolledBack(request)

    def stop_applied(self, step: int | None) -> None:
        """Says once that the stop has been obeyed."""
        if self._stop is not None and not self._stop_told:
            self._stop_told = True
            self.applied(self._stop, step)

    # Held

    def _hold_as_asked(self, request: Request) -> None:
        with self.lock:
            if self._pause is None:
                return  # taken back in this very moment
            self.held = True
        release = self.loop.release if self.loop is not None and request.values.get("release") else None
        take_back = release() if release is not None else None
        released = {"released": True} if take_back is not None else {}
        self.applied(request, self._attempt.outcome.step, **released)
        self.hold("device memory released" if released else None, take_back=take_back)

    def hold(
        self,
        detail: str | None,
        *,
        until: Callable[[], bool] | None = None,
        take_back: Callable[[], None] | None = None,
    ) -> None:
        """Waits in phase `paused` for `continue`, for `until()`, or for a request that leaves the loop.

        detail: why, where nobody has asked for it. take_back: brings the model back to its device; what is asked for
        meanwhile is done after it, else saves and evaluations are done at once.
        """
        before, began = self._attempt.phase_name, time.monotonic()
        self.held = True
        try:
            self._attempt.phase("paused", detail)
            while not self._may_go_on() and not (until is not None and until()):
                self._woken.wait(HOLD_SECONDS)
                self._woken.clear()
                self._attempt.heartbeat.beat_progress()
                if take_back is None and before == "training" and self.loop is not None and self.training:
                    self.loop.serve(held=True)
            if take_back is not None:
                take_back()
        finally:
            with self.lock:
                self.held, self._pause = False, None
                gone_on, self._continue = self._continue, None
            self.stood_still += time.monotonic() - began
        self._attempt.phase(before)
        if gone_on is not None:
            self.applied(gone_on, self._attempt.outcome.step)

    def _may_go_on(self) -> bool:
        leaving = self._abort is not None or self.stopping or (self._rollback is not None and self.training)
        return leaving or self._continue is not None or self._lost is not None

    # Answers

    def _watch(self) -> None:
        while not self._closing.wait(POLL_SECONDS):
            try:
                for request in self._reader.poll():
                    self._answer_whatever_it_is(request)
                    self._reader.answered(request)
            except OSError as error:
                logger.warning("control folder cannot be read: %s", error)

    def _answer_whatever_it_is(self, request: Request) -> None:
        """Answers, also where a defect of ours keeps it from being judged: later requests must be heard."""
        try:
            self._answer(request)
        except Exception as error:
            logger.exception("request %s cannot be judged", request.id)
            why = f"a defect of this program: {type(error).__name__}: {error}; stdout.log has more"
            about = {"id": request.id, "action": request.action, "by": request.by}
            self._attempt.events.write("request", **about, answer="refused", why=why)

    def _answer(self, request: Request) -> None:
        answer: dict[str, Any] = {"id": request.id, "action": request.action, "by": request.by}
        if request.values:
            answer["values"] = dict(request.values)
        if request.values.get("reason"):
            answer["reason"] = request.values["reason"]
        with self.lock:
            if (kept := self._kept(request)) is not None:
                self._attempt.events.write("request", **answer, answer="accepted", when=f"from step {kept.at_step:,}")
                return
            refusal = self._refusal(request)
            if refusal is None:
                try:
                    when = self._when(request)
                except OSError as error:
                    refusal = f"cannot be written down: {error.strerror or error}"
            if refusal is not None:
                self._attempt.events.write("request", **answer, answer="refused", why=refusal)
                return
            # Told before it is taken up: the loop may obey at once, and `applied` follows `accepted`.
            self._attempt.events.write("request", **answer, answer="accepted", when=when)
            self._take_up(request)
        self._woken.set()

    def _kept(self, request: Request) -> Change | None:
        """The change that an earlier attempt wrote down for this request, and was killed before it could say so."""
        if request.action != "set" or request.attempt >= self._attempt.number or request.problem is not None:
            return None
        counts = in_force(read_changes(self._attempt.paths))
        return next((change for change in counts if change.id == request.id), None)

    def _refusal(self, request: Request) -> str | None:
        action = request.action
        if request.problem is not None:
            return request.problem
        if request.attempt != self._attempt.number:
            return f"meant for attempt {request.attempt}, attempt {self._attempt.number} runs now"
        if self._trains and action in LOOP_ACTIONS:
            return self._loop_refusal(request)
        if action not in self._actions:
            return self._refusals.get(action, f"{action} is not available {self._where}")
        if action == "evaluate" and (part := _part(request)) is not None:
            return f"{part}: its Trainer measures the rows that the script gave it, all of them"
        if action == "stop" and self.stopping:
            return "already stopping"
        if action == "pause" and self._pause is not None:
            return "already paused" if self.held else "a pause is asked for already"
        if action == "continue" and not self.held and self._pause is None:
            return "is not paused"
        if action == "note" and not str(request.values.get("text") or "").strip():
            return "a note without text"
        return None

    def _loop_refusal(self, request: Request) -> str | None:
        if self.loop is None:
            return not_yet(self._attempt.phase_name)
        if self.stopping or self._abort is not None:
            return "the run is stopping"
        if request.action == "rollback" and self._rollback is not None:
            return "a rollback is asked for already"
        return self.loop.refusal(request)

    def _when(self, request: Request) -> str:
        if request.action in LOOP_ACTIONS and self.loop is not None:
            return self.loop.accept(request)
        if request.action == "stop" and self.training:
            when = "now" if self.held else "after this step"
            return f"{when}, with a checkpoint" if self._saves else when
        if request.action == "pause":
            when = "after this step" if self.training else "at the next safe point"
            nothing = request.values.get("release") and not self._can_release()
            return f"{when}; on this device there is no memory to release" if nothing else when
        return "now" if request.action in ("stop", "abort", "continue", "note") else "at the next step"

    def _can_release(self) -> bool:
        return self.loop is not None and self.loop.can_release

    def _take_up(self, request: Request) -> None:
        action = request.action
        if action == "abort":
            self._abort = request
            threading.Thread(target=self._abort_by_force, name="abort", daemon=True).start()
        elif action == "stop":
            self._stop = request
        elif action == "pause":
            self._pause, self._continue = request, None
        elif action == "continue":
            if self._pause is not None and not self.held:
                self._pause = None  # it had not come to the pause yet
                self.applied(request, self._attempt.outcome.step)
            else:
                self._continue = request
        elif action == "rollback":
            self._rollback = request
        elif action == "note":
            text = str(request.values["text"]).strip()
            self._attempt.events.write("note", message=text, by=request.by, step=self._attempt.outcome.step)
            self.applied(request, self._attempt.outcome.step)
        elif action != "set":
            self._queued.append(request)

    def _abort_by_force(self) -> None:
        """Ends the process when the loop finds no safe point in time; leaves the stacks in stdout.log."""
        if self._closing.wait(ABORT_GRACE_SECONDS):
            return
        with contextlib.suppress(OSError, ValueError):
            faulthandler.dump_traceback(file=sys.__stderr__ or sys.stderr)
        self._attempt.end("aborted", f"asked to abort; no safe point for {ABORT_GRACE_SECONDS:g} s, process ended")
        for child in multiprocessing.active_children():
            child.kill()  # one that loads data and hangs would outlive its parent
        os._exit(ExitCode.RUN_FAILED)


def not_yet(phase: str) -> str:
    """Why what needs a training loop is refused before there is one: what it would change is not made yet, nor judged."""
    return (
        f"training has not begun yet: {phase}. Send it again once the run's phase is training; "
        "pause, stop, abort and note are taken before that"
    )


def _part(request: Request) -> str | None:
    """What of validation is to be measured, where it is not all of it."""
    split, limit = request.values.get("split"), request.values.get("limit")
    return f"split {split}" if split not in (None, "validation") else f"limit {limit}" if limit is not None else None
