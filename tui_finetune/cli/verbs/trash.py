"""`trash`: runs that were removed, until it is emptied."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click

from tui_finetune.cli import diagnostics, output
from tui_finetune.cli.groups import VerbGroup
from tui_finetune.cli.options import Call, verb
from tui_finetune.errors import UserError
from tui_finetune.live import words
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.store import RunStore
from tui_finetune.text import Shown, shown

NAMED = 5
"""Runs that the question before deleting names."""


@click.group(cls=VerbGroup)
def command() -> None:
    """List, restore, empty the trash."""


@command.command("list")
@verb
def list_trash(call: Call) -> None:
    """What is in the trash, newest first."""
    found = RunStore(call.home).trashed()
    if call.json:
        output.print_json([{**info.as_json(), "bytes": size_of(info.paths.root)} for info in found])
        return
    if not found:
        output.print_line(Shown("The trash is empty."))
        return
    now = time.time()
    rows = [
        [
            shown(info.name),
            shown(info.short),
            Shown(words.clock(info.created, now)),
            Shown(words.size(size_of(info.paths.root))),
        ]
        for info in found
    ]
    output.print_lines(output.table(["run", "id", "started", "size"], rows, right=(3,)))


@command.command()
@click.argument("run", metavar="RUN")
@verb
def restore(call: Call, run: str) -> None:
    """Put a run back."""
    info = RunStore(call.home).restore(run)
    if call.json:
        output.print_json(info.as_json())
        return
    diagnostics.say(shown(f"{info.title} is back: {info.paths.root}"))


@command.command()
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@verb
def empty(call: Call, yes: bool) -> None:
    """Delete what is in the trash, for good."""
    store = RunStore(call.home)
    found = store.trashed()
    if found and not yes:
        if not sys.stdin.isatty():
            raise UserError(f"{_runs(len(found))} would be deleted for good. --yes says that this is meant.")
        if not click.confirm(_question(found), err=True):
            diagnostics.say(Shown("Nothing was deleted."))
            if call.json:
                output.print_json([])
            return
    gone = store.empty()
    if call.json:
        output.print_json([{"id": info.id, "name": info.name} for info in gone])
    else:
        diagnostics.say(shown(f"{_runs(len(gone))} deleted." if found else "The trash is empty."))
    if len(gone) < len(found):
        left = ", ".join(info.id for info in found if info.paths.root.exists())
        raise UserError(f"These could not be deleted: {left}.")


def _runs(count: int) -> str:
    return f"{count} run{'' if count == 1 else 's'}"


def _question(found: Sequence[RunInfo]) -> Shown:
    """What would be deleted, by name where that fits, and how large it is."""
    room = words.size(sum(size_of(info.paths.root) for info in found))
    named = ", ".join(info.title for info in found[:NAMED])
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return shown(f"Delete {named}{more}, {room}, for good?")


def size_of(root: Path) -> int:
    """Bytes of all files below a folder; what goes away meanwhile is not counted."""
    total = 0
    for path in root.rglob("*"):
        try:
            total += path.lstat().st_size if not path.is_dir() else 0
        except OSError:
            continue
    return total
