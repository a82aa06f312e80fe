"""`data rows`, `column`, `steps`, `search`: what the Data screen does, on the command line."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui_finetune.cli import output
from tui_finetune.cli.diagnostics import ProgressLine, say
from tui_finetune.cli.options import Call, verb
from tui_finetune.errors import DataError, Problem, UserError, did_you_mean
from tui_finetune.text import Shown, cut_end, shown

if TYPE_CHECKING:
    from tui_finetune.data.look import Look
    from tui_finetune.live.spans import Line

WIDTH = 80
CELL = 40
"""Cells of a value in the table of rows."""
MODEL = click.option(
    "--model", help="Model whose tokenizer counts: a folder, builtin:…, run:…, or one in the Hub's cache."
)
SPLIT = click.option("--split", help="Which split; else the first.")
SET = click.option("--set", "--subset", "subset", help="Which one, where the folder or data set holds several.")
LENGTH = click.option("--max-length", type=click.IntRange(min=2), default=512, show_default=True)


@click.command()
@click.argument("path")
@SET
@SPLIT
@click.option(
    "--filter",
    "wanted",
    default="",
    help="Words, label:good, stars>3, text~^Re, words>60, text: (missing), duplicates:text, sql:CONDITION.",
)
@click.option("--sort", default="", help="A column, or length.")
@click.option("--reverse", is_flag=True, help="The order turned round.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Rows that are printed.")
@click.option("--offset", type=click.IntRange(min=0), default=0, help="Rows that are left out before them.")
@MODEL
@verb
def rows(
    call: Call,
    path: str,
    subset: str | None,
    split: str | None,
    wanted: str,
    sort: str,
    reverse: bool,
    limit: int,
    offset: int,
    model: str | None,
) -> None:
    """Rows of PATH, filtered and sorted; with --json whole."""
    import numpy as np

    from tui_finetune.data.scan.stored import stored_in
    from tui_finetune.data.view import Wish, write_rows
    from tui_finetune.data.windows import open_reader

    look, one = opened(call, path, split, subset)
    progress = ProgressLine()
    with tempfile.TemporaryDirectory(prefix="tui-finetune-rows-") as scratch:
        target = Path(scratch) / "rows.i8"
        try:
            wish = Wish(wanted, sort, reverse, _inputs(look), _class_names(look), tokenizer(call, model))
            count, notes = write_rows(stored_in(one.arrow), wish, target, progress)
        finally:
            progress.clear()
        kept = np.fromfile(target, dtype=np.int64, count=limit, offset=8 * min(offset, count)).tolist()
    reader = open_reader(one.arrow)
    for note in notes:
        say(shown(note))
    if call.json:
        found = [{"row": number, **reader.whole(number)} for number in kept]
        output.print_json({"split": one.name, "count": count, "rows": found})
        return
    names = [column.name for column in look.opened.columns]
    cells = [
        [Shown(f"{number:,}"), *(cut_end(_text(look, name, row[name]), CELL) for name in names)]
        for number, row in zip(kept, reader.cells(kept, names), strict=True)
    ]
    output.print_lines(output.table(["row", *names], cells, right=(0,)))
    say(shown(f"{len(kept):,} of {count:,} rows"))


@click.command()
@click.argument("path")
@click.argument("name")
@SET
@SPLIT
@MODEL
@LENGTH
@verb
def column(
    call: Call, path: str, name: str, subset: str | None, split: str | None, model: str | None, max_length: int
) -> None:
    """What the column NAME of PATH holds: missing and distinct values with their counts, lengths, numbers."""
    from tui_finetune.data.column_facts import column_facts
    from tui_finetune.live.data_facts import fact_lines
    from tui_finetune.live.data_set import ColumnInfo

    look, one = opened(call, path, split, subset)
    found = next((each for each in look.opened.columns if each.name == name), None)
    if found is None:
        names = [each.name for each in look.opened.columns]
        hint = did_you_mean(name, names) or f"There are: {', '.join(names)}."
        raise DataError(Problem(f"no column '{name}'.", hint=hint))
    looked_at = look.sample or look.opened
    facts = column_facts(
        looked_at.splits[one.name].table().column(name),
        class_names=found.class_names,
        tokenizer=tokenizer(call, model) if name in _inputs(look) else None,
        max_length=max_length,
    )
    facts |= {"of": one.rows} if facts["rows"] < one.rows else {}
    if call.json:
        output.print_json({"split": one.name, "column": name, **facts})
        return
    info = ColumnInfo(found.name, found.type, found.class_names)
    _print([each.line for each in fact_lines(info, facts, max_length, WIDTH)])


@click.command()
@click.argument("path")
@click.option(
    "--use",
    "used",
    multiple=True,
    required=True,
    help="A preprocessor, with its options where it has some: 'drop-by-length min_words = 5'. May be given several times.",
)
@SET
@SPLIT
@click.option("--limit", type=click.IntRange(min=1), default=5, show_default=True, help="Rows that are shown.")
@verb
def steps(call: Call, path: str, used: tuple[str, ...], subset: str | None, split: str | None, limit: int) -> None:
    """Rows of PATH before and after preprocessors."""
    from tui_finetune.data.preprocessing import previewed
    from tui_finetune.data.windows import open_reader

    named = [_step(text) for text in used]
    chosen: list[Any] = [(call.catalog.require("preprocessors", name), options) for name, options in named]
    used = tuple(name for name, _ in named)
    _, one = opened(call, path, split, subset)
    table = open_reader(one.arrow).identified(range(min(limit, one.rows)))
    before = table.drop_columns(["row_id", "row_hash"]).to_pylist()
    after = previewed(table, chosen, call.catalog)
    if call.json:
        output.print_json(
            [{"before": b, "after": dict(zip(used, a, strict=True))} for b, a in zip(before, after, strict=True)]
        )
        return
    choosing = [step.name for step, _ in chosen if step.chooses]
    if choosing:
        say(shown(f"Of all rows of a split, which is not seen here, rows are chosen by {', '.join(choosing)}."))
    for number, (row, stages) in enumerate(zip(before, after, strict=True)):
        output.print_line(shown(f"row {number}"))
        output.print_line(cut_end(f"  before  {_flat(row)}", WIDTH))
        for name, made in zip(used, stages, strict=True):
            for text in [_flat(each) for each in made] or ["leaves it out"]:
                output.print_line(cut_end(f"  {name}  {text}", WIDTH))


@click.command()
@click.argument("words", nargs=-1, required=True)
@verb
def search(call: Call, words: tuple[str, ...]) -> None:
    """Data sets of the Hub by WORDS of their names; those of this machine's cache first."""
    from tui_finetune.data.hub_search import search as asked
    from tui_finetune.live.words import short_count

    found = asked(" ".join(words), 20)
    if call.json:
        output.print_json(found)
        return
    output.print_lines(shown(f"{name}  in the cache") for name in found["cached"])
    for name, downloads, sentence in found["found"]:
        if name not in found["cached"]:
            output.print_line(cut_end(f"{name}  {short_count(downloads)} downloads  {sentence}", WIDTH))
    if found["why"]:
        say(shown(f"The Hub was not asked: {found['why']}."))


VERBS = (rows, column, steps, search)


# What they share


def _step(text: str) -> tuple[str, dict[str, Any]]:
    """A preprocessor's name, and its options: what stands behind it, as in a TOML table. Raises UserError."""
    import tomli

    name, _, rest = text.strip().partition(" ")
    rest = rest.strip().removeprefix("{").removesuffix("}")
    try:
        options: dict[str, Any] = tomli.loads(f"options = {{ {rest} }}")["options"]
    except tomli.TOMLDecodeError as error:
        hint = "As in --use 'drop-by-length min_words = 5'."
        raise UserError(Problem(f"The options of {name} are no TOML: {rest}.", "--use", hint=hint)) from error
    return name, options


def opened(call: Call, path: str, split: str | None, subset: str | None) -> tuple[Look, Any]:
    """The look at the data, and one of their splits."""
    from tui_finetune.cli.verbs import data

    progress = ProgressLine()
    try:
        with data.large_data(call, progress) as sampling:
            look = data.look_at(call, (path,), None, None, subset, None, None, progress, sampling)
    finally:
        progress.clear()
    name = split or next(iter(look.opened.splits))
    if name not in look.opened.splits:
        hint = f"There are: {', '.join(look.opened.splits)}."
        raise DataError(Problem(f"no split '{name}'.", hint=did_you_mean(name, look.opened.splits) or hint))
    return look, look.opened.splits[name]


def tokenizer(call: Call, model: str | None) -> Path | None:
    """tokenizer.json of a model that is named in any way."""
    from tui_finetune.inference.tokenizer_files import tokenizer_of

    return tokenizer_of(model, None, call.home) if model is not None else None


def _inputs(look: Look) -> tuple[str, ...]:
    gold = look.task.gold_role.name if look.task is not None and look.task.gold_role is not None else None
    return tuple(name for role, name in look.roles.items() if role != gold)


def _class_names(look: Look) -> Mapping[str, Sequence[str]]:
    return {column.name: column.class_names for column in look.opened.columns if column.class_names}


def _text(look: Look, name: str, value: Any) -> str:
    names = _class_names(look).get(name)
    if names is not None and isinstance(value, int) and 0 <= value < len(names):
        return names[value]
    if value is None:
        return "–"
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _flat(row: Mapping[str, Any]) -> str:
    return "  ".join(f"{name}: {' '.join(map(str, v)) if isinstance(v, list) else v}" for name, v in row.items())


def _print(lines: Sequence[Line]) -> None:
    from tui_finetune.live.spans import plain

    output.print_lines(plain(line) for line in lines)
