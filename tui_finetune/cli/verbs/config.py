"""`config`: recipes written, checked, shown, and their schema. Imports no library that trains."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui_finetune.cli import output
from tui_finetune.cli.diagnostics import say
from tui_finetune.cli.groups import VerbGroup
from tui_finetune.cli.options import Call, verb
from tui_finetune.errors import ExitCode, Problem, RecipeError, UserError, did_you_mean
from tui_finetune.runs.layout import STAGING_PREFIX
from tui_finetune.text import Shown, cut_end, shown

if TYPE_CHECKING:
    from tui_finetune.config.load import Loaded
    from tui_finetune.live.form import Form

SIDE = 40
"""Cells of a value beside the other one."""
_SETS = click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="Put a value over the recipe's.")
_RECIPE = click.argument("recipe", type=click.Path(path_type=Path))


@click.group(cls=VerbGroup)
def command() -> None:
    """Write, check and show recipes."""


@command.command()
@click.option("--task", help="What the model is to do; else as the data look, else text-classification.")
@click.option(
    "--data",
    "data",
    help="File, folder, glob or Hub id that is looked at; its columns, splits and lengths are filled in.",
)
@click.option("--subset", help="Which set of --data, where it holds several: data show names them.")
@click.option("--model", help="Hub id, folder or run:<run> to start from.")
@click.option("--run", "run", help="A copy of the recipe that a run was made with, to be changed.")
@click.option(
    "-o", "--output", "target", type=click.Path(path_type=Path, dir_okay=False), help="File to write; else stdout."
)
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@verb
def new(
    call: Call,
    task: str | None,
    data: str | None,
    subset: str | None,
    model: str | None,
    run: str | None,
    target: Path | None,
    force: bool,
) -> None:
    """A commented recipe. Without options the guide's: BERT on IMDb."""
    from tui_finetune.config.template import new_recipe

    if target is not None and target.exists() and not force:
        raise UserError(f"{target} is there already. --force writes over it.")
    if run is not None:
        if task or data or subset or model:
            raise UserError("--run takes the recipe as it is: leave --task, --data and --model out, and edit the copy.")
        text = _copy_of(call, run)
    elif subset is not None and data is None:
        raise UserError("--subset names a set of --data: name that too.")
    else:
        metrics = call.catalog.require("tasks", task).metrics if task is not None else None
        looked = _look_at(call, data, subset, task, model) if data is not None else None
        text = new_recipe(task, looked, model, metrics=metrics, folder=target.absolute().parent if target else None)
    if target is not None:
        _write(target, text)
    if call.json:
        output.print_json({"path": str(target.absolute()) if target else None, "recipe": text})
    elif target is not None:
        output.print_line(shown(f"{target} written. tui-finetune train {target} starts it."))
        _tell_of_model(call, text)
    else:
        output.print_raw(text)


@command.command()
@_RECIPE
@_SETS
@click.option("--full", is_flag=True, help="Open data and model too, as train does before it starts.")
@verb
def check(call: Call, recipe: Path, sets: tuple[str, ...], full: bool) -> None:
    """Every problem of a recipe at once: keys, types, names, and places that are not there."""
    try:
        loaded = _load(call, recipe, sets)
        found = _looked_through(call, loaded, full=full)
    except RecipeError as error:
        if not call.json:
            raise
        problems = [problem.as_json() for problem in error.problems]
        output.print_json({"ok": False, "path": str(recipe.absolute()), "full": full, "problems": problems})
        click.get_current_context().exit(ExitCode.USAGE)
    if call.json:
        output.print_json({"ok": True, "path": str(recipe.absolute()), "full": full, "problems": [], **found})
        return
    output.print_line(shown(f"{recipe}: no problems. {_gist(loaded)}"))
    if not full:
        say(Shown("Data and model have not been opened: --full does that, as train will."))


@command.command()
@_RECIPE
@_SETS
@verb
def show(call: Call, recipe: Path, sets: tuple[str, ...]) -> None:
    """A recipe as it is understood: paths absolute, defaults written out."""
    from tui_finetune.config.write import as_resolved, resolved_toml

    loaded = _load(call, recipe, sets)
    if call.json:
        output.print_json(as_resolved(loaded.recipe))
    else:
        output.print_raw(resolved_toml(loaded.recipe).partition("\n\n")[2])


@command.command()
@click.argument("before", metavar="RECIPE|run:RUN")
@click.argument("after", metavar="RECIPE|run:RUN")
@verb
def diff(call: Call, before: str, after: str) -> None:
    """Where two recipes say something else: files, or those of runs. A default that is written out is no difference."""
    from tui_finetune.live.form import differences

    found = differences(_form_of(call, before), _form_of(call, after))
    if call.json:
        output.print_json({"before": before, "after": after, "differences": [vars(one) for one in found]})
    elif found:
        rows = [[shown(one.key), cut_end(one.before, SIDE), cut_end(one.after, SIDE)] for one in found]
        output.print_lines(output.table(["key", shown(before), shown(after)], rows))
    else:
        output.print_line(shown("They say the same."))


def _form_of(call: Call, named: str) -> Form:
    from tui_finetune.config.load import read_request
    from tui_finetune.live.recipe_form import read_form

    run = named.removeprefix("run:")
    text = _copy_of(call, run) if run != named else read_request(Path(named)).decode("utf-8-sig", "replace")
    form = read_form(text, call.catalog, call.home.cache)
    if form is None:
        raise RecipeError(Problem("is no TOML.", file=named, hint=f"tui-finetune config check {named} says where."))
    return form


def _copy_of(call: Call, run: str) -> str:
    from tui_finetune.cli.runs_common import find_run, require_readable
    from tui_finetune.live.recipe_copy import copy_of_run

    return copy_of_run(require_readable(find_run(call, run)), call.catalog, call.home.cache)


@command.command()
@click.option("--markdown", is_flag=True, help="The reference page (docs/configuration.md) instead of JSON Schema.")
@verb
def schema(call: Call, markdown: bool) -> None:
    """JSON Schema of a recipe, with what the plugins here add; editors check and complete by it."""
    if markdown:
        from tui_finetune.config.reference import reference

        output.print_raw(reference(call.catalog))
        return
    from tui_finetune.config.schema_json import json_schema

    output.print_json(json_schema(call.catalog))


def _load(call: Call, recipe: Path, sets: tuple[str, ...]) -> Loaded:
    from tui_finetune.config.load import load_recipe

    return load_recipe(recipe, sets=sets, catalog=call.catalog, cache=call.home.cache)


def _looked_through(call: Call, loaded: Loaded, *, full: bool) -> dict[str, Any]:
    """What is said of a recipe that can be used, beside `ok`. Raises RecipeError with what is wrong with it."""
    if not full:
        from tui_finetune.config.verify import verify

        if problems := verify(loaded):
            raise RecipeError(problems)
        return {}
    from tui_finetune.cli.launching import checked
    from tui_finetune.launch.check import check as opened

    found = checked(lambda told: opened(loaded, home=call.home, catalog=call.catalog, progress=told))
    rows = {name: table.num_rows for name, table in found.prepared.splits.items()}
    return {"notes": list(found.notes), "warnings": list(found.warnings), "rows": rows}


def _gist(loaded: Loaded) -> str:
    recipe = loaded.recipe
    path = recipe.data.path if isinstance(recipe.data.path, str) else ", ".join(recipe.data.path or ())
    return f"{recipe.task}, {' '.join(part for part in (recipe.data.source, path) if part)}, {recipe.model.path}"


def _look_at(call: Call, data: str, subset: str | None, task: str | None, model: str | None) -> Mapping[str, Any]:
    """What `data show` tells of it. Raises DataError where a run could not be made of it."""
    from tui_finetune.cli.diagnostics import ProgressLine
    from tui_finetune.cli.verbs.data import meant_here, place, tokenizer_of
    from tui_finetune.config.template import model_for
    from tui_finetune.data.inspect import look_at_path
    from tui_finetune.data.look import without_problems

    progress = ProgressLine()
    path = place(call, data)
    try:
        with meant_here(data):
            look = look_at_path(path, call.catalog, call.home.cache, task=task, subset=subset, progress=progress)
        chosen = model or model_for(task or (look.task.name if look.task else None))
        tokenizer = tokenizer_of(call, chosen)
        if tokenizer is not None:
            look = look_at_path(
                path,
                call.catalog,
                call.home.cache,
                task=task,
                subset=subset,
                tokenizer=tokenizer,
                progress=progress,
            )
    finally:
        progress.clear()
    found = without_problems(look).as_json()
    splits = {name: rows for name, rows in found["splits"].items() if name not in found["unlabelled"]}
    return {**found, "splits": splits, "subset": found["subset"] or _set_to_name(found)}


def _set_to_name(found: Mapping[str, Any]) -> str | None:
    """The set that was looked at, where the folder holds several and it has another name than the folder, which may move."""
    return found["set"] if found["set"] != Path(str(found["path"])).name else None


def _tell_of_model(call: Call, text: str) -> None:
    """Says where the model will come from, if it is not here: a machine without a network cannot start the recipe."""
    import tomli

    from tui_finetune.cli.verbs.data import tokenizer_of
    from tui_finetune.config.whereabouts import MODEL_SCHEMES

    path = tomli.loads(text).get("model", {}).get("path", "")
    if path.startswith(MODEL_SCHEMES) or Path(path).is_dir() or tokenizer_of(call, path) is not None:
        return
    say(shown(f"{path} is not on this machine: training fetches it from the Hub. --model names another."))


def _write(target: Path, text: str) -> None:
    """Beside and renamed, so that neither a half written file nor nothing takes the place of one that was there."""
    try:
        if target.exists() and not target.is_file():  # a pipe, /dev/stdout
            target.write_text(text, encoding="utf-8")
            return
        place = target.resolve()  # a link stays one
        beside = place.with_name(f"{STAGING_PREFIX}{os.getpid()}-{place.name}")
        try:
            beside.write_text(text, encoding="utf-8")
            os.replace(beside, place)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        folders = [p.name for p in target.parent.parent.iterdir()] if target.parent.parent.is_dir() else []
        hint = did_you_mean(target.parent.name, folders) if not target.parent.is_dir() else ""
        raise UserError(f"{target} cannot be written: {error.strerror}. {hint}".rstrip()) from error
