"""`runs`: every job of this home, newest first."""

from __future__ import annotations

import time
from collections.abc import Sequence

import click

from tui_finetune.cli import output
from tui_finetune.cli.options import Call, verb
from tui_finetune.cli.runs_common import MARKS
from tui_finetune.errors import Problem, UserError, did_you_mean
from tui_finetune.live import words
from tui_finetune.live.lineage import origin_short
from tui_finetune.live.listing import result_words
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.status import Status
from tui_finetune.runs.store import RunStore
from tui_finetune.text import Shown, cut_middle, shown

NAME_WIDTH = 28
STATES_ASKED = ("live", "ended", *MARKS)
KINDS = ("train", "evaluate", "predict", "export", "search")
REASON_WIDTH = 60


@click.command()
@click.option("--state", "states", multiple=True, help="Only runs in this state, or live, or ended; may be repeated.")
@click.option("--task", help="Only runs of this task.")
@click.option("--kind", help="Only runs of this kind: train, evaluate …")
@click.option("--tag", "tags", multiple=True, help="Only runs with this tag; may be repeated.")
@click.option("-n", "--limit", type=click.IntRange(min=1), help="The newest so many.")
@verb
def command(
    call: Call, states: tuple[str, ...], task: str | None, kind: str | None, tags: tuple[str, ...], limit: int | None
) -> None:
    """List runs, newest first."""
    for given, known, what in (*((state, STATES_ASKED, "state") for state in states), (kind, KINDS, "kind")):
        if given is not None and given not in known:
            hint = did_you_mean(given, known) or f"There are: {', '.join(known)}."
            raise UserError(Problem(f"no {what} '{given}'.", hint=hint))
    listed = RunStore(call.home).list()
    found = []
    for info in listed:
        if (kind and info.kind != kind) or (task and info.task != task) or not set(tags) <= set(info.tags):
            continue
        status = info.status()
        if not states or status.state in states or ("live" if status.live else "ended") in states:
            found.append((info, status))
        if limit is not None and len(found) == limit:
            break
    if call.json:
        output.print_json([info.as_json(status) for info, status in found])
        return
    if not found:
        output.print_line(_none_of(listed, task, tags))
        return
    now = time.time()
    rows = [_row(info, status, now) for info, status in found]
    head = ["state", "run", "id", "result", "started", "progress", "of", "tags"]
    if not any(row[6] for row in rows):
        head, rows = [*head[:6], head[7]], [[*row[:6], row[7]] for row in rows]
    output.print_lines(output.wrapped_table(head, rows))


def _none_of(listed: Sequence[RunInfo], task: str | None, tags: Sequence[str]) -> Shown:
    """Why the list is empty; a task or a tag that no run has is told with those that there are."""
    if not listed:
        return Shown("No runs yet. tui-finetune demo makes a first one.")
    tasks = {info.task for info in listed if info.task}
    known = {tag for info in listed for tag in info.tags}
    for given, there, what in ((task, tasks, "task"), *((tag, known, "tag") for tag in tags)):
        if given is not None and given not in there:
            return shown(f"No run with {what} '{given}'. There are: {', '.join(sorted(there)) or 'none'}.")
    return Shown("No such runs.")


def _row(info: RunInfo, status: Status, now: float) -> list[Shown]:
    return [
        Shown(f"{MARKS[status.state]} {status.state}"),
        cut_middle(info.name, NAME_WIDTH),
        shown(info.short),
        shown(result_words(status)),
        Shown(words.clock(info.created, now)),
        shown(progress_words(status)),
        shown(origin_short(info)),
        shown(" ".join(info.tags)),
    ]


def progress_words(status: Status) -> str:
    """`59 %`, `took 1 m 24 s`, `at 40 %`, or why not."""
    if status.state == "unreadable":
        return (status.reason or "")[:REASON_WIDTH]
    if status.state == "finished":
        return f"took {words.duration(status.seconds)}"
    share = words.share(status.step, status.steps) if status.steps else None
    if not status.live:
        return f"at {share}" if share else words.NOTHING
    if status.state in ("stalled", "unreachable", "queued") and status.reason:
        return (status.reason or "")[:REASON_WIDTH]
    return " ".join(part for part in (share if status.step else None, status.phase) if part) or words.NOTHING
