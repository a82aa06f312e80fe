"""`train`: a recipe checked, handed to a worker that outlives the terminal, and watched until it trains or to its end."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import click

from tui_finetune.cli.diagnostics import say
from tui_finetune.cli.launching import checked_recipe, follow_training, launch_of
from tui_finetune.cli.options import Call, run_name, verb
from tui_finetune.errors import Problem, RecipeError
from tui_finetune.text import shown


@click.command()
@click.argument("recipe", type=click.Path(path_type=Path))
@click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="Put a value over the recipe's.")
@click.option("--over", metavar="KEY=A,B,C", help="A run for each value, in line: --over run.seed=1..5.")
@click.option("--name", callback=run_name, help="Name of the run; else the recipe's.")
@click.option("--queue", is_flag=True, help="Wait until no other run works on the device.")
@click.option("--after", metavar="RUN", help="Wait until another run has finished.")
@click.option("--after-any", metavar="RUN", help="Wait until another run has ended, however it did.")
@click.option("--force", is_flag=True, help="Begin though pre-flight finds that it does not fit.")
@click.option("--wait", is_flag=True, help="Follow it to its end; else it returns once the run is known to train.")
@verb
def command(
    call: Call,
    recipe: Path,
    sets: tuple[str, ...],
    over: str | None,
    name: str | None,
    queue: bool,
    after: str | None,
    after_any: str | None,
    force: bool,
    wait: bool,
) -> None:
    """Train from a recipe, on a worker that outlives this terminal.

    Everything is checked first, all problems told at once. Then the run belongs to the machine: ctrl+c or a closed
    terminal leaves it alone.
    """
    from tui_finetune.launch.interrupts import HeldInterrupts
    from tui_finetune.launch.start import start
    from tui_finetune.runs.info import read_info

    sets = (*sets, *_in_line(queue, after, after_any))
    if over is not None:
        from tui_finetune.cli.repeated import parse_over, train_over

        train_over(call, recipe, parse_over(over), sets, name=name, force=force, wait=wait)
    checked = checked_recipe(call, recipe, sets)
    if checked.recipe.kind != "train":
        hint = "tui-finetune evaluate measures a model."
        raise RecipeError(Problem(f"is '{checked.recipe.kind}', not 'train'.", "kind", recipe.name, hint=hint))
    with HeldInterrupts() as held:
        info = read_info(start(checked, replace(launch_of(call, held), force=force), name=name).paths)
        say(shown(f"Run {info.title} has a process of its own: ctrl+c or a closed terminal leaves it alone."))
        follow_training(call, info, held, wait=wait, checked=checked)


def _in_line(queue: bool, after: str | None, after_any: str | None) -> list[str]:
    """The options of waiting as `--set` has them."""
    named = after_any or after
    sets = ["run.queue=true"] if queue else []
    sets += [f"run.after={json.dumps(named)}"] if named is not None else []
    return [*sets, "run.after_any=true"] if after_any is not None else sets
