"""`queue`: who works on which device, who waits, and in which order."""

from __future__ import annotations

import time
from typing import Any

import click

from tui_finetune.cli import output
from tui_finetune.cli.diagnostics import say
from tui_finetune.cli.groups import VerbGroup
from tui_finetune.cli.options import Call, verb
from tui_finetune.cli.request import ask
from tui_finetune.cli.runs_common import find_run, run_argument
from tui_finetune.errors import Problem, UserError
from tui_finetune.live import words
from tui_finetune.runs import atomic, queue
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.queue import Entry, Line
from tui_finetune.runs.store import RunStore
from tui_finetune.text import Shown, shown


@click.group(cls=VerbGroup, invoke_without_command=True)
@verb
def command(call: Call) -> None:
    """Runs that wait for a device, in their order, and those that work on one."""
    if click.get_current_context().invoked_subcommand is not None:
        return
    line = _line(call)
    rows: list[tuple[int | None, Entry]] = [(None, entry) for entry in line.working if entry.counts]
    rows += [(place, entry) for place, entry in enumerate((e for e in line.waiting if e.counts), start=1)]
    if call.json:
        output.print_json([_as_json(call, place, entry) for place, entry in rows])
    elif not rows:
        output.print_line(Shown("Nobody works and nobody waits. tui-finetune train RECIPE --queue stands in line."))
    else:
        now = time.time()
        output.print_lines(output.wrapped_table(["place", "run", "id", "device", "since", ""], [
            [
                Shown("works" if place is None else str(place)),
                shown(_name(call, entry.run)),
                shown(entry.run[-4:]),
                shown(" or ".join(entry.devices)),
                Shown(words.clock(entry.since, now)),
                shown(f"after {_name(call, entry.after)}" if entry.after else ""),
            ]
            for place, entry in rows
        ]))  # fmt: skip


@command.command()
@run_argument
@click.option("--first", is_flag=True, help="To the front.")
@click.option("--last", is_flag=True, help="To the end.")
@click.option("--before", metavar="RUN", help="In front of another that waits.")
@verb
def move(call: Call, run: str, first: bool, last: bool, before: str | None) -> None:
    """Give a waiting run another place: --first, --last or --before RUN."""
    if [first, last, before is not None].count(True) != 1:
        raise UserError(Problem("where to is missing.", hint="One of --first, --last and --before RUN."))
    info = find_run(call, run, _waits)
    other = find_run(call, before, _waits) if before is not None else None
    try:
        line = queue.move(call.home.queue, info.id, before=other.id if other else None, last=last)
    except KeyError as error:
        named = other if other is not None and error.args[0] == other.id else info
        hint = "tui-finetune queue lists those that do."
        raise UserError(Problem(f"{named.title} does not wait: it is {named.status().words}.", hint=hint)) from None
    except OSError as error:
        raise UserError(f"{call.home.queue} cannot be written: {error.strerror}.") from error
    if call.json:
        output.print_json([_as_json(call, line.place(entry.run), entry) for entry in line.waiting])
    else:
        say(shown(f"{info.title} has place {line.place(info.id)} now."))


@command.command()
@run_argument
@verb
def remove(call: Call, run: str) -> None:
    """Take a waiting run out of the line: it is stopped, and resume puts it back."""
    info = find_run(call, run, _waits)
    status = info.status()
    if status.state != "queued":
        hint = f"tui-finetune stop {info.short} ends it." if status.live else None
        raise UserError(Problem(f"{info.title} does not wait: it is {status.words}.", hint=hint))
    ask(call, info.id, "stop", wait=True)


def _waits(info: RunInfo) -> bool:
    return info.status().state == "queued"


def _line(call: Call) -> Line:
    try:
        return queue.read_line(call.home.queue)
    except atomic.Unreadable as error:
        hint = "Removing it is safe: whoever waits stands in line again at once."
        raise UserError(Problem(f"{call.home.queue}: {error}.", hint=hint)) from error


def _name(call: Call, run_id: str) -> str:
    info = RunStore(call.home).get(run_id)
    return info.name if info is not None else run_id


def _as_json(call: Call, place: int | None, entry: Entry) -> dict[str, Any]:
    """place: null for one that works."""
    return {
        "place": place,
        "run": entry.run,
        "name": _name(call, entry.run),
        "devices": list(entry.devices),
        "since": entry.since,
        "after": entry.after,
    }
