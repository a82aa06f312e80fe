"""`set`: change settings of a run while it goes on."""

from __future__ import annotations

import click

from tui_finetune.cli.options import Call, verb
from tui_finetune.cli.runs_common import run_argument
from tui_finetune.cli.steering import Waiting, keys_in_words, pairs, settings, steer, waits


@click.command(
    context_settings={"ignore_unknown_options": True},  # -3 is a value, to be refused by what it is given for
    epilog=f"Keys: {keys_in_words()}. Numbers may be factors, as in: learning_rate x0.5. docs/steering.md has them all.",
)
@run_argument
@click.argument("pairs_", nargs=-1, required=True, metavar="KEY VALUE [KEY VALUE …]")
@click.option("--reason", help="Why; it is kept in the history of the run.")
@click.option(
    "--no-stretch", is_flag=True, help="A schedule ends where it would have, though the run gets longer or shorter."
)
@waits
@verb
def command(
    call: Call, run: str, pairs_: tuple[str, ...], reason: str | None, no_stretch: bool, waiting: Waiting
) -> None:
    """Change settings while a run goes on.

    Several keys are one change: all of them from the same step, or none. What is wrong with them is told before anything
    is sent. It returns when the worker has answered, with --applied when the change is in force.
    """
    values = {"set": settings(pairs(pairs_)), "reason": reason, "stretch": not no_stretch}
    steer(call, run, "set", values, waiting=waiting)
