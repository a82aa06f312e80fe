"""`data edits` and `data export`: edits of rows beside the data, and the edited data as a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui_finetune.cli import output
from tui_finetune.cli.diagnostics import say
from tui_finetune.cli.edited_rows import (
    cell_set,
    cells_given,
    conflicts_of,
    decision,
    edit_rows,
    label_column,
    meant_by,
    opened_of,
    tell,
)
from tui_finetune.cli.groups import VerbGroup
from tui_finetune.cli.options import Call, verb
from tui_finetune.errors import DataError, ExitCode, Problem, UserError, did_you_mean
from tui_finetune.text import Shown, cut_end, shown

if TYPE_CHECKING:
    from tui_finetune.edits.entry import Entry
    from tui_finetune.edits.overlay import Overlay

CELL = 40
FILE = click.option(
    "--file",
    "named",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file of edits; else the recipe's, else the home's own for these data.",
)
WHO = click.option("--who", help="Whose edit it is; else the system's name of the user.")
ROWS = click.argument("rows", metavar="ROW …", nargs=-1, required=True)
PATH = click.argument("path")


@click.group(cls=VerbGroup, name="edits")
def edits() -> None:
    """Rows relabelled, corrected, dropped, moved: kept beside the data, which stay as they are."""


@edits.command("list")
@PATH
@FILE
@click.option("--output", "-o", "target", type=click.Path(path_type=Path, dir_okay=False), help="Write a CSV of them.")
@verb
def list_(call: Call, path: str, named: Path | None, target: Path | None) -> None:
    """The edits in force of PATH: data, a recipe, or a file of edits."""
    from tui_finetune.edits.overlay import told
    from tui_finetune.edits.table import as_csv
    from tui_finetune.runs import atomic

    meant = meant_by(call, path, named)
    overlay = meant.file.read()
    if target is not None:
        atomic.write_bytes(target, as_csv(overlay).encode("utf-8", "backslashreplace"))
        say(shown(f"Written to {target}."))
    rows = [one.as_json() for one in overlay.rows().values()]
    if call.json:
        output.print_json({"file": str(meant.file.path), "counts": overlay.counts(), "rows": rows})
        return
    if rows:
        cells = [[cut_end(row["row_id"], CELL), cut_end(decision(row), 60), cut_end(row["who"], 16)] for row in rows]
        output.print_lines(output.table(["row", "edit", "who"], cells))
    say(shown(f"{meant.file.path}: {told(overlay.counts())}."))


@edits.command()
@PATH
@ROWS
@click.option("--label", help="Its label.")
@click.option(
    "--set", "cells", multiple=True, metavar="COLUMN=VALUE", help="Another value of a column; a list as JSON."
)
@click.option("--drop", is_flag=True, help="Leave it out.")
@click.option("--keep", is_flag=True, help="Do not leave it out after all.")
@click.option("--weight", type=float, help="How much it counts.")
@click.option("--move", metavar="SPLIT", help="Into another split.")
@click.option("--note", help="What is to say about it.")
@click.option("--ok", is_flag=True, help="Somebody looked at it: it stays as it is.")
@FILE
@WHO
@verb
def add(
    call: Call,
    /,
    path: str,
    rows: tuple[str, ...],
    label: str | None,
    cells: tuple[str, ...],
    named: Path | None,
    who: str | None,
    **given: Any,
) -> None:
    """Edit rows of PATH, named by their ids: tickets.csv:41."""
    from tui_finetune.edits.entry import about_row, why_no_weight

    values = cells_given(cells)
    decided = {kind: value for kind, value in given.items() if value is not None and value is not False}
    if label is None and not values and not decided:
        raise UserError(Problem("nothing to do with the rows.", hint="--label, --set, --drop, --move, --note …"))
    if "weight" in decided and (why := why_no_weight(decided["weight"])) is not None:
        raise UserError(Problem(f"{why}.", "--weight"))

    wanted = values if label is None else {**values, label_column(call, path): label}

    def entries(row: Mapping[str, Any]) -> list[Entry]:
        made = [cell_set(row, column, value) for column, value in wanted.items()]
        return made + [
            about_row(kind, row["row_id"], row["row_hash"], None if value is True else value)  # type: ignore[arg-type]
            for kind, value in decided.items()
        ]

    edit_rows(call, path, named, rows, who, entries)


@edits.command()
@PATH
@ROWS
@click.option("--label", required=True, help="The label.")
@FILE
@WHO
@verb
def relabel(call: Call, path: str, rows: tuple[str, ...], label: str, named: Path | None, who: str | None) -> None:
    """Give rows of PATH another label."""
    column = label_column(call, path)
    edit_rows(call, path, named, rows, who, lambda row: [cell_set(row, column, label)])


@edits.command()
@PATH
@ROWS
@FILE
@WHO
@verb
def drop(call: Call, path: str, rows: tuple[str, ...], named: Path | None, who: str | None) -> None:
    """Leave rows of PATH out."""
    from tui_finetune.edits.entry import about_row

    edit_rows(call, path, named, rows, who, lambda row: [about_row("drop", row["row_id"], row["row_hash"])])


@edits.command()
@PATH
@FILE
@WHO
@verb
def undo(call: Call, path: str, named: Path | None, who: str | None) -> None:
    """Take back what was edited last; with --who what that person edited last."""
    meant = meant_by(call, path, named)
    tell(call, meant.file, meant.file.undo(who), "Undone")


@edits.command()
@PATH
@FILE
@WHO
@verb
def redo(call: Call, path: str, named: Path | None, who: str | None) -> None:
    """Do again what was undone last."""
    meant = meant_by(call, path, named)
    tell(call, meant.file, meant.file.redo(who), "Done again")


@edits.command()
@PATH
@click.argument("other", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option(
    "--prefer", type=click.Choice(["ours", "theirs", "newest"]), help="Which one counts where the two disagree."
)
@FILE
@verb
def merge(call: Call, path: str, other: Path, prefer: Any, named: Path | None) -> None:
    """Add the edits of OTHER, another person's file, to those of PATH."""
    from tui_finetune.edits.entry import signed
    from tui_finetune.edits.merging import Merge
    from tui_finetune.edits.merging import merge as merged
    from tui_finetune.edits.store import EditsFile

    meant, theirs = meant_by(call, path, named), EditsFile(other).read()
    found: list[Merge] = []

    def make(overlay: Overlay) -> Sequence[Entry]:
        found.append(merged(overlay, theirs))
        unsettled = found[0].disagreements and prefer is None
        return [] if unsettled else signed(found[0].entries(prefer))

    meant.file.change(make)
    apart, refused = found[0].disagreements, bool(found[0].disagreements) and prefer is None
    if call.json:
        output.print_json(
            {"file": str(meant.file.path), "new": len(found[0].new), "merged": not refused,
             "disagreements": [one.as_json() for one in apart]}
        )  # fmt: skip
    else:
        output.print_lines(shown(str(one)) for one in apart)
    if refused:
        say(shown(f"Nothing is merged: {len(apart):,} rows differ. --prefer ours, theirs or newest says which counts."))
        click.get_current_context().exit(ExitCode.RUN_FAILED)
    say(shown(f"{len(found[0].new):,} edits of {other.name} are there now{f', {prefer} preferred' if apart else ''}."))


@edits.command()
@PATH
@FILE
@verb
def conflicts(call: Call, path: str, named: Path | None) -> None:
    """Edits that no longer fit the rows of PATH; exit code 1 where there are some."""
    meant = meant_by(call, path, named)
    found = conflicts_of(call, meant)
    if call.json:
        output.print_json({"file": str(meant.file.path), "conflicts": [one.as_json() for one in found]})
    else:
        output.print_lines(shown(str(one)) for one in found)
    if found:
        say(Shown("data edits settle --keep takes them along, --discard gives them up; undo takes that back."))
        click.get_current_context().exit(ExitCode.RUN_FAILED)
    say(Shown("Every edit fits."))


@edits.command()
@PATH
@click.option("--keep/--discard", required=True, help="For the row as it is now, where it stands now; or given up.")
@FILE
@verb
def settle(call: Call, path: str, keep: bool, named: Path | None) -> None:
    """End the conflicts of PATH; edits of rows that are gone are given up in both ways."""
    from tui_finetune.edits.conflicts import settled
    from tui_finetune.edits.entry import signed

    meant = meant_by(call, path, named)
    found = conflicts_of(call, meant)
    meant.file.change(lambda overlay: signed(settled(overlay, found, keep=keep)))
    if call.json:
        output.print_json({"file": str(meant.file.path), "settled": [one.as_json() for one in found]})
    say(shown(f"{len(found):,} conflicts ended."))


@click.command()
@PATH
@click.option(
    "--output", "-o", "target", required=True, type=click.Path(path_type=Path, dir_okay=False),
    help="The file: .csv, .jsonl or .parquet.",
)  # fmt: skip
@click.option("--split", help="One split alone; else all, in a column `split`.")
@click.option("--ids", is_flag=True, help="With row_id and row_hash.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@FILE
@verb
def export(call: Call, path: str, target: Path, split: str | None, ids: bool, force: bool, named: Path | None) -> None:
    """The rows of PATH, with their edits, as a file of their own."""
    from tui_finetune.data.edited import class_names, compared, conflict_problem
    from tui_finetune.data.exporting import exported
    from tui_finetune.edits.applying import applied

    if target.exists() and not force:
        raise UserError(Problem(f"{target} is there already.", "--output", hint="--force replaces it."))
    meant = meant_by(call, path, named)
    opened = opened_of(call, meant)[0]
    overlay = meant.file.read()
    judged = compared(overlay.rows(), [opened])
    if judged.conflicts:
        raise DataError(conflict_problem(meant.file.path, judged.conflicts))
    tables = {name: one.table() for name, one in opened.splits.items()}
    tables = applied(tables, overlay.rows(), class_names(opened))
    if split is not None and split not in tables:
        hint = did_you_mean(split, tables) or f"There are: {', '.join(tables)}."
        raise DataError(Problem(f"no split '{split}'.", "--split", hint=hint))
    chosen = tables if split is None else {split: tables[split]}
    count = exported(chosen, target, ids=ids, inputs=[file.path for file in opened.files])
    facts = {"file": str(target), "rows": count, "edits": str(meant.file.path), "counts": overlay.counts()}
    if call.json:
        output.print_json(facts)
    say(shown(f"{count:,} rows written to {target}."))


VERBS = (edits, export)
