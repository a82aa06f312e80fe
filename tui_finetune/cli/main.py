"""The command line: one module per verb, imported only when it is named, so that `--help` and `runs` stay quick."""

from __future__ import annotations

import importlib
import keyword
import sys
from typing import Any

import click

from tui_finetune import __version__
from tui_finetune.cli import diagnostics
from tui_finetune.cli.groups import as_help, as_open, misplaced, unknown_verb

VERBS: dict[str, str] = {
    "open": "The interface: every run on a screen. tui-finetune alone opens it too.",
    "demo": "Train a small classifier on this machine, now, and use it.",
    "config": "Write, check and show recipes.",
    "data": "Look at data before training on it.",
    "train": "Train from a recipe, on a worker that outlives this terminal.",
    "runs": "List runs.",
    "show": "One run: state, progress, metrics, where everything lies.",
    "health": "What was found while a run trained, and what helps.",
    "recipe": "Print a run's recipe, with --with-changes as it was steered.",
    "compare": "Runs side by side: metrics, and where their recipes differ.",
    "logs": "What the worker printed.",
    "watch": "Follow a run as plain lines.",
    "set": "Change settings while a run goes on.",
    "pause": "Hold after this step; continue goes on.",
    "continue": "Go on with a run that pause holds.",
    "save": "Write a checkpoint at the next step.",
    "rollback": "Go on from an earlier checkpoint, without starting again.",
    "note": "Write a line into the history of a run that goes on.",
    "stop": "Finish the step, save, end.",
    "abort": "End now; work since the last checkpoint is lost.",
    "resume": "Go on from the newest whole checkpoint.",
    "branch": "Start a new run from a checkpoint of another.",
    "queue": "Runs that wait for a device: list, move, remove.",
    "evaluate": "Evaluate a run's model or a model folder.",
    "report": "What an evaluation found: figures, labels, confusions, rows.",
    "predict": "Labels for texts, from a run's model or a model folder.",
    "export": "A model as a folder of its own, from a run or one of its checkpoints.",
    "edit": "Name, tags and note of a run.",
    "rm": "Move ended runs to the trash.",
    "trash": "List, restore, empty the trash.",
    "plugins": "What is installed, what it adds, and what failed.",
    "settings": "How the interface looks, and its keys.",
    "doctor": "What is installed here, what will not work, and how to mend it.",
}
"""Verb to its one line of help. The command is `command` in the module of that verb."""


def module_of(name: str) -> str:
    """The module of a verb; one whose name is a word of Python has a line behind it: `continue_`."""
    return f"tui_finetune.cli.verbs.{name}{'_' if keyword.iskeyword(name) else ''}"


class Verbs(click.Group):
    """A group that imports a verb's module when the verb is called, and not for the list in `--help`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        module = importlib.import_module(module_of(cmd_name))
        command: click.Command = module.command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise diagnostics.ReaderGone from error

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        given = as_open(as_help(args), VERBS, (name for option in self.get_params(ctx) for name in option.opts))
        try:
            return super().parse_args(ctx, given)
        except click.NoSuchOption as error:
            misplaced(ctx, error, args, VERBS)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] == "help":
            click.echo(ctx.get_help())
            ctx.exit()
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            unknown_verb(ctx, args[0], VERBS)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


@click.group(
    cls=Verbs,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
    epilog="Every verb takes --json and --home. RUN is an id, its beginning, its last four characters, a name, or latest.",
)
@click.version_option(__version__, prog_name="tui-finetune")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Fine-tune Hugging Face models from a terminal."""
    if ctx.invoked_subcommand is not None:
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        click.echo(ctx.get_help())
        return
    from tui_finetune.cli.options import Call
    from tui_finetune.cli.verbs.open import show
    from tui_finetune.paths import Home

    show(Call(Home.find(), json=False))


def main() -> None:
    """Entry point of the console script: runs the command line and exits with its code."""
    diagnostics.run(cli)
