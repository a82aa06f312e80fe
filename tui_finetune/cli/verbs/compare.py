"""`compare`: runs side by side."""

from __future__ import annotations

import click

from tui_finetune.cli import output
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
from tui_finetune.text import Shown, cut_end, shown

VALUE_WIDTH = 28


@click.command()
@click.argument("runs", metavar="RUN RUN [RUN …]", nargs=-1, required=True)
@verb
def command(call: Call, runs: tuple[str, ...]) -> None:
    """Runs side by side: their metrics, and where their recipes differ."""
    infos = [require_readable(find_run(call, one)) for one in runs]
    if len(infos) < 2:
        raise UserError(f"One run is nothing to compare: name another beside {infos[0].title}.")
    if len({info.id for info in infos}) < len(infos):
        raise UserError("The same run twice: name different ones.")
    found = compare([side_of(info) for info in infos])
    if call.json:
        output.print_json(found.as_json())
        return
    _print(found)


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
