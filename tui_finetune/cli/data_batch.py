"""`data batch`: the first batch of a recipe as its Trainer gets it, and what each way of batching would waste."""

from __future__ import annotations

from pathlib import Path

import click

from tui_finetune.cli import output
from tui_finetune.cli.diagnostics import ProgressLine, say
from tui_finetune.cli.options import Call, verb
from tui_finetune.text import Shown, cut_end, cut_front, shown

WIDTH, ROW_ID, LABEL = 100, 24, 24


@click.command()
@click.argument("recipe", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="What is other than in the file.")
@click.option("--measure", is_flag=True, help="Train batches of some lengths, and tell how long an epoch would take.")
@verb
def batch(call: Call, recipe: Path, sets: tuple[str, ...], measure: bool) -> None:
    """The first batch of RECIPE exactly as its Trainer gets it: rows, tokens, padding.

    A process goes as far as a run would before it trains, and leaves nothing behind. Beside it stands what each order and
    padding would waste in an epoch; with --measure also how long it would take.
    """
    from tui_finetune.cli.launching import checked_recipe, launch_of
    from tui_finetune.launch.batch_look import first_batch
    from tui_finetune.live import first_batch as told

    checked = checked_recipe(call, recipe, sets, quiet=call.json)
    progress = ProgressLine()

    def tick(what: str, done: int, total: int | None) -> None:
        if total is None:
            progress.update(f"{what} …")
        else:
            progress(what, done, total)

    try:
        found = first_batch(checked, launch_of(call), measure=measure, progress=tick)
    finally:
        progress.clear()
    if call.json:
        output.print_json(found)
        return
    labels = checked.prepared.labels
    output.print_line(shown(told.summary(found)))
    rows = [
        [
            cut_front(row, ROW_ID),
            Shown(tokens),
            Shown(padded),
            cut_end(label, LABEL),
            cut_end(text, WIDTH - ROW_ID - LABEL),
        ]
        for row, tokens, padded, label, text in told.row_cells(found, labels.names if labels else ())
    ]
    output.print_lines(output.table(["row", "tokens", "padding", "label", ""], rows, right=(1, 2)))
    output.print_line(shown(told.tensor_words(found)))
    output.print_line(Shown(""))
    choices = [[shown(cell) for cell in row] for row in told.choice_cells(found)]
    output.print_lines(output.table(["", "an epoch", "padding", "tokens", "time"], choices, right=(2, 3, 4)))
    if not measure:
        say(Shown("--measure tells how long an epoch of each would take."))


VERBS = (batch,)
