"""`plugins`: what is installed, what each adds, and what failed, with its traceback. Works with every plugin broken."""

from __future__ import annotations

from pathlib import Path

import click

from tui_finetune.cli import output
from tui_finetune.cli.options import Call, verb
from tui_finetune.errors import UserError, did_you_mean
from tui_finetune.plugin_api.manager import PluginInfo
from tui_finetune.text import Shown, cut_front, shown

MARKS = {"works": "✓ works", "failed": "✗ failed", "off": "· off"}
NAMES = 2
"""Up to this many names are listed, more are counted."""
PATH_WIDTH = 60


@click.group()
def command() -> None:
    """What is installed, what it adds, and what failed."""


@command.command("list")
@verb
def list_plugins(call: Call) -> None:
    """All plugins, one a line."""
    plugins = call.catalog.plugins
    if call.json:
        output.print_json([info.as_json() for info in plugins])
        return
    rows = [[Shown(MARKS[p.health]), shown(p.name), shown(_version(p)), shown(_gives(p))] for p in plugins]
    output.print_lines(output.table(["health", "plugin", "version", "gives"], rows))
    for info in plugins:
        output.print_lines(_remarks(info))
    if any(info.health == "failed" for info in plugins):
        output.print_line(Shown("plugins show NAME prints the traceback."))


@command.command()
@click.argument("name")
@verb
def show(call: Call, name: str) -> None:
    """One plugin: where it comes from, everything it gives, the traceback where it failed."""
    info = call.catalog.plugin(name)
    if info is None:
        known = [p.name for p in call.catalog.plugins]
        hint = did_you_mean(name, known) or f"There are: {', '.join(known)}."
        raise UserError(f"no plugin '{name}'. {hint}")
    if call.json:
        output.print_json(info.as_json())
        return
    output.print_line(shown(f"{MARKS[info.health]}  {info.name} {info.version or ''}".rstrip()))
    output.print_line(shown(f"from   {info.origin}"))
    for kind, names in info.gives.items():
        output.print_line(shown(f"{kind}: {', '.join(names)}"))
    output.print_lines(_remarks(info))
    if info.traceback:
        output.print_line()
        output.print_line(shown(info.traceback.rstrip(), multiline=True))


def _version(info: PluginInfo) -> str:
    return info.version or ("file" if Path(info.origin).is_absolute() else "–")


def _gives(info: PluginInfo) -> str:
    """`2 tasks, source conllu`."""
    parts = []
    for kind, names in info.gives.items():
        word = kind.removesuffix("s") if len(names) == 1 else kind
        parts.append(f"{word} {', '.join(names)}" if len(names) <= NAMES else f"{len(names)} {kind}")
    return ", ".join(parts) or "–"


def _remarks(info: PluginInfo) -> list[Shown]:
    """Why it failed and what its author should know, a line each."""
    lines = [shown(f"! {info.name}: {note}") for note in info.notes]
    if info.error is not None:
        place = cut_front(info.origin, PATH_WIDTH)
        lines.insert(0, shown(f"✗ {info.name} failed in {info.hook}: {info.error} ({place})"))
    return lines
