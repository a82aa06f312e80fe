"""`demo`: a small classifier, trained on this machine, now, and used: what this program is for, in three minutes."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui_finetune.cli import output
from tui_finetune.cli.diagnostics import ProgressLine, say
from tui_finetune.cli.groups import PROGRAM
from tui_finetune.cli.launching import checked_recipe, ending, launch_of
from tui_finetune.cli.options import Call, run_name, verb
from tui_finetune.cli.verbs.open import show
from tui_finetune.errors import Problem, UserError
from tui_finetune.text import Shown, aligned, cut_end, pad, shown

if TYPE_CHECKING:
    from tui_finetune.launch.check import Checked
    from tui_finetune.runs.info import RunInfo

RECIPE = "demo"
CONFUSED = 3
SENTENCES = (
    "Open a connection to the server and wait for its answer.",
    "Compute the median of a list of numbers.",
    "Walk over the elements of an XML document.",
)
"""Of no docstring: what the model has never seen. A test holds that."""
SENTENCE_WIDTH = 58


@click.command()
@click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="Put a value over the demo's recipe.")
@click.option("--name", callback=run_name, help="Name of the run in the list of runs.")
@click.option("--plain", is_flag=True, help="Plain lines on a terminal too, instead of the run's screen.")
@verb
def command(call: Call, sets: tuple[str, ...], name: str | None, plain: bool) -> None:
    """Train a small classifier on this machine, now, and use it.

    Which chapter of Python's Library Reference does a sentence belong to? A pre-trained encoder learns it from the
    docstrings of this Python in about two and a half minutes. Nothing is downloaded. On a terminal the run's screen opens;
    when it is left, what was measured is printed.
    """
    from tui_finetune.cli.follow import follow
    from tui_finetune.cli.runs_common import exit_code, run_json
    from tui_finetune.config.samples import sample
    from tui_finetune.launch.interrupts import HeldInterrupts
    from tui_finetune.launch.start import start
    from tui_finetune.runs.info import read_info

    checked = checked_recipe(call, sample(RECIPE), sets, quiet=True)
    for line in introduction(checked):
        say(line)
    with HeldInterrupts() as held:
        info = read_info(start(checked, launch_of(call, held), name=name).paths)
        say(shown(f"Run {info.title} has a process of its own: ctrl+c or a closed terminal leaves it alone."))
        if plain or not _on_a_screen(call):
            follow(call, info, quiet=True, held=held)
    if not plain and _on_a_screen(call):
        show(call, info.id)
    status = info.fresh().status()
    if call.json:
        output.print_json(run_json(info))
    elif status.live:
        output.print_line(shown(info.id))
    elif status.state == "finished":
        say(Shown(""))
        _print(call, info)
    else:
        for line in ending(info, status):
            say(line)
    click.get_current_context().exit(exit_code(status))


def _on_a_screen(call: Call) -> bool:
    """True where the run's screen can be shown."""
    if call.json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    from tui_finetune.ui.start import drawable

    return drawable() is None


def _print(call: Call, info: RunInfo) -> None:
    """Figures first, so that they are there if the helper that predicts fails."""
    from tui_finetune.inference.client import HelperSpec, ModelHelper

    report, confused = _measured(info)
    output.print_lines(figures(report, confused))
    output.flush()
    progress = ProgressLine()
    progress.update("Loading the model …")
    try:
        with ModelHelper(HelperSpec(info.paths.model, call.home)) as helper:
            answers = helper.predict([{"text": sentence} for sentence in SENTENCES])
    finally:
        progress.clear()
    output.print_lines(predictions(answers))
    output.print_lines(what_next(info))


def _measured(info: RunInfo) -> tuple[Mapping[str, Any], Sequence[Any]]:
    """The report of the test split, and its most confused pairs with an example of each."""
    from tui_finetune.evaluation.predictions import read
    from tui_finetune.evaluation.reports import most_confused, read_report
    from tui_finetune.runs.layout import PREDICTIONS, REPORT

    folder = info.paths.evaluation("test")
    try:
        report = read_report(folder / REPORT)
        rows = read(folder / PREDICTIONS, ["text", "gold", "predicted", "loss"])
    except (OSError, ValueError) as error:
        raise UserError(Problem(f"{folder} cannot be read: {error}.", hint="The run itself has finished.")) from error
    return report, most_confused(report, CONFUSED, rows)


def introduction(checked: Checked) -> list[Shown]:
    """What is about to be trained, on what."""
    rows = checked.prepared.splits["train"].num_rows
    labels = len(checked.prepared.labels) if checked.prepared.labels else 0
    return [
        shown(f"Which of {labels} chapters of Python's Library Reference does a sentence belong to?"),
        shown(f"{rows:,} sentences to learn from: {checked.prepared.format}."),
    ]


def figures(report: Mapping[str, Any], confused: Sequence[Any]) -> list[Shown]:
    """The table with the baselines beside it, and what is taken for what."""
    from tui_finetune.evaluation.rendering import confused_lines, metric_lines

    beside = {name: found["metrics"] for name, found in report.get("baselines", {}).items()}
    lines = [shown(f"On {report['rows']:,} sentences that it was not trained on"), Shown("")]
    lines += _indented(metric_lines(report["metrics"], beside))
    helps = [f"{name}: {found['help']}" for name, found in report.get("baselines", {}).items() if found.get("help")]
    lines += _indented([shown("; ".join(helps))] if helps else [])
    if confused:
        lines += [Shown(""), Shown("Most confused (right → said)"), Shown("")]
        lines += _indented(confused_lines(confused, 78))
    return [*lines, Shown("")]


def predictions(answers: Sequence[Mapping[str, Any]]) -> list[Shown]:
    """Each sentence with its label and how sure the model is."""
    from tui_finetune.evaluation.rendering import number

    texts = [cut_end(str(answer["text"]), SENTENCE_WIDTH) for answer in answers]
    rows = aligned(
        [(text, shown(answer["label"]), number(answer["score"])) for text, answer in zip(texts, answers, strict=True)]
    )
    return [Shown("Sentences that it has never seen"), Shown(""), *_indented(rows), Shown("")]


def what_next(info: RunInfo) -> list[Shown]:
    """Where everything lies, and what to type."""
    typed = (
        *_onto_the_path(),
        (f'tui-finetune predict {info.short} "Your own sentence."', "try it"),
        (f"tui-finetune show {info.short}", "what the run recorded"),
        ("tui-finetune config new --data FILE -o recipe.toml", "a recipe for your own data"),
        ("tui-finetune train recipe.toml", "train on it"),
    )
    width = max(len(line) for line, _ in typed)
    lines = [shown(f"Everything of this run: {info.paths.root}"), Shown("Next:"), Shown("")]
    return lines + _indented([Shown(f"{pad(shown(line), width)}   {why}") for line, why in typed])


def _onto_the_path() -> list[tuple[str, str]]:
    """What makes the other lines work where the shell does not find the program: after `make demo`."""
    activate = Path(sys.prefix) / "bin" / "activate"
    if shutil.which(PROGRAM) is not None or not activate.is_file():
        return []
    return [(f"source {activate}", "so that this shell finds tui-finetune")]


def _indented(lines: Sequence[Shown]) -> list[Shown]:
    return [Shown(f"  {line}") for line in lines]
