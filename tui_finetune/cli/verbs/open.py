"""`open`: the interface, on the list of runs or on one of them."""

from __future__ import annotations

import contextlib

import click

from tui_finetune.cli import diagnostics, output
from tui_finetune.cli.options import Call, verb
from tui_finetune.errors import UserError
from tui_finetune.text import shown


@click.command()
@click.argument("run", metavar="[RUN]", required=False)
@click.option("--ascii", is_flag=True, help="Draw with ASCII signs alone.")
@verb
def command(call: Call, run: str | None, ascii: bool) -> None:
    """The interface, on the list of runs or on one of them. Runs go on when it ends."""
    from tui_finetune.cli.runs_common import find_run

    info = find_run(call, run) if run is not None else None
    if call.json:
        output.print_json({"home": str(call.home.root), "run": info.id if info is not None else None})
        return
    show(call, info.id if info is not None else None, ascii=ascii)


def show(call: Call, run_id: str | None = None, *, ascii: bool = False) -> None:
    """The interface until its person leaves. Raises UserError where the terminal cannot show it."""
    from tui_finetune.cli.launching import launch_of
    from tui_finetune.ui import start

    if (why := start.drawable()) is not None:
        raise UserError(f"{why}.")
    said = start.run(call.home, lambda: launch_of(call), open_run=run_id, ascii=ascii or None)
    if said:
        with contextlib.suppress(OSError):  # the terminal is gone: there is nobody to tell
            diagnostics.say(shown(said))
