"""`rollback`: a run goes on from one of its checkpoints, in the same process."""

from __future__ import annotations

import click

from tui_finetune.cli.options import Call, verb
from tui_finetune.cli.runs_common import run_argument
from tui_finetune.cli.steering import Waiting, settings, steer, waits
from tui_finetune.errors import Problem, UserError
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.records import checkpoints


@click.command()
@run_argument
@click.option(
    "--checkpoint", type=click.IntRange(min=0), metavar="STEP", help="Its step; without it the last good one."
)
@click.option(
    "--set", "sets", multiple=True, metavar="KEY=VALUE", help="From there with another setting; several are allowed."
)
@click.option("--reason", help="Why; it is kept in the history of the run.")
@waits
@verb
def command(
    call: Call, run: str, checkpoint: int | None, sets: tuple[str, ...], reason: str | None, waiting: Waiting
) -> None:
    """Go on from an earlier checkpoint, without starting again.

    Steps after it count no more, and changes made since are dropped. It begins another attempt of the run.
    """
    given = []
    for text in sets:
        key, equals, value = text.partition("=")
        if not equals:
            raise click.UsageError(f"'{text}' has no '='. Write --set learning_rate=1e-5.")
        given.append((key.strip(), value))
    values = {"checkpoint": checkpoint, "set": settings(given), "reason": reason}

    def has_it(info: RunInfo) -> None:
        there = [one.step for one in checkpoints(info.paths, {}) if one.whole]
        if not there:
            raise UserError(
                Problem(
                    f"{info.title} has no whole checkpoint yet.", hint=f"tui-finetune save {info.short} writes one."
                )
            )
        if checkpoint is not None and checkpoint not in there:
            steps = ", ".join(f"{step:,}" for step in there)
            raise UserError(
                Problem(f"{info.title} has no whole checkpoint of step {checkpoint:,}.", hint=f"There are: {steps}.")
            )

    steer(call, run, "rollback", values, waiting=waiting, check=has_it)
