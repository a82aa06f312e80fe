"""`save`: a checkpoint now."""

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
    """Write a checkpoint at the next step.

    With --applied it returns when the checkpoint is whole.
    """
    steer(call, run, "save", {}, waiting=waiting)
