"""`resume`: a new attempt at a run that ended early, from its newest whole checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from tui_finetune.cli.diagnostics import say
from tui_finetune.cli.launching import follow_training, launch_of
from tui_finetune.cli.options import Call, verb
from tui_finetune.cli.runs_common import find_run, require_readable, run_argument
from tui_finetune.text import shown

if TYPE_CHECKING:
    from tui_finetune.launch.differences import Difference
    from tui_finetune.runs.info import RunInfo


@click.command()
@run_argument
@click.option("--wait", is_flag=True, help="Follow it to its end; else it returns once the run is known to train.")
@click.option("--force", is_flag=True, help="Also a run of another machine of which nothing is heard any more.")
@click.option(
    "--set", "sets", multiple=True, metavar="KEY=VALUE", help="A setting that changes no result, as loader workers."
)
@click.option("--accept", is_flag=True, help="Also where it would not be the same run: what differs is told and kept.")
@verb
def command(call: Call, run: str, wait: bool, force: bool, sets: tuple[str, ...], accept: bool) -> None:
    """Go on from the newest whole checkpoint.

    `latest` is the newest training run. Without a whole checkpoint the run begins again with the same seed, and says so.
    Other versions, another device, other data: what differs is named before anything starts, and has to be accepted.
    """
    from tui_finetune.launch.interrupts import HeldInterrupts
    from tui_finetune.launch.start import resume

    info = require_readable(find_run(call, run, _is_training))
    with HeldInterrupts() as held:
        started = resume(info, launch_of(call, held), force=force, accept=accept, sets=sets, tell=_tell)
        say(shown(f"Run {info.title}, attempt {started.attempt}: ctrl+c or a closed terminal leaves it alone."))
        follow_training(call, info.fresh(), held, wait=wait)


def _tell(differences: Sequence[Difference]) -> None:
    for one in differences:
        say(shown(f"! {one.text}"))


def _is_training(info: RunInfo) -> bool:
    return info.kind == "train"
