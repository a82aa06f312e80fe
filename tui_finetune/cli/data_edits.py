"""`data edits` and `data export`: edits of rows beside the data, and the edited data as a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui_finetune.cli import output
from tui_finetune.cli.diagnostics import ProgressLine, say
from tui_finetune.cli.groups import VerbGroup
from tui_finetune.cli.options import Call, verb
from tui_finetune.errors import DataError, ExitCode, Problem, UserError, did_you_mean
from tui_finetune.text import Shown, cut_end, shown

if TYPE_CHECKING:
    from tui_finetune.data.inspect import Look
    from tui_finetune.data.opening import Wanted
    from tui_finetune.edits.conflicts import Conflict
    from tui_finetune.edits.entry import Entry
    from tui_finetune.edits.overlay import Overlay
    from tui_finetune.edits.store import EditsFile

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


@dataclass(frozen=True)
class Meant:
    """What a call is about."""

    file: EditsFile
    wanted: Wanted | None
    """The data; None where only a file of edits was named."""


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

    meant = _meant(call, path, named)
    overlay = meant.file.read()
    if target is not None:
        atomic.write_bytes(target, as_csv(overlay).encode("utf-8", "backslashreplace"))
        say(shown(f"Written to {target}."))
    rows = [one.as_json() for one in overlay.rows().values()]
    if call.json:
        output.print_json({"file": str(meant.file.path), "counts": overlay.counts(), "rows": rows})
        return
    if rows:
        cells = [[cut_end(row["row_id"], CELL), cut_end(_decision(row), 60), cut_end(row["who"], 16)] for row in rows]
        output.print_lines(output.table(["row", "edit", "who"], cells))
    say(shown(f"{meant.file.path}: {told(overlay.counts())}."))


@edits.command()
@PATH
@ROWS
@click.option("--label", help="Its label.")
@click.option("--set", "cells", multiple=True, metavar="COLUMN=VALUE", help="Another value of a column.")
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

    values = _cells(cells)
    decided = {kind: value for kind, value in given.items() if value is not None and value is not False}
    if label is None and not values and not decided:
        raise UserError(Problem("nothing to do with the rows.", hint="--label, --set, --drop, --move, --note …"))
    if "weight" in decided and (why := why_no_weight(decided["weight"])) is not None:
        raise UserError(Problem(f"{why}.", "--weight"))

    wanted = values if label is None else {**values, _label_column(call, path): label}

    def entries(row: Mapping[str, Any]) -> list[Entry]:
        made = [_set(row, column, value) for column, value in wanted.items()]
        return made + [
            about_row(kind, row["row_id"], row["row_hash"], None if value is True else value)  # type: ignore[arg-type]
            for kind, value in decided.items()
        ]

    _edit(call, path, named, rows, who, entries)


@edits.command()
@PATH
@ROWS
@click.option("--label", required=True, help="The label.")
@FILE
@WHO
@verb
def relabel(call: Call, path: str, rows: tuple[str, ...], label: str, named: Path | None, who: str | None) -> None:
    """Give rows of PATH another label."""
    column = _label_column(call, path)
    _edit(call, path, named, rows, who, lambda row: [_set(row, column, label)])


@edits.command()
@PATH
@ROWS
@FILE
@WHO
@verb
def drop(call: Call, path: str, rows: tuple[str, ...], named: Path | None, who: str | None) -> None:
    """Leave rows of PATH out."""
    from tui_finetune.edits.entry import about_row

    _edit(call, path, named, rows, who, lambda row: [about_row("drop", row["row_id"], row["row_hash"])])


@edits.command()
@PATH
@FILE
@WHO
@verb
def undo(call: Call, path: str, named: Path | None, who: str | None) -> None:
    """Take back what was edited last; with --who what that person edited last."""
    meant = _meant(call, path, named)
    _told(call, meant.file, meant.file.undo(who), "Undone")


@edits.command()
@PATH
@FILE
@WHO
@verb
def redo(call: Call, path: str, named: Path | None, who: str | None) -> None:
    """Do again what was undone last."""
    meant = _meant(call, path, named)
    _told(call, meant.file, meant.file.redo(who), "Done again")


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

    meant, theirs = _meant(call, path, named), EditsFile(other).read()
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
    meant = _meant(call, path, named)
    found = _conflicts(call, meant)
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

    meant = _meant(call, path, named)
    found = _conflicts(call, meant)
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
    meant = _meant(call, path, named)
    opened = _opened(call, meant)
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


# What they share


def _meant(call: Call, path: str, named: Path | None) -> Meant:
    """The file of edits and the data that a path stands for."""
    from tui_finetune.cli.verbs.data import place
    from tui_finetune.data.opening import Wanted
    from tui_finetune.edits.place import usual_place
    from tui_finetune.edits.store import ENDING, EditsFile

    if path.endswith(ENDING):
        return Meant(EditsFile(named or Path(path).absolute()), None)
    if path.endswith(".toml"):
        from tui_finetune.config.load import load_recipe

        data = load_recipe(Path(path), catalog=call.catalog, cache=call.home.cache).recipe.data
        where = tuple(data.path) if isinstance(data.path, list) else data.path
        usual = data.edits or usual_place(call.home, where, data.subset, data.source)
        return Meant(
            EditsFile(named or Path(usual)), Wanted(data.source, where, data.subset, data.revision, data.options)
        )
    there = place(call, path)
    return Meant(EditsFile(named or Path(usual_place(call.home, there))), Wanted(None, there))


def _opened(call: Call, meant: Meant) -> Any:
    from tui_finetune.data.opening import open_data

    if meant.wanted is None:
        raise UserError(Problem("the data are needed, or a recipe.", hint="--file names the file of edits beside it."))
    progress = ProgressLine()
    try:
        return open_data(meant.wanted, call.catalog, call.home.cache, heavy=False, progress=progress)
    finally:
        progress.clear()


def _conflicts(call: Call, meant: Meant) -> Sequence[Conflict]:
    from tui_finetune.data.edited import compared

    return compared(meant.file.read().rows(), [_opened(call, meant)]).conflicts


def _edit(
    call: Call,
    path: str,
    named: Path | None,
    ids: Sequence[str],
    who: str | None,
    make: Callable[[Mapping[str, Any]], Sequence[Entry]],
) -> None:
    """Adds edits of these rows as one act, where their columns can hold them."""
    from tui_finetune.data.edited import class_names
    from tui_finetune.edits.applying import applied, in_type
    from tui_finetune.edits.entry import signed
    from tui_finetune.edits.overlay import Overlay

    meant = _meant(call, path, named)
    opened = _opened(call, meant)
    tables = {name: split.table() for name, split in opened.splits.items()}
    names = class_names(opened)
    entries = [entry for row in _rows(tables, ids) for entry in make(row)]
    tried = Overlay(signed(in_type(entries, next(iter(tables.values())).schema, names), who))
    applied(tables, tried.rows(), names)
    meant.file.change(lambda overlay: tried.entries)
    _told(call, meant.file, tried.entries, "Edited")


def _rows(tables: Mapping[str, Any], ids: Sequence[str]) -> list[dict[str, Any]]:
    """The rows by their ids. Raises DataError with all that are not there."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found: dict[str, dict[str, Any]] = {}
    for table in tables.values():
        column = table.column("row_id")
        for row in table.filter(pc.is_in(column, value_set=pa.array(ids, column.type))).to_pylist():
            found[row["row_id"]] = row
    first = next((table.column("row_id")[0].as_py() for table in tables.values() if table.num_rows), "")
    hint = f"Ids look like {first}; data rows PATH --json has them."
    missing = [Problem(f"no row {one} here.", hint=hint) for one in ids if one not in found]
    if missing:
        raise DataError(missing)
    return [found[one] for one in ids]


def _label_column(call: Call, path: str) -> str:
    """The column of the labels. Raises UserError where no task finds one."""
    from tui_finetune.cli.verbs import data

    look: Look = data.look_at(call, (path,), None, None, None, None, None, ProgressLine())
    role = look.task.gold_role if look.task is not None else None
    gold = look.roles.get(role.name) if role is not None else None
    if gold is None:
        raise UserError(Problem("no column of labels is known here.", "--label", hint="--set COLUMN=VALUE names one."))
    return gold


def _set(row: Mapping[str, Any], column: str, value: Any) -> Entry:
    from tui_finetune.edits.entry import set_cell

    return set_cell(row["row_id"], row["row_hash"], column, value, row.get(column))


def _cells(given: Sequence[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    wrong = next((text for text, pair in zip(given, pairs, strict=True) if not pair[1] or not pair[0].strip()), None)
    if wrong is not None:
        raise UserError(Problem(f"{wrong!r} is not COLUMN=VALUE.", "--set"))
    return {name.strip(): value for name, _, value in pairs}


def _told(call: Call, file: EditsFile, entries: Sequence[Entry], word: str) -> None:
    rows = list(dict.fromkeys(entry.row_id for entry in entries if entry.row_id))
    if call.json:
        output.print_json({"file": str(file.path), "rows": rows, "edits": [entry.as_json() for entry in entries]})
        return
    output.print_line(Shown(f"{word}: {cut_end(', '.join(rows) or 'what was settled', 60)}"))
    say(shown(f"Kept in {file.path}; [data] edits = it in a recipe."))


def _decision(row: Mapping[str, Any]) -> str:
    """What is decided of a row, in one line."""
    parts = [f"{name}: {row['before'].get(name)} → {value}" for name, value in row["set"].items()]
    parts += ["dropped"] if row["dropped"] else []
    parts += [f"to {row['split']}"] if row["split"] else []
    parts += [f"weight {row['weight']:g}"] if row["weight"] is not None else []
    parts += ["accepted"] if row["ok"] and not parts else []
    return "; ".join([*parts, *(f"note: {note}" for note in row["notes"])]) or "as it is"
