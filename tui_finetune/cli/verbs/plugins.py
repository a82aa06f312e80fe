"""`plugins`: what is installed, what each adds, what failed; switched off and on; new ones. Works with every plugin broken."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui_finetune.cli import diagnostics, output
from tui_finetune.cli.groups import VerbGroup
from tui_finetune.cli.options import Call, verb
from tui_finetune.errors import UserError, did_you_mean
from tui_finetune.live.plugins_page import gives_words, health, plain_remarks, version_words
from tui_finetune.text import Shown, shown

if TYPE_CHECKING:
    from tui_finetune.plugin_api.manager import Catalog, PluginInfo


@click.group(cls=VerbGroup)
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
    rows = [[health(p).text, shown(p.name), shown(version_words(p)), shown(gives_words(p))] for p in plugins]
    output.print_lines(output.wrapped_table(["health", "plugin", "version", "gives"], rows))
    for info in plugins:
        output.print_lines(plain_remarks(info))
    if any(info.health == "failed" for info in plugins):
        output.print_line(Shown("plugins show NAME prints the traceback."))


@command.command()
@click.argument("name")
@verb
def show(call: Call, name: str) -> None:
    """One plugin: where it comes from, everything it gives, the traceback where it failed."""
    info = _plugin(call, name)
    if call.json:
        output.print_json(info.as_json())
        return
    output.print_line(shown(f"{health(info).text}  {info.name} {info.version or ''}".rstrip()))
    output.print_line(shown(f"from   {info.origin}"))
    if info.off_because is not None:
        output.print_line(shown(f"off    {info.off_because}"))
    if info.help:
        output.print_line(shown(info.help))
    for kind, names in info.gives.items():
        output.print_line(shown(f"{kind}: {', '.join(names)}"))
    output.print_lines(plain_remarks(info))
    if info.traceback:
        output.print_line()
        output.print_line(shown(info.traceback.rstrip(), multiline=True))


@command.command()
@verb
def hooks(call: Call) -> None:
    """The hooks that a plugin may define, and the plugins here that do."""
    from tui_finetune.plugin_api.hooks import all_hooks

    by = {hook: [p.name for p in call.catalog.plugins if hook.name in p.hooks] for hook in all_hooks()}
    if call.json:
        output.print_json([{**vars(hook), "plugins": names} for hook, names in by.items()])
        return
    rows = [[shown(hook.signature), shown(", ".join(names) or "–")] for hook, names in by.items()]
    output.print_lines(output.wrapped_table(["hook", "defined by"], rows))


@command.command()
@click.argument("name")
@verb
def on(call: Call, name: str) -> None:
    """Switch a plugin on again."""
    _switch(call, name, on=True)


@command.command()
@click.argument("name")
@verb
def off(call: Call, name: str) -> None:
    """Switch a plugin off: it is listed, and not imported by what is started from now on."""
    _switch(call, name, on=False)


@command.command()
@click.argument("name")
@click.option("--kind", help="preprocessor (without it), source, task, metric or events.")
@click.option(
    "--folder", type=click.Path(path_type=Path, file_okay=False), help="Where it is written; else the home's plugins/."
)
@verb
def new(call: Call, name: str, kind: str | None, folder: Path | None) -> None:
    """Write a plugin that works, and its test, for you to change."""
    from tui_finetune.plugin_api.templates import USUAL_KIND, new_plugin

    written = new_plugin(folder.absolute() if folder is not None else call.home.plugins, name, kind or USUAL_KIND)
    if call.json:
        output.print_json({"name": name, "kind": kind or USUAL_KIND, "files": [str(path) for path in written]})
        return
    output.print_lines(shown(str(path)) for path in written)
    found = "there" if folder is None else f"found with --plugin-dir {folder}"
    diagnostics.say(shown(f"It works as it is, and is {found}; the second file is its test."))


def _plugin(call: Call, name: str) -> PluginInfo:
    info = call.catalog.plugin(name)
    if info is None:
        raise UserError(_unknown(name, call.catalog))
    return info


def _unknown(name: str, catalog: Catalog) -> str:
    known = [info.name for info in catalog.plugins]
    return f"no plugin '{name}'. {did_you_mean(name, known) or 'There are: ' + ', '.join(known) + '.'}"


def _switch(call: Call, name: str, *, on: bool) -> None:
    """Imports no plugin: one that hangs or kills the program can be switched off."""
    from tui_finetune.plugin_api.manager import load_catalog
    from tui_finetune.plugin_api.switches import read_off, switch

    there = load_catalog(call.home, plugin_dirs=call.plugin_dirs, third_party=False)
    if name == "builtin":
        raise UserError("builtin is the program itself.")
    if there.plugin(name) is None and name not in read_off(call.home):
        raise UserError(_unknown(name, there))
    changed = switch(call.home, name, on=on)
    if call.json:
        output.print_json({"name": name, "on": on, "changed": changed})
        return
    after = ". Runs in progress keep what they started with." if changed else " already."
    diagnostics.say(shown(f"{name} is {'on' if on else 'off'}{after}"))
