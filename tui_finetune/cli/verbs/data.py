"""`data`: what a file, folder, Hub data set or recipe holds, before anything is trained on it."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui_finetune.cli import (
    data_batch,
    data_edits,
    data_files,
    data_hub,
    data_quality,
    data_rows,
    data_split,
    data_tokens,
    output,
)
from tui_finetune.cli.diagnostics import ProgressLine, say
from tui_finetune.cli.groups import VerbGroup
from tui_finetune.cli.options import Call, verb
from tui_finetune.cli.piped import piped
from tui_finetune.errors import DataError, ExitCode, Problem, UserError, nearest
from tui_finetune.text import Shown, cut_end, cut_front, cut_middle, shown

if TYPE_CHECKING:
    from tui_finetune.data.inspect import Sampling
    from tui_finetune.data.look import Look
    from tui_finetune.plugin_api import Opened

WIDTH = 80
LABELS_SHOWN = 12
SETS_SHOWN = 20
FIRST_SHOWN = 5
"""Rows of a large file that are shown while it is being converted."""
CELL = 40
NAME = 9
"""Cells of the names at the left."""
NAME_WIDTH = 30


@click.group(cls=VerbGroup)
def command() -> None:
    """Look at data before training on it."""


@command.command()
@click.argument("paths", metavar="PATH …", nargs=-1, required=True)
@click.option("--task", help="What the model is to do; else as the columns look.")
@click.option("--source", help="Kind of data; else found by a look.")
@click.option("--set", "--subset", "subset", help="Which one, where the folder or data set holds several.")
@click.option("--model", help="Model whose tokenizer counts: a folder, or a Hub id that the cache holds.")
@click.option("--max-length", type=click.IntRange(min=2), help="Longest input in tokens; else the recipe's, or 512.")
@click.option(
    "--rows", type=click.IntRange(min=0), help="So many rows and nothing else; 20 where --offset or --where is given."
)
@click.option("--offset", type=click.IntRange(min=0), default=0, help="Rows that are left out before them.")
@click.option("--where", default="", help="An SQL condition that rows have to meet, as in \"label = 'good'\".")
@verb
def show(
    call: Call,
    paths: tuple[str, ...],
    task: str | None,
    source: str | None,
    subset: str | None,
    model: str | None,
    max_length: int | None,
    rows: int | None,
    offset: int,
    where: str,
) -> None:
    """Rows, columns, labels and lengths of PATH: a file or several, folder, glob, Hub id, a recipe (.toml), or - for a pipe."""
    paths = click.get_current_context().with_resource(piped(paths, source))
    if rows is not None or offset or where:
        from tui_finetune.cli.data_window import show_window

        refuse_measures({"--task": task, "--model": model, "--max-length": max_length})
        show_window(call, paths, source, subset, rows, offset, where)
        return
    progress = ProgressLine()
    try:
        with large_data(call, progress) as sampling:
            look = look_at(call, paths, task, source, subset, model, max_length, progress, sampling)
    except DataError as error:
        if not call.json:
            raise
        path = paths[0] if len(paths) == 1 else list(paths)
        output.print_json({"path": path, "problems": [problem.as_json() for problem in error.problems]})
        click.get_current_context().exit(error.exit_code)
    finally:
        progress.clear()
    if call.json:
        output.print_json(look.as_json())
    else:
        output.print_lines(lines_of(look))
    if look.problems and look.prepared is None:
        if call.json:
            click.get_current_context().exit(ExitCode.USAGE)
        raise DataError(look.problems)


def refuse_measures(given: Mapping[str, object]) -> None:
    """Raises UserError where an option is given that only counts while everything is looked at."""
    named = [name for name, value in given.items() if value is not None]
    if named:
        hint = "Leave it out, or ask for the whole look without --rows, --offset and --where."
        raise UserError(
            Problem(f"{', '.join(named)}: with --rows, --offset or --where rows alone are read.", hint=hint)
        )


def look_at(
    call: Call,
    paths: Sequence[str],
    task: str | None,
    source: str | None,
    subset: str | None,
    model: str | None,
    max_length: int | None,
    progress: ProgressLine,
    sampling: Sampling | None = None,
) -> Look:
    """What paths, or a recipe, hold. sampling: given where large data may be looked at by a sample."""
    from tui_finetune.data.inspect import DEFAULT_LENGTH, look_at_path

    if (recipe := next((path for path in paths if path.endswith(".toml")), None)) is not None:
        if len(paths) > 1:
            raise UserError(f"{recipe} is a recipe: name it alone.")
        given = {"--task": task, "--source": source, "--set": subset}
        if (named := [name for name, value in given.items() if value is not None]) != []:
            raise UserError(f"{', '.join(named)}: the recipe says that.")
        return _look_at_recipe(call, Path(recipe), model, max_length, progress)
    places = [place(call, path, source) for path in paths]
    with meant_here(paths[0]):
        return look_at_path(
            places if len(places) > 1 else places[0],
            call.catalog,
            call.home.cache,
            task=task,
            source=source,
            subset=subset,
            tokenizer=tokenizer_of(call, model) if model else None,
            max_length=max_length or DEFAULT_LENGTH,
            progress=progress,
            sampling=sampling,
        )


@contextlib.contextmanager
def large_data(call: Call, progress: ProgressLine) -> Iterator[Sampling]:
    """Large data may be looked at by a sample; their first rows are shown while they are being converted."""
    from tui_finetune.data.inspect import Sampling

    def first(opened: Opened) -> None:
        split = next(iter(opened.splits.values()))
        names = [column.name for column in opened.columns]
        cells = [
            [cut_end("–" if row[name] is None else str(row[name]), CELL) for name in names]
            for row in split.table().slice(0, FIRST_SHOWN).to_pylist()
        ]
        progress.clear()
        for line in output.table(names, cells):
            say(line)

    with tempfile.TemporaryDirectory(prefix="tui-finetune-first-") as scratch:
        yield Sampling(Path(scratch)) if call.json else Sampling(Path(scratch), first)


def _look_at_recipe(call: Call, path: Path, model: str | None, max_length: int | None, progress: ProgressLine) -> Look:
    """The look, its problems with the recipe's lines."""
    from tui_finetune.config.load import load_recipe
    from tui_finetune.data.inspect import look_at_recipe

    loaded = load_recipe(path, catalog=call.catalog, cache=call.home.cache)
    recipe = loaded.recipe
    if max_length is not None:
        recipe = recipe.model_copy(update={"model": recipe.model.model_copy(update={"max_length": max_length})})
    tokenizer = tokenizer_of(call, model or recipe.model.path, recipe.model.revision if model is None else None)
    try:
        look = look_at_recipe(recipe, call.catalog, call.home.cache, tokenizer=tokenizer, progress=progress)
    except DataError as error:
        raise DataError([loaded.placed(problem) for problem in error.problems]) from error
    return replace(look, problems=tuple(loaded.placed(problem) for problem in look.problems))


for further in (
    *data_rows.VERBS,
    *data_quality.VERBS,
    *data_edits.VERBS,
    *data_files.VERBS,
    *data_hub.VERBS,
    *data_split.VERBS,
    *data_batch.VERBS,
    *data_tokens.VERBS,
):
    command.add_command(further)


def place(call: Call, path: str, source: str | None = None) -> str:
    """A path on this machine as an absolute one; a Hub id as it is."""
    from tui_finetune.config.whereabouts import HUB, absolute, looks_local

    endings = {ending for found in call.catalog.sources.values() for ending in found.extensions}
    local = source is not None and source != HUB
    return absolute(path, Path.cwd()) if local or looks_local(path, Path.cwd(), endings) else path


@contextlib.contextmanager
def meant_here(path: str) -> Iterator[None]:
    """Where `path` is taken for a Hub id and there is none, a file or folder here with nearly that name comes first."""
    try:
        yield
    except DataError as error:
        folder = Path(path).parent
        names = [one.name for one in folder.iterdir()] if not os.path.exists(path) and os.path.isdir(folder) else []
        near = nearest(Path(path).name, names)
        if near is None or any("no such file" in problem.message for problem in error.problems):
            raise
        first = Problem(f"There is no {path} here.", hint=f"Did you mean {folder / near}?")
        raise DataError([first, *error.problems]) from error


def tokenizer_of(call: Call, model: str, revision: str | None = None) -> Path | None:
    """The tokenizer's file of a model that is on this machine: a folder, a builtin one, a run's, or in the Hub's cache."""
    from tui_finetune.inference import tokenizer_files

    return tokenizer_files.tokenizer_of(model, revision, call.home)


# What a person reads


def lines_of(look: Look) -> list[Shown]:
    """The look as lines of at most 80 cells."""
    guessed = " (guessed)" if look.guessed_task else ""
    lines = [
        Shown(f"{'data':<{NAME}}  {cut_front(_path(look), WIDTH - NAME - 2)}"),
        *_named("format", look.opened.format),
        *(_named("commit", look.opened.revision) if look.opened.revision else []),
        *_named("task", f"{look.task.name}{guessed}" if look.task else "none fits"),
        *_named("splits", " · ".join(f"{name} {split.rows:,}" for name, split in look.opened.splits.items())),
        *_run_lines(look),
        Shown(""),
        *_columns(look),
    ]
    if look.labels:
        lines += [Shown(""), *_labels(look)]
    if look.lengths is not None:
        lines += [Shown(""), *_named("lengths", _lengths(look.lengths))]
    if look.samples:
        lines += [Shown(""), *_samples(look)]
    remarks = _remarks(look)
    if len(look.sets) > 1:
        lines += [Shown(""), *_sets(look)]
    return [*lines, Shown(""), *remarks] if remarks else lines


def _named(name: str, text: str) -> list[Shown]:
    """A name and its value, over several lines where it is long."""
    import textwrap

    first, blank = f"{name:<{NAME}}  ", " " * (NAME + 2)
    return [shown(line) for line in textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=blank)]


def _remarks(look: Look) -> list[Shown]:
    """What was guessed, and what may spoil a run; problems end the verb, unless the rest can be used without them."""
    mended = [str(problem) for problem in look.problems] if look.prepared is not None else []
    told = [(Shown("·"), guess) for guess in look.guesses]
    told += [(Shown("!"), warning) for warning in (*look.warnings, *mended)]
    return [line for mark, text in told for line in _marked(mark, text)]


def _path(look: Look) -> str:
    path = look.recipe.data.path
    return (", ".join(path) if isinstance(path, list) else path) or look.opened.source


def _run_lines(look: Look) -> list[Shown]:
    """What a run would have of it."""
    if look.prepared is None:
        return []
    origin = look.prepared.split_origin or {}
    rows = {name: table.num_rows for name, table in look.prepared.splits.items()}
    texts = [f"{name} {count:,}: {origin.get(name, '')}" for name, count in rows.items()]
    return [line for i, text in enumerate(texts) for line in _named("" if i else "a run", text)]


def _columns(look: Look) -> list[Shown]:
    by_column = {column: role for role, column in look.roles.items()}
    rows = [
        [cut_middle(column.name, NAME_WIDTH), cut_end(column.type, 24), shown(by_column.get(column.name, "–"))]
        for column in look.opened.columns
    ]
    return output.table(["column", "type", "role"], rows)


def _labels(look: Look) -> list[Shown]:
    """The commonest labels with their counts by split, and how many there are beyond."""
    splits = list(look.labels[0]["counts"])
    ordered = sorted(look.labels, key=lambda label: -label["count"])
    rows = [
        [cut_middle(label["name"], NAME_WIDTH), *(shown(f"{label['counts'][split]:,}") for split in splits)]
        for label in ordered[:LABELS_SHOWN]
    ]
    lines = output.table([f"{len(look.labels)} labels", *splits], rows, right=range(1, len(splits) + 1))
    if len(ordered) > LABELS_SHOWN:
        least = ordered[-1]
        rest = len(ordered) - LABELS_SHOWN
        lines.append(shown(f"and {rest:,} more, down to {least['name']} with {least['count']:,}"))
    return lines


def _sets(look: Look) -> list[Shown]:
    """The sets of the folder, the one that is looked at marked."""
    rows = [
        [
            cut_middle(one["name"], NAME_WIDTH),
            shown(one["source"]),
            shown(" ".join(one["splits"])),
            shown("this" if one["name"] == look.subset else ""),
        ]
        for one in look.sets[:SETS_SHOWN]
    ]
    lines = output.table([f"{len(look.sets)} sets", "source", "splits", ""], rows)
    rest = len(look.sets) - SETS_SHOWN
    return [*lines, *([shown(f"and {rest:,} more")] if rest > 0 else [])]


def _lengths(lengths: Any) -> str:
    text = f"median {lengths.median:,}, 95 % up to {lengths.p95:,}, longest {lengths.max:,} {lengths.unit}"
    if lengths.cut is not None and lengths.unit == "tokens":
        about = "about " if lengths.sampled and lengths.cut else ""
        text += f"; {about}{lengths.cut:,} rows are cut at {lengths.max_length:,}"
    if lengths.unit == "words":
        text += "; --model counts tokens"
    return f"{text}; measured on {lengths.sampled:,} rows" if lengths.sampled else text


def _samples(look: Look) -> list[Shown]:
    lines = [Shown("rows")]
    for row in look.samples:
        for role in look.roles:
            value = row.get(role)
            text = " ".join(map(str, value)) if isinstance(value, list) else value
            lines.append(Shown(f"  {role:<9}  {cut_end(str(text), WIDTH - 14)}"))
    return lines


def _marked(mark: Shown, text: str) -> Iterable[Shown]:
    import textwrap

    first, later = f"{mark} ", "  "
    lines = textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=later, break_on_hyphens=False)
    return [shown(line) for line in lines]
