"""`pause`: hold after this step; `continue` goes on."""

from __future__ import annotations

import click

from tui_finetune.cli.options import Call, verb
from tui_finetune.cli.runs_common import run_argument
from tui_finetune.cli.steering import Waiting, steer, waits


@click.command()
@run_argument
@click.option(
    "--release", is_flag=True, help="Give the device's memory up too; the run takes it again when it goes on."
)
@waits
@verb
def command(call: Call, run: str, release: bool, waiting: Waiting) -> None:
    """Hold after this step; continue goes on.

    A held run takes no processor time and comes back the same.
    """
    steer(call, run, "pause", {"release": release}, waiting=waiting)
