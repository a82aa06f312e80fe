"""`settings`: how the interface looks, and its keys."""

from __future__ import annotations

from typing import Any

import click

from tui_finetune.cli import diagnostics, output
from tui_finetune.cli.groups import VerbGroup
from tui_finetune.cli.options import Call, verb
from tui_finetune.errors import Problem, UserError
from tui_finetune.text import Shown, shown
from tui_finetune.ui.settings import HELP, KEYS, Settings, known_name, read_settings, value_of, write_setting


@click.group(cls=VerbGroup, invoke_without_command=True)
@verb
def command(call: Call) -> None:
    """How the interface looks, and its keys: what is set, or set and unset one."""
    if click.get_current_context().invoked_subcommand is not None:
        return
    found = read_settings(call.home.settings)
    if call.json:
        output.print_json(_as_json(call, found))
        return
    rows = [[Shown(name), shown(_words(value_of(found, name))), shown(about)] for name, about in HELP.items()]
    rows += [[shown(f"{KEYS}{id}"), shown(" ".join(keys)), Shown("")] for id, keys in found.keymap.changed.items()]
    output.print_lines(output.wrapped_table(["setting", "value", ""], rows))
    output.print_line(shown(f"In {call.home.settings}; the ids of keys are in docs/keys.md."))
    for problem in found.problems:
        diagnostics.say(shown(f"! {problem}"))


@command.command("set")
@click.argument("name")
@click.argument("value", nargs=-1, required=True)
@verb
def set_(call: Call, name: str, value: tuple[str, ...]) -> None:
    """Set one: theme light, or keys.run.stop S (several keys as several words)."""
    name = known_name(name)
    _told(call, name, _write(call, name, list(value) if name.startswith(KEYS) else _read(name, value)))


@command.command()
@click.argument("name")
@verb
def unset(call: Call, name: str) -> None:
    """The usual value again."""
    name = known_name(name)
    _told(call, name, _write(call, name, None))


def _read(name: str, words: tuple[str, ...]) -> Any:
    from tui_finetune.config.sets import parse_value

    if len(words) > 1:
        raise UserError(Problem(f"{name}: one value, and {len(words)} are given.", hint=HELP[name]))
    return words[0] if name == "theme" else parse_value(words[0])


def _write(call: Call, name: str, value: Any) -> Settings:
    try:
        call.home.ensure()
        return write_setting(call.home.settings, name, value)
    except OSError as error:
        raise UserError(f"{call.home.settings} cannot be written: {error.strerror}.") from error


def _told(call: Call, name: str, found: Settings) -> None:
    if call.json:
        output.print_json(_as_json(call, found))
    else:
        diagnostics.say(shown(f"{name} is {_words(value_of(found, name))} from the next start of the interface on."))


def _words(value: Any) -> str:
    if isinstance(value, list | tuple):
        return " ".join(value)
    return (
        "as the terminal needs it" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    )


def _as_json(call: Call, found: Settings) -> dict[str, Any]:
    return {
        "file": str(call.home.settings),
        **{name: value_of(found, name) for name in HELP},
        "keys": {id: list(keys) for id, keys in found.keymap.changed.items()},
        "problems": list(found.problems),
    }
