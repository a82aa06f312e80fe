"""`runs`: every job of this home, newest first."""

from __future__ import annotations

import time

import click

from tui_finetune.cli import output
from tui_finetune.cli.options import Call, verb
from tui_finetune.cli.runs_common import MARKS
from tui_finetune.live import words
from tui_finetune.live.listing import result_words
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.status import Status
from tui_finetune.runs.store import RunStore
from tui_finetune.text import Shown, cut_middle, shown

NAME_WIDTH = 28
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
    found = []
    for info in RunStore(call.home).list():
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
        asked = states or task or kind or tags
        output.print_line(Shown("No such runs." if asked else "No runs yet. tui-finetune demo makes a first one."))
        return
    now = time.time()
    rows = [_row(info, status, now) for info, status in found]
    output.print_lines(output.table(["state", "run", "id", "result", "started", "progress", "tags"], rows))


def _row(info: RunInfo, status: Status, now: float) -> list[Shown]:
    return [
        Shown(f"{MARKS[status.state]} {status.state}"),
        cut_middle(info.name, NAME_WIDTH),
        shown(info.short),
        shown(result_words(status)),
        Shown(words.clock(info.created, now)),
        shown(progress_words(status)),
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
    if status.state in ("stalled", "unreachable"):
        return (status.reason or "")[:REASON_WIDTH]
    return " ".join(part for part in (share if status.step else None, status.phase) if part) or words.NOTHING
