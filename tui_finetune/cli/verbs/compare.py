"""`compare`: runs side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from tui_finetune.cli import output
from tui_finetune.cli.diagnostics import say
from tui_finetune.cli.options import Call, verb
from tui_finetune.cli.runs_common import find_run, require_readable
from tui_finetune.errors import UserError
from tui_finetune.live import words
from tui_finetune.live.comparison import (
    Comparison,
    compare,
    difference_words,
    fork_rows,
    fork_words,
    side_of,
    value_words,
)
from tui_finetune.live.spread import Spread, spreads
from tui_finetune.runs.info import RunInfo
from tui_finetune.text import Shown, cut_end, shown

VALUE_WIDTH = 28
RIGHT = (1, 2, 3, 4, 5)


@click.command()
@click.argument("runs", metavar="RUN RUN [RUN …]", nargs=-1, required=True)
@click.option("--spread", "as_spread", is_flag=True, help="Mean and standard deviation of each figure over the runs.")
@click.option(
    "--out-of-fold",
    "target",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write what each run said of the rows that it held out, as one .parquet.",
)
@verb
def command(call: Call, runs: tuple[str, ...], as_spread: bool, target: Path | None) -> None:
    """Runs side by side: their metrics, and where their recipes differ."""
    infos = [require_readable(find_run(call, one)) for one in runs]
    if len(infos) < 2:
        raise UserError(f"One run is nothing to compare: name another beside {infos[0].title}.")
    if len({info.id for info in infos}) < len(infos):
        raise UserError("The same run twice: name different ones.")
    if target is not None:
        _write_out_of_fold(infos, target)
    found = compare([side_of(info) for info in infos])
    over = spreads(found.metrics) if as_spread else {}
    if call.json:
        told = {"spread": {name: one.as_json() for name, one in over.items()}} if as_spread else {}
        output.print_json({**found.as_json(), **told})
    elif as_spread:
        _print_spread(found, over)
    else:
        _print(found)


def _write_out_of_fold(infos: Sequence[RunInfo], target: Path) -> None:
    from tui_finetune.evaluation.out_of_fold import write_out_of_fold

    rows = write_out_of_fold(infos, target)
    say(shown(f"{target}: {words.count(rows)} rows, each by the run that held it out."))


def _print_spread(found: Comparison, over: Mapping[str, Spread]) -> None:
    rows = [[shown(name), *map(Shown, one.row())] for name, one in over.items()]
    output.print_lines(output.table(["metric", "mean", "deviation", "lowest", "highest", "runs"], rows, right=RIGHT))
    output.print_line()
    differ = [key for key, _ in found.recipe]
    said = f"Their recipes differ in {', '.join(differ)}." if differ else "Their recipes say the same."
    output.print_line(shown(said))
    for text in found.warnings:
        output.print_line(shown(f"! {text}"))


def _print(found: Comparison) -> None:
    head = [shown(side.info.title) for side in found.sides]
    two = len(head) == 2
    right = tuple(range(1, len(head) + 2))
    facts = [[shown(name), *(_cell(value or words.NOTHING) for value in values)] for name, values in found.facts]
    output.print_lines(output.table(["", *head], facts))
    if found.metrics:
        rows = [
            [
                shown(name),
                *(Shown(words.score(one)) for one in values),
                *([Shown(difference_words(values))] if two else []),
            ]
            for name, values in found.metrics
        ]
        output.print_line()
        output.print_lines(output.table(["metric", *head, *(["difference"] if two else [])], rows, right=right))
    if found.since_fork is not None:
        output.print_line()
        output.print_line(shown(fork_words(found.since_fork)))
        steps = [[Shown(at), *map(Shown, values)] for at, values in fork_rows(found.since_fork)]
        output.print_lines(output.table(["step", *head], steps, right=right) if steps else [])
    output.print_line()
    if found.recipe:
        rows = [[shown(key), *(_cell(value_words(value)) for value in values)] for key, values in found.recipe]
        output.print_lines(output.table(["recipe", *head], rows))
    else:
        output.print_line(Shown("Their recipes say the same."))
    for text in found.warnings:
        output.print_line(shown(f"! {text}"))


def _cell(text: str) -> Shown:
    return cut_end(text, VALUE_WIDTH)
