"""What is to know about data before training on it: what `data show` tells, and what `config new --data` fills in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.data.convert.parts import Otherwise
from tui_finetune.data.large import first_rows, is_open, open_large, plan
from tui_finetune.data.lengths import Lengths, measure_lengths
from tui_finetune.data.look import Look
from tui_finetune.data.opening import Wanted, open_data, sets_of
from tui_finetune.data.prepare import Prepared, prepare
from tui_finetune.data.preprocessing import before_shares
from tui_finetune.data.problems import listed
from tui_finetune.data.role_patterns import roles_by_content
from tui_finetune.data.roles import columns_for_roles
from tui_finetune.data.sampled import SAMPLE_ROWS, sample_of
from tui_finetune.errors import DataError, Problem, UserError
from tui_finetune.plugin_api import ROW_HASH, ROW_ID, LabelSet, Opened, Progress, Task, no_progress
from tui_finetune.plugin_api.tasks import UNLABELLED

if TYPE_CHECKING:
    import pyarrow as pa

    from tui_finetune.config.schema import Recipe
    from tui_finetune.data.sets import FoundSet
    from tui_finetune.plugin_api.manager import Catalog

USUAL_TASK = "text-classification"
"""What is tried first where the words are not given one by one."""
DEFAULT_LENGTH = 512
NO_MODEL = "none"
"""Model of the recipe that is made for a path."""
SAMPLES = 3
MOST_LABELS = 1_000
"""Distinct values; a column of more holds no labels."""
SETS_TOLD = 12
"""Sets that a sentence names."""
TYPE_TOLD = 40
"""Characters of a column's type that a message holds; nested ones go on for lines."""


def _nobody(opened: Opened) -> None:
    """Nobody waits for what was opened alone."""


@dataclass(frozen=True)
class Sampling:
    """How large data are looked at."""

    scratch: Path
    """Folder for the first rows."""
    first: Callable[[Opened], None] = _nobody
    """Given the first rows of large files while these are being converted."""


def look_at_path(
    path: str | list[str] | None,
    catalog: Catalog,
    cache: Path,
    *,
    task: str | None = None,
    source: str | None = None,
    subset: str | None = None,
    revision: str | None = None,
    options: Mapping[str, Any] | None = None,
    chosen: Mapping[str, Any] | None = None,
    seed: int | None = None,
    tokenizer: Path | None = None,
    max_length: int = DEFAULT_LENGTH,
    heavy: bool = False,
    progress: Progress = no_progress,
    told: Callable[[Opened], None] = _nobody,
    sampling: Sampling | None = None,
) -> Look:
    """Opens a path (absolute, or a Hub id) and says what it is. Raises DataError where it cannot be opened at all.

    chosen: further keys of `[data]`: columns, splits, shares. seed: of what is drawn, else the usual one.
    heavy: True where the datasets library and plugins' heavy halves may be imported. told: given what was opened, at once.
    sampling: given where large splits may stay in Parquet, and what is said of them be said of a sample.
    """
    from tui_finetune.config.schema import DataTable, ModelTable, Recipe, RunTable

    given = {"path": path, "source": source, "subset": subset, "revision": revision, "options": dict(options or {})}
    data = DataTable(**{**given, **(chosen or {})})
    wanted = Wanted(source, tuple(path) if isinstance(path, list) else path, subset, revision, data.options)
    large = _large(wanted, catalog, cache, progress, sampling) if sampling is not None else None
    opened = large or open_data(wanted, catalog, cache, heavy=heavy, progress=progress)
    told(opened)
    sample = sample_of(opened, progress, SAMPLE_ROWS) if sampling is not None else None
    looked_at = sample or opened
    sets = sets_of(wanted, catalog)
    guess = _variant(looked_at, catalog, task) if task is not None else guess_task(looked_at, catalog)
    recipe = Recipe(
        task=guess.task.name if guess.task else USUAL_TASK,
        data=data.model_copy(update={"columns": {**guess.columns, **data.columns}}),
        model=ModelTable(path=NO_MODEL, max_length=max_length),
        task_options=dict(guess.options),
        run=RunTable() if seed is None else RunTable(seed=seed),
    )
    look = _looked(recipe, looked_at, guess.task, task is None, catalog, cache, tokenizer, max_length, heavy, progress)
    look = _among(replace(look, opened=opened), sets, subset)
    return look if sample is None else _of_sample(look, sample)


def _large(wanted: Wanted, catalog: Catalog, cache: Path, progress: Progress, sampling: Sampling) -> Opened | None:
    """What is wanted as large splits; None where it is small, or can be read whole only."""
    found = plan(wanted, catalog)
    if found is None:
        return None
    if found.converts and not is_open(found, cache):
        begun = first_rows(found, catalog, sampling.scratch)
        if begun is not None:
            sampling.first(begun)
    try:
        return open_large(found, cache, progress)
    except Otherwise:
        return None


def _of_sample(look: Look, sample: Opened) -> Look:
    """The look, saying that it is one at a sample."""
    rows = sum(split.rows for split in look.opened.splits.values())
    drawn = sum(split.rows for split in sample.splits.values())
    told = f"Labels, lengths and what a run would have are of {drawn:,} rows, drawn from {rows:,}."
    return replace(look, sample=sample, guesses=(told, *look.guesses))


def _among(look: Look, sets: Sequence[FoundSet], name: str | None) -> Look:
    """The look with the sets that it is one of."""
    if not sets:
        return look
    from tui_finetune.data.sets import chosen

    one = chosen(sets, name) if name is not None else sets[0]
    rows = {split: table.rows for split, table in look.opened.splits.items()}
    listed_sets = tuple(
        {
            "name": each.name,
            "path": str(each.path),
            "source": each.source,
            "splits": rows if each is one else dict.fromkeys(each.splits),
        }
        for each in sets
    )
    if len(sets) == 1:
        return replace(look, sets=listed_sets)
    words = listed([each.name for each in sets], SETS_TOLD)
    told = f"{sets[0].where} holds {len(sets)} sets: {words}. This is {one.name}; --set NAME takes another, "
    guesses = (f'{told}in a recipe [data] subset = "NAME".', *look.guesses)
    return replace(look, sets=listed_sets, subset=one.name, guesses=guesses)


def look_at_recipe(
    recipe: Recipe,
    catalog: Catalog,
    cache: Path,
    *,
    tokenizer: Path | None = None,
    heavy: bool = False,
    progress: Progress = no_progress,
    told: Callable[[Opened], None] = _nobody,
) -> Look:
    """The data of a recipe, as a run would have it. Raises DataError where it cannot be opened at all."""
    data = recipe.data
    wanted = Wanted(
        data.source,
        tuple(data.path) if isinstance(data.path, list) else data.path,
        data.subset,
        data.revision,
        data.options,
        before_shares(recipe.preprocess, catalog),
        edits=data.edits,
    )
    opened = open_data(wanted, catalog, cache, heavy=heavy, progress=progress)
    told(opened)
    task: Task = catalog.task(recipe.task, recipe.task_options)
    length = recipe.model.max_length or DEFAULT_LENGTH
    return _looked(recipe, opened, task, False, catalog, cache, tokenizer, length, heavy, progress)


@dataclass(frozen=True)
class Guess:
    """A task and what a recipe says for it."""

    task: Task | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    """`[task_options]` that make it this variant."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Role to column, where only a look at all columns together tells."""


def _variant(opened: Opened, catalog: Catalog, name: str) -> Guess:
    """The named task, in the first variant whose columns are there."""
    task: Task = catalog.require("tasks", name)
    table = _first_table(opened)
    return next(_fitting(task, table, roles_by_content(table), by_content=True), Guess(task))


def _fitting(task: Task, table: pa.Table, pattern: Mapping[str, str], *, by_content: bool) -> Iterator[Guess]:
    """Its variants whose columns are there; by the pattern where that has all of the roles."""
    for options in task.variants():
        variant = task.variant(options)
        gold = variant.gold_role
        whole = gold is not None and gold.name in pattern and all(variant.role(name) is not None for name in pattern)
        given = pattern if whole else {}
        try:
            found, _ = columns_for_roles(variant, given, table, by_content=by_content)
        except DataError:
            continue
        talks = any(role.kind == "messages" and role.name in found for role in variant.roles)
        if gold is None and not talks and set(table.column_names) - {ROW_ID, ROW_HASH, *found.values()}:
            continue  # what learns from texts alone is meant where there is nothing else
        yield Guess(variant, options, given)


def guess_task(opened: Opened, catalog: Catalog) -> Guess:
    """Words and tags where there are lists of them; else a text and its label; else the first task that finds its columns.

    None where the columns are plainly something else: scores, answers, messages. Then only a task that knows their names is one.
    """
    table = _first_table(opened)
    pattern = roles_by_content(table)
    each = [next(_fitting(task, table, pattern, by_content=not pattern), Guess()) for task in catalog.tasks.values()]
    fitting = [(found, found.task) for found in each if found.task is not None]
    by_words = [found for found, task in fitting if any(role.kind == "words" for role in task.roles)]
    usual = [found for found, task in fitting if task.name == USUAL_TASK]
    return next(iter([*by_words, *usual, *(found for found, _ in fitting)]), Guess())


def _first_table(opened: Opened) -> pa.Table:
    return opened.splits.get("train", next(iter(opened.splits.values()))).table()


def _looked(
    recipe: Recipe,
    opened: Opened,
    task: Task | None,
    guessed: bool,
    catalog: Catalog,
    cache: Path,
    tokenizer: Path | None,
    max_length: int,
    heavy: bool,
    progress: Progress,
) -> Look:
    guesses = list(opened.notes)
    if task is None:
        problem = _no_task(opened, catalog)
        pattern = roles_by_content(_first_table(opened))
        guesses.append(f"{problem.message[0].upper()}{problem.message[1:]} {_for_later(pattern)}")
        labels = _labels_by_content(opened, pattern.get("labels") or pattern.get("label"))
        return Look(recipe, opened, None, guessed, None, pattern, labels, None, tuple(guesses), no_task=problem)
    options: dict[str, Any] = {}
    prepared, problems = _prepared(recipe, task, catalog, cache, opened, heavy, progress)
    if prepared is None and problems and all(_is_about_missing(problem) for problem in problems):
        # Rows that lack something are refused until a recipe says otherwise: it is tried whether that is all.
        mended = recipe.model_copy(
            update={"data": recipe.data.model_copy(update={"options": {**recipe.data.options, "drop_missing": True}})}
        )
        prepared, more = _prepared(mended, task, catalog, cache, opened, heavy, progress)
        problems = [*problems, *more]
        options = {"drop_missing": True} if prepared is not None else {}
    roles, said = _roles(recipe, task, opened, prepared)
    tables = _tables(prepared, whole=recipe.model.path == NO_MODEL)
    guesses += [note for note in (prepared.notes if prepared else said) if note not in guesses]
    return Look(
        recipe,
        opened,
        task,
        guessed,
        prepared,
        roles,
        _label_counts(prepared, tables, task),
        _lengths(tables, task, tokenizer, max_length),
        tuple(guesses),
        tuple(problems),
        prepared.warnings if prepared else (),
        options,
        _samples(tables),
    )


def _prepared(
    recipe: Recipe, task: Task, catalog: Catalog, cache: Path, opened: Opened, heavy: bool, progress: Progress
) -> tuple[Prepared | None, list[Problem]]:
    try:
        return prepare(recipe, task, catalog, cache, heavy=heavy, progress=progress, opened=opened), []
    except UserError as error:
        return None, list(error.problems)


def _is_about_missing(problem: Problem) -> bool:
    return "drop_missing" in (problem.hint or "")


def _roles(
    recipe: Recipe, task: Task, opened: Opened, prepared: Prepared | None
) -> tuple[Mapping[str, str], list[str]]:
    """The columns by role; as far as they can be told where there are problems."""
    if prepared is not None:
        return prepared.columns, []
    table = _first_table(opened)
    names = set(table.column_names)
    given = {role: column for role, column in recipe.data.columns.items() if column in names}
    found: dict[str, str] = {}
    said: list[str] = []
    for gold in (True, False):
        try:
            return columns_for_roles(task, given, table, gold=gold)
        except DataError:
            continue
    return found, said


def _no_task(opened: Opened, catalog: Catalog) -> Problem:
    columns = ", ".join(f"{column.name} ({column.type[:TYPE_TOLD]})" for column in opened.columns[:10])
    hint = f"It has: {columns}. --task names a task ({', '.join(catalog.tasks)}) and tells what it lacks."
    return Problem("no task finds its columns here.", "task", hint=hint)


def _for_later(roles: Mapping[str, str]) -> str:
    told = ", ".join(f"{column} as {role}" for role, column in roles.items())
    return f"Its columns look like {told}." if told else "It is looked at as it is."


def _tables(prepared: Prepared | None, *, whole: bool) -> dict[str, pa.Table]:
    """The rows by split: the run's; or `whole`, with the shares of train put back, the source's. The trained one is first."""
    import pyarrow as pa

    if prepared is None:
        return {}
    if not whole:
        return dict(prepared.splits)
    parts: dict[str, list[pa.Table]] = {}
    for name, table in prepared.splits.items():
        parts.setdefault((prepared.source_split or {}).get(name, name), []).append(table)
    return {name: pa.concat_tables(tables) for name, tables in parts.items()}


def _label_counts(prepared: Prepared | None, tables: Mapping[str, pa.Table], task: Task) -> tuple[dict[str, Any], ...]:
    """The labels in the order of the model's outputs, with their rows (of tags: their words) by split."""
    gold = task.gold_role
    if prepared is None or prepared.labels is None or gold is None or gold.kind in UNLABELLED:
        return ()
    counts = {name: label_counts(table.column(gold.name), prepared.labels) for name, table in tables.items()}
    return tuple(
        {
            "name": name,
            "value": value,
            "count": next(iter(counts.values()))[index],
            "counts": {split: found[index] for split, found in counts.items()},
        }
        for index, (name, value) in enumerate(zip(prepared.labels.names, prepared.labels.values, strict=True))
    )


def _labels_by_content(opened: Opened, name: str | None) -> tuple[dict[str, Any], ...]:
    """The same for a column that has names, or texts, and no task: in the order of the names, else of the texts."""
    import pyarrow as pa

    column = opened.column(name) if name is not None else None
    if column is None:
        return ()
    counts: dict[str, dict[Any, int]] = {}
    for split, table in opened.splits.items():
        found = table.table()
        if column.name in found.column_names:
            values = found.column(column.name)
            flat = values.combine_chunks().flatten() if pa.types.is_list(values.type) else values
            counts[split] = {entry["values"]: entry["counts"] for entry in flat.value_counts().to_pylist()}
    seen = {value for found in counts.values() for value in found if value is not None}
    values_in_order = range(len(column.class_names)) if column.class_names else sorted(seen, key=str)
    if len(values_in_order) > MOST_LABELS:
        return ()
    return tuple(
        {
            "name": column.class_names[value] if column.class_names else str(value),
            "value": value,
            "count": next(iter(counts.values())).get(value, 0),
            "counts": {split: found.get(value, 0) for split, found in counts.items()},
        }
        for value in values_in_order
    )


def label_counts(column: pa.ChunkedArray, labels: LabelSet) -> list[int]:
    """How often each label stands in a column, in their order."""
    import pyarrow as pa
    import pyarrow.compute as pc

    flat = pc.list_flatten(column) if pa.types.is_nested(column.type) else column
    found = [0] * len(labels)
    for entry in pc.value_counts(flat).to_pylist():
        index = labels.id_of(entry["values"])
        if index is not None:
            found[index] += entry["counts"]
    return found


def _lengths(tables: Mapping[str, pa.Table], task: Task, tokenizer: Path | None, max_length: int) -> Lengths | None:
    return next((measure_lengths(table, task, tokenizer, max_length) for table in tables.values()), None)


def _samples(tables: Mapping[str, pa.Table]) -> tuple[Mapping[str, Any], ...]:
    return next((tuple(table.slice(0, SAMPLES).to_pylist()) for table in tables.values()), ())
