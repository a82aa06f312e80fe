"""`data filter`, `data convert`: rows found and written as a file, of data of any size."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui_finetune.cli import output
from tui_finetune.cli.diagnostics import ProgressLine, say
from tui_finetune.cli.options import Call, verb
from tui_finetune.cli.piped import piped
from tui_finetune.errors import DataError, Problem, did_you_mean
from tui_finetune.text import shown

if TYPE_CHECKING:
    from tui_finetune.plugin_api import Opened, SplitTable

SOURCE = click.option("--source", help="Kind of data; else found by a look.")
SET = click.option("--set", "--subset", "subset", help="Which one, where the folder or data set holds several.")
SPLIT = click.option("--split", help="Which split; else the first.")
IDS = click.option("--ids", is_flag=True, help="With the ids of the rows in front, as source_row.")
FORCE = click.option("--force", is_flag=True, help="Write over a file that is there.")
OUT = click.Path(path_type=Path)


@click.command("filter")
@click.argument("path")
@click.argument("wanted", nargs=-1)
@click.option("--where", default="", help="An SQL condition, as in \"stars > 3 AND label = 'good'\".")
@click.option("--sort", default="", help="A column, or length.")
@click.option("--reverse", is_flag=True, help="The order turned round.")
@click.option("--limit", type=click.IntRange(min=0), help="So many rows at most.")
@click.option("--inputs", default="", help="Columns that a model reads, by commas: what words and length measure.")
@click.option(
    "-o", "--out", type=OUT, help="A file for the rows: .csv, .tsv, .jsonl or .parquet. Else their numbers come."
)
@IDS
@FORCE
@SPLIT
@SET
@SOURCE
@verb
def filter_(
    call: Call,
    path: str,
    wanted: tuple[str, ...],
    where: str,
    sort: str,
    reverse: bool,
    limit: int | None,
    inputs: str,
    out: Path | None,
    ids: bool,
    force: bool,
    split: str | None,
    subset: str | None,
    source: str | None,
) -> None:
    """Rows of PATH that meet WANTED, as the Data screen finds them: card, label:good, stars>3, text~^Re, text:,
    duplicates:text, words>60. Their numbers, or with -o the rows as a file."""
    from tui_finetune.data.view import Wish

    if where and wanted:
        raise DataError(Problem("--where and WANTED are two ways to say it.", "--where", hint="Give one of them."))
    if out is not None:
        _may_write(out, force=force)
    text = f"sql: {where}" if where else " ".join(wanted)
    with piped((path,), source) as (path,):
        opened, one = _split(call, path, source, subset, split)
        columns = _inputs(opened, inputs)
        wish = Wish(text, sort, reverse, columns, {c.name: c.class_names for c in opened.columns if c.class_names})
        if out is None:
            _print_numbers(call, one, wish, limit)
        else:
            _write(call, one, wish, out, ids=ids, most=limit, told={"of": one.rows})


@click.command()
@click.argument("path")
@click.argument("out", type=OUT)
@IDS
@FORCE
@SPLIT
@SET
@SOURCE
@verb
def convert(
    call: Call,
    path: str,
    out: Path,
    ids: bool,
    force: bool,
    split: str | None,
    subset: str | None,
    source: str | None,
) -> None:
    """PATH as one file OUT: .csv, .tsv, .jsonl or .parquet. Of several splits --split names one."""
    from tui_finetune.data.view import Wish

    _may_write(out, force=force)
    with piped((path,), source) as (path,):
        opened, one = _split(call, path, source, subset, split)
        if split is None and len(opened.splits) > 1:
            hint = f"There are: {', '.join(opened.splits)}."
            raise DataError(Problem("it has several splits: --split names one.", "--split", hint=hint))
        _write(call, one, Wish(), out, ids=ids, most=None, told={"format": opened.format})


VERBS = (filter_, convert)


def _may_write(out: Path, *, force: bool) -> None:
    """Raises DataError before anything is read for a file that cannot be written."""
    from tui_finetune.data.scan.export import form_of

    form_of(out)
    if out.exists() and not force:
        raise DataError(Problem(f"{out} is there already.", "OUT", hint="--force writes over it."))
    if not out.absolute().parent.is_dir():
        raise DataError(Problem(f"there is no folder {out.absolute().parent}.", "OUT"))


def _split(
    call: Call, path: str, source: str | None, subset: str | None, split: str | None
) -> tuple[Opened, SplitTable]:
    from tui_finetune.cli.data_window import open_any

    opened = open_any(call, (path,), source, subset)
    name = split or next(iter(opened.splits))
    if name not in opened.splits:
        hint = did_you_mean(name, opened.splits) or f"There are: {', '.join(opened.splits)}."
        raise DataError(Problem(f"no split '{name}'.", "--split", hint=hint))
    return opened, opened.splits[name]


def _inputs(opened: Opened, given: str) -> tuple[str, ...]:
    """The columns that are named, else those of texts."""
    from tui_finetune.data.scan.stored import kind_of

    names = [column.name for column in opened.columns]
    wanted = tuple(name.strip() for name in given.split(",") if name.strip())
    for name in wanted:
        if name not in names:
            hint = did_you_mean(name, names) or f"There are: {', '.join(names)}."
            raise DataError(Problem(f"no column '{name}'.", "--inputs", hint=hint))
    if wanted:
        return wanted
    of_text = tuple(column.name for column in opened.columns if kind_of(column.type) in ("text", "texts"))
    return of_text[:1] if "text" not in of_text else ("text",)


def _print_numbers(call: Call, one: SplitTable, wish: Any, limit: int | None) -> None:
    """A line a row; with --json one document."""
    import numpy as np

    from tui_finetune.data.scan.stored import stored_in
    from tui_finetune.data.view import write_rows

    progress = ProgressLine()
    with tempfile.TemporaryDirectory(prefix="tui-finetune-rows-") as scratch:
        target = Path(scratch) / "rows.i8"
        try:
            count, notes = write_rows(stored_in(one.arrow), wish, target, progress)
        finally:
            progress.clear()
        numbers = np.fromfile(target, dtype=np.int64, count=-1 if limit is None else limit).tolist()
    _tell(notes)
    if call.json:
        output.print_json({"split": one.name, "count": count, "of": one.rows, "numbers": numbers})
        return
    output.print_lines(shown(str(number)) for number in numbers)
    say(shown(f"{count:,} of {one.rows:,} rows"))


def _write(
    call: Call, one: SplitTable, wish: Any, out: Path, *, ids: bool, most: int | None, told: Mapping[str, Any]
) -> None:
    from tui_finetune.data.scan.export import export
    from tui_finetune.data.scan.stored import stored_in

    progress = ProgressLine()
    try:
        count, notes = export(stored_in(one.arrow), wish, out.absolute(), ids=ids, most=most, progress=progress)
    finally:
        progress.clear()
    _tell(notes)
    size = out.stat().st_size
    if call.json:
        output.print_json({"split": one.name, "count": count, **told, "out": str(out), "bytes": size})
    else:
        say(shown(f"{count:,} rows of {one.name} in {out}"))


def _tell(notes: Sequence[str]) -> None:
    for note in notes:
        say(shown(note))
