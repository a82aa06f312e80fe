"""`edit`: name, tags and note of a run, also while it runs."""

from __future__ import annotations

import click

from tui_finetune.cli import diagnostics, output
from tui_finetune.cli.options import Call, run_name, verb
from tui_finetune.cli.runs_common import find_run, require_readable, run_argument
from tui_finetune.errors import UserError
from tui_finetune.runs.info import write_label
from tui_finetune.text import shown


@click.command()
@run_argument
@click.option("--name", callback=run_name, help="A new name.")
@click.option("--tag", "tags", multiple=True, help="Add a tag; -TAG takes one away. May be given several times.")
@click.option("--note", help="A note; an empty one removes it.")
@verb
def command(call: Call, run: str, name: str | None, tags: tuple[str, ...], note: str | None) -> None:
    """Name, tags and note of a run."""
    info = require_readable(find_run(call, run))
    if name is None and note is None and not tags:
        raise UserError("Nothing to change: give --name, --tag or --note.")
    try:
        edited = write_label(
            info,
            name=name,
            tags=changed_tags(info.tags, tags) if tags else None,
            note=note,
        )
    except OSError as error:
        raise UserError(f"{info.paths.label_json} cannot be written: {error.strerror}.") from error
    if call.json:
        output.print_json(edited.as_json())
        return
    parts = [edited.title, " ".join(edited.tags), edited.note]
    diagnostics.say(shown("  ".join(part for part in parts if part)))


def changed_tags(tags: tuple[str, ...], changes: tuple[str, ...]) -> list[str]:
    """`tags` with each change applied: `paper` adds, `-paper` takes away. Raises UserError for what is no tag."""
    kept = list(tags)
    for change in changes:
        tag = change.removeprefix("-").strip()
        if not tag or any(char.isspace() for char in tag):
            raise UserError(f"'{change}' is no tag: a tag is one word.")
        if change.startswith("-"):
            if tag not in kept:
                raise UserError(f"no tag '{tag}' to take away. There are: {', '.join(kept) or 'none'}.")
            kept.remove(tag)
        elif tag not in kept:
            kept.append(tag)
    return kept
