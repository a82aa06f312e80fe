"""Asking a running job for something, and waiting a moment for its answer."""

from __future__ import annotations

import time

import click

from tui_finetune.cli import diagnostics, output
from tui_finetune.cli.follow import follow
from tui_finetune.cli.options import Call
from tui_finetune.cli.runs_common import exit_code, find_run, require_readable
from tui_finetune.errors import ExitCode, Problem, UserError
from tui_finetune.runs import control
from tui_finetune.runs.control import Request
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.status import Status
from tui_finetune.runs.tail import Event, EventTail
from tui_finetune.text import shown

ANSWER_SECONDS = 5.0
"""A worker reads its requests every 0.2 s, also while it loads; one that is stalled or far away may take longer."""
POLL_SECONDS = 0.05


def ask(call: Call, query: str, action: str, *, wait: bool) -> None:
    """Sends the request, says what was answered, with `wait` follows the run to its end. The body of `stop` and `abort`."""
    info = require_readable(find_run(call, query, lambda one: one.status().live))
    status = _live(info, action)
    if status.state == "stopping" and action == "stop":
        diagnostics.say(shown(f"{info.title} is stopping already."))
        _finish(call, info, action, None, None, wait=wait)
        return
    request, tail = _send(info, action, status)
    answer = _answer(info, request, tail)
    _tell(info, action, answer)
    if answer is not None and answer.get("answer") == "refused":
        raise UserError(f"{info.title} refuses to {action}: {answer.get('why')}.")
    _finish(call, info, action, request, answer, wait=wait)


def _live(info: RunInfo, action: str) -> Status:
    """The status of a run that may answer. Raises UserError where nobody is there to do so."""
    status = info.status()
    if status.live:
        return status
    if status.state == "died":
        raise UserError(Problem(f"{info.title} cannot {action}: {status.words}.", hint=status.advice))
    raise UserError(f"{info.title} has ended already: {status.words}.")


def _send(info: RunInfo, action: str, status: Status) -> tuple[Request, EventTail]:
    tail = EventTail(info.paths)
    tail.poll()
    try:
        return control.send(info.paths, action, status.attempt or 1), tail
    except OSError as error:
        raise UserError(f"{info.paths.control} cannot be written: {error.strerror}.") from error


def _answer(info: RunInfo, request: Request, tail: EventTail) -> Event | None:
    """The worker's answer, or None when none came in time or the run ended first."""
    deadline = time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < deadline:
        for event in tail.poll():
            if event.name == "request" and event.get("id") == request.id:
                return event
        if not info.status().live:
            break
        time.sleep(POLL_SECONDS)
    return None


def _tell(info: RunInfo, action: str, answer: Event | None) -> None:
    if answer is None:
        status = info.status()
        if status.live:
            text = f"{info.title} has not answered within {ANSWER_SECONDS:.0f} s ({status.words}); the request stays."
        else:
            text = f"{info.title} ended before it answered: {status.words}."
        diagnostics.say(shown(text))
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
