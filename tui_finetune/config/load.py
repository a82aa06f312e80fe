"""Reading a recipe: every problem at once, with file, key, line and nearest spelling."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import tomli

from tui_finetune.config import checks
from tui_finetune.config.elsewhere import pointed
from tui_finetune.config.locate import key_lines, line_of
from tui_finetune.config.names import Names
from tui_finetune.config.problems import check_table, said
from tui_finetune.config.schema import RESERVED, RESERVED_KINDS, VERSION, Recipe
from tui_finetune.config.sets import PLACE, apply_sets
from tui_finetune.config.whereabouts import name_from_data, with_absolute_paths
from tui_finetune.errors import Problem, RecipeError, did_you_mean

LARGEST = 4_000_000
"""Bytes. A recipe has a few kilobytes; what is larger is some other file."""


@dataclass(frozen=True)
class Loaded:
    """A recipe that has been read and names things that exist."""

    recipe: Recipe
    """Paths absolute, options filled in by their owners, `name` from the data where the file has none."""
    request: bytes
    """The person's file, byte for byte."""
    path: Path | None
    lines: Mapping[str, int]
    """Dotted key to line, for problems that are found later."""
    sets: tuple[str, ...] = ()
    from_sets: frozenset[str] = frozenset()
    """Dotted keys whose value came from `sets`."""

    def placed(self, problem: Problem) -> Problem:
        """A problem found later, with the file and line of its key; as it is where it has a file of its own."""
        if problem.file is not None or problem.key is None:
            return problem
        return _placed(problem, _name(self.path), self.lines, self.from_sets)


def load_recipe(
    path: Path | None,
    text: bytes | None = None,
    *,
    sets: Sequence[str] = (),
    catalog: Names,
    cache: Path | None = None,
) -> Loaded:
    """The recipe in `path`, or in `text` (then `path` only names it), with `sets` put over it.

    cache: the home's cache folder, for tables of arguments classes that are not shipped.
    Raises RecipeError with all problems.
    """
    request = text if text is not None else (read_request(path) if path is not None else b"")
    data, lines = _parse(request, path)
    if not data and not sets:
        raise RecipeError(
            Problem("holds no key.", file=_name(path), hint="tui-finetune config new writes a recipe to begin with.")
        )
    from_sets, set_problems = apply_sets(data, sets)
    recipe, problems = _check(data, catalog, cache)
    if recipe is not None and not problems:
        base = path.absolute().parent if path is not None else Path.cwd()
        recipe = with_absolute_paths(recipe, base, catalog.sources, from_sets=from_sets)
        if recipe.name is None:
            recipe = recipe.model_copy(update={"name": name_from_data(recipe)})
        problems += checks.surrogates(recipe)
    if recipe is None or problems or set_problems:
        placed = [_placed(problem, _name(path), lines, from_sets) for problem in problems]
        raise RecipeError([*set_problems, *sorted(placed, key=lambda problem: problem.line or 0)])
    return Loaded(recipe, request, path, lines, tuple(sets), frozenset(from_sets))


def read_request(path: Path) -> bytes:
    """The file's bytes. Raises RecipeError where there is no file to read."""
    try:
        with path.open("rb") as file:
            found = file.read(LARGEST + 1)
    except FileNotFoundError as error:
        hint = did_you_mean(path.name, _recipe_names(path.parent)) or _recipes_in(path.parent)
        raise RecipeError(Problem(f"{path}: no such file.", hint=hint)) from error
    except IsADirectoryError as error:
        raise RecipeError(Problem(f"{path} is a folder; expected a recipe.", hint=_recipes_in(path))) from error
    except OSError as error:
        raise RecipeError(f"{path} cannot be read: {error.strerror}.") from error
    if len(found) > LARGEST:
        message = f"{path} has more than {LARGEST // 1_000_000} MB; a recipe is a TOML text of a few kB."
        raise RecipeError(_other_file(path) or message)
    return found


def _recipes_in(folder: Path) -> str | None:
    found = _recipe_names(folder)
    return f"There are: {', '.join(found[:8])}." if found else None


def _recipe_names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.toml")) if folder.is_dir() else []


def _other_file(path: Path | None) -> Problem | None:
    """The problem of a file that is no TOML and does not claim to be: data, most likely."""
    if path is None or path.suffix.lower() in ("", ".toml"):
        return None
    hint = f"If it is your data, tui-finetune config new --data {path} -o recipe.toml writes a recipe for it."
    return Problem(f"{path} is not TOML, so it is no recipe.", hint=hint)


def _name(path: Path | None) -> str | None:
    return path.name if path is not None else None


def _parse(request: bytes, path: Path | None) -> tuple[dict[str, Any], dict[str, int]]:
    """The TOML as a dict, and the line of each key."""
    name = _name(path)
    try:
        text = request.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = request.count(b"\n", 0, error.start) + 1
        odd = request[error.start]
        problem = Problem(f"byte 0x{odd:02x} is not UTF-8.", file=name, line=line, hint="Save the file as UTF-8.")
        raise RecipeError(_other_file(path) or problem) from error
    try:
        return tomli.loads(text), key_lines(text)
    except tomli.TOMLDecodeError as error:
        problem = _not_toml(error, text, name)
        raise RecipeError(_other_file(path) or problem) from error
    except RecursionError as error:
        raise RecipeError(Problem("is nested too deeply.", file=name)) from error


_TOML_WORDS = {
    "Invalid statement": "neither a key nor a [table] begins here",
    "Invalid value": "no value that TOML knows; a text is written in quotes",
    "Invalid initial character for a key part": "a key is missing here",
    "Invalid date or datetime": "no such date or time",
    "Cannot overwrite a value": "this key has a value already",
    "Invalid hex value": "no such character",
    "Unescaped '\\' in a string": "a backslash in a text is written twice, or the text in 'single' quotes",
    "Illegal character '\\n'": "a text without its closing quote",
    "Unterminated string": "a text without its closing quote",
    "Unclosed array": "a list without its closing ]",
    "Unclosed inline table": "a table without its closing }",
}


def _not_toml(error: tomli.TOMLDecodeError, text: str, name: str | None) -> Problem:
    found = getattr(error, "msg", str(error))
    words = _TOML_WORDS.get(found, found.replace("invalid ", "").replace("Illegal", "forbidden"))
    if found.startswith("Cannot declare"):
        words = "this table is there already"
    line: int | None = getattr(error, "lineno", None)
    lines = text.splitlines()
    here = lines[line - 1].strip() if line is not None and 0 < line <= len(lines) else ""
    return Problem(f"not TOML: {words}{f': {here[:80]}' if here else '.'}", file=name, line=line)


def _placed(problem: Problem, file: str | None, lines: Mapping[str, int], from_sets: Collection[str]) -> Problem:
    """The problem with the file and line of its key, or `--set` where the value came from there."""
    key = problem.key
    if key is not None and any(key == given or key.startswith(f"{given}.") for given in from_sets):
        return replace(problem, file=PLACE)
    return replace(problem, file=file, line=line_of(lines, key))


def _check(data: dict[str, Any], catalog: Names, cache: Path | None) -> tuple[Recipe | None, list[Problem]]:
    """The recipe, or every problem. `data` is not changed."""
    data = copy.deepcopy(data)
    problems = _reserved(data) + _kind_and_version(data) + _of(data)
    outcome = check_table(Recipe, data)
    problems += _without(outcome.problems, problems)
    fillings, found = _named(outcome.mended, catalog, cache)
    problems += _without([replace(p, key=outcome.as_written(p.key or "") or None) for p in found], problems)
    if outcome.found is None or problems:
        names = checks.arguments_table(None, cache)[0]
        return None, [pointed(problem, names) for problem in problems]
    return _filled(outcome.found, fillings), []


def _without(found: Sequence[Problem], before: Sequence[Problem]) -> list[Problem]:
    """Problems whose key has none yet."""
    told = {problem.key for problem in before}
    return [problem for problem in found if problem.key not in told]


def _reserved(data: dict[str, Any]) -> list[Problem]:
    """Takes the keys out that are reserved, each with its reason."""
    problems = []
    for key, reason in RESERVED.items():
        table, _, name = key.rpartition(".")
        where = data.get(table) if table else data
        if isinstance(where, dict) and name in where:
            del where[name]
            problems.append(Problem(f"not yet: {reason}.", key))
    if "resolved" in data:
        del data["resolved"]
        problems.append(
            Problem("written by the program, into a run's own recipe.toml.", "resolved", hint="Leave it out.")
        )
    return problems


def _kind_and_version(data: dict[str, Any]) -> list[Problem]:
    problems = []
    kind, version = data.get("kind"), data.get("version")
    if isinstance(kind, str) and kind in RESERVED_KINDS:
        del data["kind"]
        problems.append(Problem(f'"{kind}" has no recipes yet: {RESERVED_KINDS[kind]}.', "kind"))
    if isinstance(version, int) and not isinstance(version, bool) and version != VERSION:
        del data["version"]
        newer = "A newer tui-finetune reads it." if version > VERSION else None
        problems.append(Problem(f"is {said(version)}; this program reads {VERSION}.", "version", hint=newer))
    return problems


def _of(data: dict[str, Any]) -> list[Problem]:
    """`of` names the model to start from: the same as `model.path = "run:…"`."""
    of, model = data.get("of"), data.get("model")
    if not isinstance(of, dict) or not isinstance(of.get("run"), str):
        return []
    if not isinstance(model, dict):
        if model is not None:
            return []
        model = data["model"] = {}
    if "path" in model:
        return [Problem("model.path names a model too.", "of", hint="Leave one of them out.")]
    model["path"] = f"run:{of['run']}"
    return []


def _named(data: Mapping[str, Any], catalog: Names, cache: Path | None) -> tuple[dict[str, Any], list[Problem]]:
    """What is checked against plugins and tables; and options as their owners fill them in, by dotted key.

    `data` may hold values of a wrong type, which are told elsewhere and left alone here.
    """
    problems: list[Problem] = []
    fillings: dict[str, Any] = {}
    task = _lookup(data, "task", "tasks", "task", catalog, problems)
    task = None if task is None else task.variant(_table(data, "task_options"))
    table, found = checks.arguments_table(task, cache)
    problems += found + checks.train(_table(data, "train"), table) + checks.run(_table(data, "run"))
    table_of_data = _table(data, "data")
    source = _lookup(table_of_data, "source", "sources", "data.source", catalog, problems)
    problems += checks.data(table_of_data, source)
    if source is not None:
        fillings["data.options"], found = checks.options(source, table_of_data.get("options", {}), "data.options")
        problems += found
    steps = data.get("preprocess")
    for index, step in enumerate(steps if isinstance(steps, list) else []):
        key = f"preprocess.{index}"
        if isinstance(step, dict) and (owner := _lookup(step, "use", "preprocessors", f"{key}.use", catalog, problems)):
            fillings[key], found = checks.options(owner, step.get("options", {}), f"{key}.options")
            problems += found
    if task is not None:
        problems += checks.columns(_table(table_of_data, "columns"), task) + checks.refused(_table(data, "train"), task)
        problems += checks.packages(task)
        metrics = _table(data, "evaluate").get("metrics")
        problems += checks.metrics(metrics, task, catalog)
        problems += checks.best_metric(_table(data, "train"), metrics if isinstance(metrics, list) else task.metrics)
        fillings["task_options"], found = checks.options(task, data.get("task_options", {}), "task_options")
        problems += found
    return fillings, problems + checks.tuning(data) + checks.changes(data.get("change"))


def _lookup(table: Mapping[str, Any], name: str, kind: str, key: str, catalog: Names, problems: list[Problem]) -> Any:
    """The object that `table[name]` names, or the nearest; None where nothing is named."""
    given = table.get(name)
    if not isinstance(given, str):
        return None
    found, told = checks.named(catalog, kind, given, key)
    problems += told
    return found


def _table(data: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = data.get(name)
    return found if isinstance(found, dict) else {}


def _filled(recipe: Recipe, fillings: Mapping[str, Any]) -> Recipe:
    """The recipe with options as their owners fill them in."""
    data = recipe.data
    if "data.options" in fillings:
        data = data.model_copy(update={"options": fillings["data.options"]})
    steps = [
        step.model_copy(update={"options": fillings.get(f"preprocess.{index}", step.options)})
        for index, step in enumerate(recipe.preprocess)
    ]
    options = fillings.get("task_options", recipe.task_options)
    return recipe.model_copy(update={"data": data, "preprocess": steps, "task_options": options})
