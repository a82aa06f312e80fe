"""`abort`: end now."""

from __future__ import annotations

import click

from tui_finetune.cli.options import Call, verb
from tui_finetune.cli.request import ask
from tui_finetune.cli.runs_common import run_argument


@click.command()
@run_argument
@click.option("--wait", is_flag=True, help="Return when the run has ended.")
@verb
def command(call: Call, run: str, wait: bool) -> None:
    """End now; work since the last checkpoint is lost."""
    ask(call, run, "abort", wait=wait)
