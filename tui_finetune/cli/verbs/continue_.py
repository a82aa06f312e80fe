"""`continue`: a run that is held goes on."""

from __future__ import annotations

import click

from tui_finetune.cli.options import Call, verb
from tui_finetune.cli.runs_common import run_argument
from tui_finetune.cli.steering import Waiting, steer, waits


@click.command()
@run_argument
@waits
@verb
def command(call: Call, run: str, waiting: Waiting) -> None:
    """Go on with a run that pause holds.

    A run that has ended goes on by resume.
    """
    steer(call, run, "continue", {}, waiting=waiting)
