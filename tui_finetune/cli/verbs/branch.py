"""`branch`: a new run from a checkpoint of another, with its optimizer's state or with the weights alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tui_finetune.cli.diagnostics import say
from tui_finetune.cli.launching import checked, follow_training, launch_of
from tui_finetune.cli.options import Call, run_name, verb
from tui_finetune.cli.runs_common import find_run, require_readable, run_argument
from tui_finetune.errors import Problem, UserError
from tui_finetune.text import shown

if TYPE_CHECKING:
    from tui_finetune.runs.info import RunInfo


@click.command()
@run_argument
@click.option("--at", "at", metavar="CHECKPOINT", default="last", show_default=True, help="Its step, best or last.")
@click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="What is other than in RUN.")
@click.option(
    "--optimizer",
    type=click.Choice(["keep", "fresh"]),
    default="keep",
    show_default=True,
    help="keep: go on with optimizer, schedule and place in the data. fresh: the weights alone, from step 0.",
)
@click.option("--name", callback=run_name, help="Name of the branch; else RUN's with the step behind it.")
@click.option("--wait", is_flag=True, help="Follow it to its end; else it returns once the run is known to train.")
@verb
def command(call: Call, run: str, at: str, sets: tuple[str, ...], optimizer: str, name: str | None, wait: bool) -> None:
    """Start a new run from a checkpoint of RUN.

    RUN itself stays as it is, also while it trains. With the optimizer kept, --set takes what `set` takes, from the step
    after the checkpoint on; with a fresh one anything of the recipe.
    """
    from tui_finetune.config.load import load_recipe
    from tui_finetune.launch.branching import changes_of
    from tui_finetune.launch.check import check
    from tui_finetune.launch.interrupts import HeldInterrupts
    from tui_finetune.launch.start import start
    from tui_finetune.live.recipe_copy import branch_of_run
    from tui_finetune.runs.info import read_info
    from tui_finetune.runs.kept import kept_checkpoint

    info = require_readable(find_run(call, run, _has_checkpoint))
    if info.kind != "train":
        raise UserError(Problem(f"{info.title} is of kind {info.kind}: it has no checkpoints."))
    kept, keep = kept_checkpoint(info, at), optimizer == "keep"
    text = branch_of_run(
        info, kept.step, call.catalog, call.home.cache, keep=keep, name=name or f"{info.name}-{kept.step}"
    )
    given = changes_of(sets, kept.step) if keep else sets
    loaded = load_recipe(None, text.encode(), sets=given, catalog=call.catalog, cache=call.home.cache)
    ready = checked(lambda told: check(loaded, home=call.home, catalog=call.catalog, progress=told))
    with HeldInterrupts() as held:
        branch = read_info(start(ready, launch_of(call, held)).paths)
        say(shown(f"Run {branch.title} has a process of its own: ctrl+c or a closed terminal leaves it alone."))
        follow_training(call, branch, held, wait=wait, checked=ready)


def _has_checkpoint(info: RunInfo) -> bool:
    from tui_finetune.runs.records import checkpoints

    return info.kind == "train" and bool(checkpoints(info.paths, {}))
