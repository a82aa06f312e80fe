"""`recipe`: a run's recipe for another run, with `--with-changes` as it was steered."""

from __future__ import annotations

import click

from tui_finetune.cli import output
from tui_finetune.cli.diagnostics import say
from tui_finetune.cli.options import Call, verb
from tui_finetune.cli.runs_common import find_run, require_readable, run_argument
from tui_finetune.errors import UserError
from tui_finetune.runs import atomic
from tui_finetune.runs.changes import Change, in_force, read_changes
from tui_finetune.runs.info import RunInfo
from tui_finetune.text import shown


@click.command()
@run_argument
@click.option("--with-changes", is_flag=True, help="With a [[change]] for everything that was set while it ran.")
@verb
def command(call: Call, run: str, with_changes: bool) -> None:
    """Print a run's recipe.

    Everything that was found out is written in it: revisions, columns, labels, paths. With --with-changes training from it
    does again what was done, step by step. The file as it was given is request.toml in the run's directory.
    """
    from tui_finetune.config.replay import replay
    from tui_finetune.config.write import read_resolved

    info = require_readable(find_run(call, run))
    if not info.paths.recipe_toml.is_file():
        raise UserError(f"{info.title} has no recipe: a script of its own made it.")
    changes = steered(info)
    if changes and not with_changes:
        count = f"{len(changes)} change{'s' if len(changes) > 1 else ''}"
        say(shown(f"{info.title} was steered: --with-changes adds its {count}."))
    kept = changes if with_changes else []
    head = [f"Recipe of {info.title}: all that was found out is written in it."]
    text = replay(read_resolved(info.paths.recipe_toml), kept, model=info.model, head=head)
    if call.json:
        output.print_json({"id": info.id, "recipe": text, "changes": len(kept)})
    else:
        output.print_raw(text)


def steered(info: RunInfo) -> list[Change]:
    """What was set beside the recipe and holds, from changes.json."""
    try:
        atomic.read_json(info.paths.changes_json)
    except FileNotFoundError:
        return []
    except atomic.Unreadable as error:
        raise UserError(f"{info.paths.changes_json} cannot be read: {error}.") from error
    return [one for one in in_force(read_changes(info.paths)) if one.by != "recipe"]
