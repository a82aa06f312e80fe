"""`resume`: a new attempt at a run that ended early, from its newest whole checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tui_finetune.cli.diagnostics import say
from tui_finetune.cli.launching import follow_training, launch_of
from tui_finetune.cli.options import Call, verb
from tui_finetune.cli.runs_common import find_run, require_readable, run_argument
from tui_finetune.text import shown

if TYPE_CHECKING:
    from tui_finetune.runs.info import RunInfo


@click.command()
@run_argument
@click.option("--wait", is_flag=True, help="Follow it to its end; else it returns once the run is known to train.")
@click.option("--force", is_flag=True, help="Also a run of another machine of which nothing is heard any more.")
@verb
def command(call: Call, run: str, wait: bool, force: bool) -> None:
    """Go on from the newest whole checkpoint.

    `latest` is the newest training run. Without a whole checkpoint the run begins again with the same seed, and says so.
    """
    from tui_finetune.launch.interrupts import HeldInterrupts
    from tui_finetune.launch.start import resume

    info = require_readable(find_run(call, run, _is_training))
    with HeldInterrupts() as held:
        started = resume(info, launch_of(call, held), force=force)
        say(shown(f"Run {info.title}, attempt {started.attempt}: ctrl+c or a closed terminal leaves it alone."))
        follow_training(call, info.fresh(), held, wait=wait)


def _is_training(info: RunInfo) -> bool:
    return info.kind == "train"
