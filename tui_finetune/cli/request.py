"""Asking a running job for something, and waiting a moment for its answer."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import click

from tui_finetune.cli import diagnostics, output
from tui_finetune.cli.follow import follow
from tui_finetune.cli.options import Call
from tui_finetune.cli.runs_common import exit_code, find_run, require_readable
from tui_finetune.errors import ExitCode, Problem, UserError
from tui_finetune.runs import control
from tui_finetune.runs.control import Request
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.keeping import keeping
from tui_finetune.runs.status import Status
from tui_finetune.runs.tail import Event, EventTail
from tui_finetune.text import Shown, shown

ANSWER_SECONDS = 5.0
"""A worker reads its requests every 0.2 s, also while it loads; one that is stalled or far away may take longer."""
POLL_SECONDS = 0.05


def ask(call: Call, query: str, action: str, *, wait: bool) -> None:
    """Sends the request, says what was answered, with `wait` follows the run to its end. The body of `stop` and `abort`."""
    if _keeper_told(call, query):
        return
    info, status = live_run(call, query, action)
    if status.state == "stopping" and action == "stop":
        diagnostics.say(shown(f"{info.title} is stopping already."))
        _finish(call, info, action, None, None, wait=wait)
        return
    request, tail = send(info, action, status)
    answer, _ = answer_to(info, request, tail)
    _tell(info, action, answer)
    if answer is not None and answer.get("answer") == "refused":
        raise refused(info, action, answer)
    _finish(call, info, action, request, answer, wait=wait)


def _keeper_told(call: Call, query: str) -> bool:
    """True for a run whose next attempt was about to begin by itself: it does not any more."""
    info = require_readable(find_run(call, query, lambda one: one.status().live or _waits(one)))
    kept = keeping(info.paths) if not info.status().live else None
    if kept is None or not kept.waits or not kept.end():
        return False
    diagnostics.say(shown(f"{info.title} stays as it is: no other attempt begins by itself."))
    if call.json:
        output.print_json(info.as_json())
    return True


def _waits(info: RunInfo) -> bool:
    kept = keeping(info.paths)
    return kept is not None and kept.waits


def live_run(
    call: Call, query: str, action: str, *, instead: str | None = None, finished: str | None = None
) -> tuple[RunInfo, Status]:
    """The run that is meant, one that lives before others, and its status. Raises UserError where nobody can answer.

    instead: what to do with a run that has ended, a sentence with `{run}` for its short id. finished: the same of one
    that has done all that it was to do, where that is another.
    """
    info = require_readable(find_run(call, query, lambda one: one.status().live))
    status = info.status()
    if status.live:
        return info, status
    told = finished or instead if status.state == "finished" else instead
    hint = told.format(run=info.short) if told else None
    if status.state == "died":
        raise UserError(Problem(f"{info.title} cannot {action}: {status.words}.", hint=status.advice or hint))
    raise UserError(Problem(f"{info.title} has ended already: {status.words}.", hint=hint))


def send(
    info: RunInfo, action: str, status: Status, values: Mapping[str, Any] | None = None
) -> tuple[Request, EventTail]:
    """Leaves the request; the tail has only what comes after it. Raises UserError where it cannot be written."""
    tail = EventTail(info.paths)
    tail.skip()
    try:
        return control.send(info.paths, action, status.attempt or 1, values), tail
    except OSError as error:
        raise UserError(f"{info.paths.control} cannot be written: {error.strerror}.") from error


def answer_to(info: RunInfo, request: Request, tail: EventTail) -> tuple[Event | None, list[Event]]:
    """The worker's answer, or None when none came in time or the run ended first; and what was said behind it so far."""
    deadline = time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < deadline:
        events = tail.poll()
        for at, event in enumerate(events):
            if event.name == "request" and event.get("id") == request.id:
                return event, events[at + 1 :]
        if not info.status().live:
            break
        time.sleep(POLL_SECONDS)
    return None, []


def refused(info: RunInfo, action: str, answer: Event) -> UserError:
    """The worker's words, as the end of a verb."""
    why = str(answer.get("why") or "it does not say why").rstrip(".")
    return UserError(f"{info.title} refuses to {action}: {why}.", exit_code=ExitCode.RUN_FAILED)


def unanswered(info: RunInfo) -> Shown:
    """What is said where no answer came."""
    status = info.status()
    if status.live:
        return shown(
            f"{info.title} has not answered within {ANSWER_SECONDS:.0f} s ({status.words}); the request stays."
        )
    return shown(f"{info.title} ended before it answered: {status.words}.")


def _tell(info: RunInfo, action: str, answer: Event | None) -> None:
    if answer is None:
        diagnostics.say(unanswered(info))
    elif answer.get("answer") == "accepted":
        ends = "stops" if action == "stop" else "ends"
        diagnostics.say(shown(f"{info.title} {ends} {answer.get('when')}."))


def _finish(
    call: Call, info: RunInfo, action: str, request: Request | None, answer: Event | None, *, wait: bool
) -> None:
    status = follow(call, info, quiet=True) if wait else info.status()
    if wait and not status.live:
        diagnostics.say(shown(f"{info.title}: {status.words}."))
    if call.json:
        output.print_json(
            {
                "id": info.id,
                "action": action,
                "request": request.id if request else None,
                "answer": answer.get("answer") if answer else None,
                "when": answer.get("when") if answer else None,
                "state": status.state,
                "reason": status.reason,
            }
        )
    if wait:
        # An abort that was asked for and came is no failure of this verb.
        done = ExitCode.OK if action == "abort" and status.state == "aborted" else exit_code(status)
        click.get_current_context().exit(done)
