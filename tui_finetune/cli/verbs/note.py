"""`note`: a line in the history of a run."""

from __future__ import annotations

import click

from tui_finetune.cli.options import Call, verb
from tui_finetune.cli.runs_common import run_argument
from tui_finetune.cli.steering import Waiting, steer, waits


@click.command()
@run_argument
@click.argument("text", nargs=-1, required=True)
@waits
@verb
def command(call: Call, run: str, text: tuple[str, ...], waiting: Waiting) -> None:
    """Write a line into the history of a run that goes on.

    It stands there at its step, with who wrote it. The note beside a run's name is edit RUN --note.
    """
    said = " ".join(text).strip()
    if not said:
        raise click.UsageError("the note is empty.")
    steer(call, run, "note", {"text": said}, waiting=waiting, instead="tui-finetune edit {run} --note TEXT writes one.")
