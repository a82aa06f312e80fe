"""What the steering verbs share: values checked before they are sent, the answer waited for, told, and an exit code."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click

from tui_finetune.cli import diagnostics, output
from tui_finetune.cli.options import Call
from tui_finetune.cli.request import POLL_SECONDS, answer_to, live_run, refused, send, unanswered
from tui_finetune.errors import ExitCode, Problem, UserError
from tui_finetune.live.control import Asked, asked, outcome, read_value, what
from tui_finetune.live.series import History
from tui_finetune.runs.control import Request
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.settable import SETTABLE, checked
from tui_finetune.runs.tail import Event, EventTail
from tui_finetune.text import shown

RESUME = "tui-finetune resume {run} goes on from its newest whole checkpoint."
ANOTHER = "tui-finetune branch {run} --at best --set KEY=VALUE starts another from it."

WHEN_IT_GOES_ON = ("set",)
"""What a run that is held does not do before it goes on."""


@dataclass(frozen=True)
class Waiting:
    """How long a verb waits."""

    answer: bool = True
    applied: bool = False


def waits(function: Callable[..., None]) -> Callable[..., None]:
    """Adds `--no-wait` and `--applied`, passed as `waiting`."""

    @click.option("--no-wait", is_flag=True, help="Do not wait for the answer.")
    @click.option("--applied", is_flag=True, help="Return when it is done, not when it is accepted.")
    @functools.wraps(function)
    def wrapped(*args: Any, no_wait: bool, applied: bool, **kwargs: Any) -> None:
        if no_wait and applied:
            raise click.UsageError("--no-wait and --applied exclude each other.")
        function(*args, waiting=Waiting(not no_wait, applied), **kwargs)

    return wrapped


def settings(given: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Keys and values as they were typed, checked. Raises UserError with every problem."""
    typed: dict[str, Any] = {}
    problems: list[Problem] = []
    for key, text in given:
        if key in typed:
            problems.append(Problem("is given twice.", key))
        typed[key] = read_value(key, text)
    found, more = checked(typed)
    if problems or more:
        raise UserError([*problems, *more])
    return found


def pairs(words: Iterable[str]) -> list[tuple[str, str]]:
    """`learning_rate 1e-5 weight_decay=0.1` as pairs. Raises UsageError for a key without a value."""
    found: list[tuple[str, str]] = []
    rest = iter(words)
    for word in rest:
        if word.startswith("-"):
            raise click.NoSuchOption(word, ctx=click.get_current_context(silent=True))
        key, equals, value = word.partition("=")
        if not equals:
            value = next(rest, "")
            if not value:
                raise click.UsageError(f"{key} has no value: tui-finetune set RUN {key} VALUE.")
        found.append((key, value))
    return found


def keys_in_words() -> str:
    """All keys, for a verb's help."""
    return f"{', '.join(key for key in SETTABLE if not key.startswith('health.'))}, health.RULE"


def steer(
    call: Call,
    query: str,
    action: str,
    values: Mapping[str, Any],
    *,
    waiting: Waiting,
    instead: str | None = RESUME,
    check: Callable[[RunInfo], None] | None = None,
    more: Callable[[Sequence[Event]], Mapping[str, Any]] | None = None,
) -> list[Event]:
    """Sends a request to a run that lives, tells what came of it, and returns what the run said up to the end of waiting.

    check: raises UserError for what this run cannot do, before anything is sent. more: what the JSON document has besides,
    from those events. Raises UserError where the request was refused or came to nothing.
    """
    info, status = live_run(call, query, action, instead=instead, finished=ANOTHER if instead == RESUME else None)
    if check is not None:
        check(info)
    request, tail = send(info, action, status, values)
    answer, behind = answer_to(info, request, tail) if waiting.answer else (None, [])
    events = [answer] if answer is not None else []
    row = _row(request, events)
    if waiting.applied and row.answer == "accepted":
        held = status.state == "paused" and action in WHEN_IT_GOES_ON
        hint = f" It is held: tui-finetune continue {info.short} lets it go on." if held else ""
        diagnostics.say(shown(f"{info.title}: {what(row)} {outcome(row)}.{hint}"))
        events += _until_done(info, request, tail, behind)
        row = _row(request, events)
    if call.json:
        output.print_json(_document(info, request, row) | dict(more(events) if more is not None else {}))
    if row.answer == "refused":
        raise refused(info, action, events[0])
    if waiting.answer and row.answer == "waiting":
        diagnostics.say(unanswered(info))
        click.get_current_context().exit(ExitCode.RUN_FAILED)
    if waiting.applied and row.answer != "applied":
        raise UserError(f"{info.title} ended before it was done: {info.status().words}.", exit_code=ExitCode.RUN_FAILED)
    told = outcome(row) if waiting.answer else "is sent"
    diagnostics.say(shown(f"{info.title}: {what(row)} {told}."))
    return events


def _until_done(info: RunInfo, request: Request, tail: EventTail, events: list[Event]) -> list[Event]:
    """The events up to `applied`; without it where the run ended first. ctrl+c leaves run and request alone.

    events: those that were read already.
    """
    found: list[Event] = []
    live = True
    while True:
        for event in events:
            found.append(event)
            if event.name == "applied" and event.get("id") == request.id:
                return found
        if not live:
            return found
        time.sleep(POLL_SECONDS)
        live = info.status().live  # looked at before the events: what came with the end is read still
        events = tail.poll()


def _row(request: Request, events: Iterable[Event]) -> Asked:
    """The request as its own events leave it."""
    own = (event for event in events if event.name in ("request", "applied") and event.get("id") == request.id)
    return asked(History(own), [request])[0]


def _document(info: RunInfo, request: Request, row: Asked) -> dict[str, Any]:
    refused = row.answer == "refused"
    return {
        "id": info.id,
        "action": request.action,
        "request": request.id,
        "answer": None if row.answer == "waiting" else "refused" if refused else "accepted",
        "when": row.words if row.words and not refused else None,
        "why": row.words if refused else None,
        "applied": row.answer == "applied",
        "step": row.step,
        "old": dict(row.old),
        "new": dict(row.new),
        "values": dict(request.values),
        "by": request.by,
        "state": info.status().state,
    }
