"""What the verbs of `data edits` share: the file that is meant, the rows by their ids, what is told."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.cli import output
from tui_finetune.cli.diagnostics import ProgressLine, say
from tui_finetune.cli.options import Call
from tui_finetune.errors import DataError, Problem, UserError
from tui_finetune.plugin_api import ROW_ID
from tui_finetune.text import Shown, cut_end, shown

if TYPE_CHECKING:
    import pyarrow as pa

    from tui_finetune.data.look import Look
    from tui_finetune.data.opening import Wanted
    from tui_finetune.edits.conflicts import Conflict
    from tui_finetune.edits.entry import Entry
    from tui_finetune.edits.store import EditsFile
    from tui_finetune.plugin_api import Opened


@dataclass(frozen=True)
class Meant:
    """What a call is about."""

    file: EditsFile
    wanted: tuple[Wanted, ...]
    """The data, a recipe's other paths too; empty where only a file of edits was named."""


def meant_by(call: Call, path: str, named: Path | None) -> Meant:
    """The file of edits and the data that a path stands for."""
    from tui_finetune.cli.verbs.data import place
    from tui_finetune.data.opening import Wanted
    from tui_finetune.edits.place import usual_place
    from tui_finetune.edits.store import ENDING, EditsFile

    if path.endswith(ENDING):
        return Meant(EditsFile(named or Path(path).absolute()), ())
    if path.endswith(".toml"):
        from tui_finetune.config.load import load_recipe

        data = load_recipe(Path(path), catalog=call.catalog, cache=call.home.cache).recipe.data
        where = tuple(data.path) if isinstance(data.path, list) else data.path
        usual = data.edits or usual_place(call.home, where, data.subset, data.source)
        main = Wanted(data.source, where, data.subset, data.revision, data.options)
        # Paths of a loaded recipe are absolute, names of splits have no slash.
        own = [tuple(one) if isinstance(one, list) else one for one in (data.validation, data.test)]
        paths = [one for one in own if isinstance(one, tuple) or (isinstance(one, str) and "/" in one)]
        others = [
            *(Wanted(data.source, one) for one in paths),
            *(Wanted(None, one.path, one.subset) for one in data.mix),
        ]
        return Meant(EditsFile(named or Path(usual)), (main, *others))
    there = place(call, path)
    return Meant(EditsFile(named or Path(usual_place(call.home, there))), (Wanted(None, there),))


def opened_of(call: Call, meant: Meant, *, large: bool = False) -> list[Opened]:
    """The data as their source has them. large: large ones may stay in Parquet. Raises DataError."""
    from tui_finetune.data.convert.parts import Otherwise
    from tui_finetune.data.large import open_large, plan
    from tui_finetune.data.opening import open_data

    if not meant.wanted:
        raise UserError(Problem("the data are needed, or a recipe.", hint="--file names the file of edits beside it."))
    progress = ProgressLine()

    def opened(one: Wanted) -> Opened:
        if large and (found := plan(one, call.catalog)) is not None:
            with contextlib.suppress(Otherwise):
                return open_large(found, call.home.cache, progress)
        return open_data(one, call.catalog, call.home.cache, heavy=False, progress=progress)

    try:
        return [opened(one) for one in meant.wanted]
    finally:
        progress.clear()


def conflicts_of(call: Call, meant: Meant) -> Sequence[Conflict]:
    from tui_finetune.data.edited import compared

    return compared(meant.file.read().rows(), opened_of(call, meant)).conflicts


def edit_rows(
    call: Call,
    path: str,
    named: Path | None,
    ids: Sequence[str],
    who: str | None,
    make: Callable[[Mapping[str, Any]], Sequence[Entry]],
) -> None:
    """Adds edits of these rows as one act, where their columns can hold them."""
    from tui_finetune.data.edited import class_names, rows_by_id
    from tui_finetune.edits.applying import applied, in_type
    from tui_finetune.edits.entry import signed
    from tui_finetune.edits.overlay import Overlay

    meant = meant_by(call, path, named)
    opened = opened_of(call, meant, large=True)
    tables = [rows_by_id(split, ids) for one in opened for split in one.splits.values()]
    names = {name: found for one in opened for name, found in class_names(one).items()}
    entries = in_type([entry for row in _in_order(tables, ids, opened) for entry in make(row)], tables[0].schema, names)
    tried = Overlay(signed(entries, who))
    for table in tables:
        applied({"": table}, tried.rows(), names)
    meant.file.change(lambda overlay: tried.entries)
    tell(call, meant.file, tried.entries, "Edited")


def _in_order(tables: Sequence[pa.Table], ids: Sequence[str], opened: Sequence[Opened]) -> list[dict[str, Any]]:
    """The rows by their ids. Raises DataError with all that are not there."""
    found = {row[ROW_ID]: row for table in tables for row in table.to_pylist()}
    missing = [one for one in ids if one not in found]
    if not missing:
        return [found[one] for one in ids]
    from tui_finetune.data.windows import open_reader

    split = next(iter(opened[0].splits.values()))
    hint = f"Ids look like {open_reader(split.arrow).whole(0)[ROW_ID]}; data rows PATH --json has them."
    raise DataError([Problem(f"no row {one} here.", hint=hint) for one in missing])


def label_column(call: Call, path: str) -> str:
    """The column of the labels. Raises UserError where no task finds one."""
    from tui_finetune.cli.verbs import data

    progress = ProgressLine()
    try:
        with data.large_data(call, progress) as sampling:
            look: Look = data.look_at(call, (path,), None, None, None, None, None, progress, sampling)
    finally:
        progress.clear()
    role = look.task.gold_role if look.task is not None else None
    gold = look.roles.get(role.name) if role is not None else None
    if gold is None:
        raise UserError(Problem("no column of labels is known here.", "--label", hint="--set COLUMN=VALUE names one."))
    return gold


def cell_set(row: Mapping[str, Any], column: str, value: Any) -> Entry:
    from tui_finetune.edits.entry import set_cell

    return set_cell(row["row_id"], row["row_hash"], column, value, row.get(column))


def cells_given(given: Sequence[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    wrong = next((text for text, pair in zip(given, pairs, strict=True) if not pair[1] or not pair[0].strip()), None)
    if wrong is not None:
        raise UserError(Problem(f"{wrong!r} is not COLUMN=VALUE.", "--set"))
    return {name.strip(): value for name, _, value in pairs}


def tell(call: Call, file: EditsFile, entries: Sequence[Entry], word: str) -> None:
    rows = list(dict.fromkeys(entry.row_id for entry in entries if entry.row_id))
    if call.json:
        output.print_json({"file": str(file.path), "rows": rows, "edits": [entry.as_json() for entry in entries]})
        return
    output.print_line(Shown(f"{word}: {cut_end(', '.join(rows) or 'what was settled', 60)}"))
    say(shown(f"Kept in {file.path}; [data] edits = it in a recipe."))


def decision(row: Mapping[str, Any]) -> str:
    """What is decided of a row, in one line."""
    parts = [f"{name}: {row['before'].get(name)} → {value}" for name, value in row["set"].items()]
    parts += ["dropped"] if row["dropped"] else []
    parts += [f"to {row['split']}"] if row["split"] else []
    parts += [f"weight {row['weight']:g}"] if row["weight"] is not None else []
    parts += ["accepted"] if row["ok"] and not parts else []
    return "; ".join([*parts, *(f"note: {note}" for note in row["notes"])]) or "as it is"
