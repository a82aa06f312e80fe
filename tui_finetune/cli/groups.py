"""Groups of verbs: nothing in their help is cut, and a call that is typed wrong is answered by what was meant."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

import click

from tui_finetune.errors import did_you_mean

PROGRAM = "tui-finetune"
SYNONYMS: dict[str, str] = {
    "list": "runs", "ls": "runs", "ps": "runs", "history": "runs",
    "status": "show", "info": "show", "describe": "show", "get": "show",
    "fit": "train", "finetune": "train", "fine-tune": "train", "start": "train",
    "test": "evaluate", "eval": "evaluate", "score": "evaluate", "validate": "config check", "check": "config check",
    "infer": "predict", "inference": "predict", "classify": "predict", "generate": "predict",
    "kill": "abort", "cancel": "stop", "restart": "resume",
    "change": "set", "tune": "set", "hold": "pause", "unpause": "continue", "checkpoint": "save", "revert": "rollback",
    "follow": "watch", "attach": "watch", "tail": "logs -f", "log": "logs",
    "delete": "rm", "remove": "rm", "restore": "trash restore", "undo": "trash restore",
    "fork": "branch", "split": "branch", "rename": "edit", "tag": "edit",
    "init": "config new", "new": "config new", "create": "config new",
    "dataset": "data show", "inspect": "data show", "ui": "open", "tui": "open", "dashboard": "open",
    "version": "--version", "diff": "compare", "env": "doctor", "diagnose": "doctor",
}  # fmt: skip
"""What other programs call it, and the verb here."""
OF_EVERY_VERB = ("--json", "--home", "--plugin-dir", "--no-plugins")


class VerbGroup(click.Group):
    """A group within a verb: `config`, `data`, `trash` …"""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            name = ctx.info_name
            there = self.list_commands(ctx)
            hint = did_you_mean(args[0], there) or f"There are: {', '.join(there)}."
            if "show" in there and Path(args[0]).expanduser().exists():
                hint = f"{PROGRAM} {name} show {args[0]} looks at it."
            raise click.UsageError(f"{args[0]} is not a verb of {name}. {hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Verbs"):
            formatter.write_dl([(name, first_sentence(one)) for name, one in found if one is not None])


def first_sentence(command: click.Command) -> str:
    """The first line of a verb's help, whole."""
    return (command.help or "").strip().partition("\n")[0]


def as_help(args: list[str]) -> list[str]:
    """`help train` as `train --help`."""
    return [*args[1:], "--help"] if args[:1] == ["help"] and len(args) > 1 else args


def unknown_verb(ctx: click.Context, name: str, verbs: Iterable[str]) -> NoReturn:
    """Refuses with the verb that was meant: by another program's word, or the nearest spelling."""
    meant = SYNONYMS.get(name.casefold())
    hint = f"Did you mean {PROGRAM} {meant}?" if meant else did_you_mean(name, verbs)
    raise click.UsageError(f"{name} is not a verb. {hint or f'{PROGRAM} --help lists the verbs.'}", ctx)


def as_open(args: list[str], verbs: Iterable[str], own: Iterable[str]) -> list[str]:
    """Options without a verb are those of `open`, which is what no verb at all opens. own: options of the program itself."""
    if (
        not args
        or not args[0].startswith("-")
        or args[0] in own
        or "--json" in args
        or any(arg in verbs for arg in args)
    ):
        return args
    return ["open", *args]


def misplaced(ctx: click.Context, error: click.NoSuchOption, args: list[str], verbs: Iterable[str]) -> NoReturn:
    """An option before the verb: where one that every verb has belongs."""
    if error.option_name not in OF_EVERY_VERB:
        raise error
    verb = next((arg for arg in args if arg in verbs), "VERB")
    message = f"{error.option_name} comes after the verb: {PROGRAM} {verb} {error.option_name} …"
    raise click.UsageError(message, ctx) from error


def wants_json() -> bool:
    """Whether this call asked for JSON, also where it is so wrong that no option was read."""
    return "--json" in sys.argv[1 : sys.argv.index("--") if "--" in sys.argv else None]
