"""`rm`: ended runs into the trash."""

from __future__ import annotations

import click

from tui_finetune.cli import diagnostics, output
from tui_finetune.cli.options import Call, verb
from tui_finetune.errors import UserError
from tui_finetune.runs.store import RunStore
from tui_finetune.text import shown


@click.command()
@click.argument("runs", metavar="RUN …", nargs=-1, required=True)
@click.option("--force", is_flag=True, help="Also a run that is unreachable: on a machine that is gone.")
@verb
def command(call: Call, runs: tuple[str, ...], force: bool) -> None:
    """Move ended runs to the trash. trash restore brings them back."""
    store = RunStore(call.home)
    found = {info.id: info for info in (store.find(run, lambda one: not one.status().live) for run in runs)}
    problems = [problem for info in found.values() if (problem := store.why_not_trash(info, force=force)) is not None]
    if problems:
        raise UserError(problems)
    moved = [(info, store.trash(info, force=force)) for info in found.values()]
    if call.json:
        output.print_json([{"id": info.id, "name": info.name, "path": str(path)} for info, path in moved])
        return
    for info, _ in moved:
        diagnostics.say(shown(f"{info.title} is in the trash. tui-finetune trash restore {info.short} brings it back."))
