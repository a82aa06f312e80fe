"""`rm`: ended runs into the trash."""

from __future__ import annotations

import click

from tui_finetune.cli import diagnostics, output
from tui_finetune.cli.options import Call, verb
from tui_finetune.errors import Problem, UserError
from tui_finetune.runs.store import RunStore
from tui_finetune.text import shown


@click.command()
@click.argument("runs", metavar="RUN", nargs=-1, required=True)
@verb
def command(call: Call, runs: tuple[str, ...]) -> None:
    """Move ended runs to the trash. trash restore brings them back."""
    store = RunStore(call.home)
    found = {info.id: info for info in (store.find(run, lambda one: not one.status().live) for run in runs)}
    problems: list[Problem] = []
    for info in found.values():
        status = info.status()
        if status.live:
            hint = f"tui-finetune stop {info.short} ends it first."
            problems.append(Problem(f"{info.title} is {status.words}; only ended runs go to the trash.", hint=hint))
    if problems:
        raise UserError(problems)
    moved = [(info, store.trash(info)) for info in found.values()]
    if call.json:
        output.print_json([{"id": info.id, "name": info.name, "path": str(path)} for info, path in moved])
        return
    for info, _ in moved:
        diagnostics.say(shown(f"{info.title} is in the trash. tui-finetune trash restore {info.short} brings it back."))
