"""Check: recipe, data, model, names, disk, device, before anything is started; all problems at once. Seconds, no torch."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from tui_finetune.errors import LaunchError, NoSuchRun, Problem, RecipeError, UserError
from tui_finetune.launch.devices import device_problems
from tui_finetune.launch.starting_point import starting_point
from tui_finetune.launch.teacher import with_teacher
from tui_finetune.paths import existing
from tui_finetune.plugin_api import Task, no_progress

if TYPE_CHECKING:
    from tui_finetune.config.load import Loaded
    from tui_finetune.config.schema import Recipe
    from tui_finetune.data.prepare import Prepared
    from tui_finetune.inference.model_files import ModelFacts
    from tui_finetune.launch.branching import KeptStart
    from tui_finetune.paths import Home
    from tui_finetune.plugin_api import Progress
    from tui_finetune.plugin_api.manager import Catalog

T = TypeVar("T")
ROOM = 512 * 1024 * 1024
"""Bytes that must be free for a run of unknown size: data, a small model, two checkpoints."""
CHECKPOINT_FACTOR = 3
"""A checkpoint holds the weights and AdamW's two moments of each; of an adapter so little that ROOM has it."""


@dataclass(frozen=True)
class Checked:
    """A recipe that can start, resolved: absolute paths, columns, labels, commits."""

    recipe: Recipe
    request: bytes
    """The person's file, byte for byte."""
    task: Task
    prepared: Prepared
    facts: Mapping[str, Any]
    """What goes into the resolved recipe beside the recipe itself."""
    notes: tuple[str, ...] = ()
    of: Mapping[str, Any] | None = None
    """The run that this one starts from."""
    warnings: tuple[str, ...] = field(default=())
    model: str | None = None
    """As the person's recipe names it; the resolved one has the folder that it was found in."""
    kept: KeptStart | None = None
    """The checkpoint that the run goes on from, optimizer and all."""


def check(loaded: Loaded, *, home: Home, catalog: Catalog, progress: Progress = no_progress) -> Checked:
    """The recipe resolved and everything it names looked at. Raises RecipeError with all problems."""
    problems = Gathered()
    start = starting_point(loaded.recipe, home, problems)
    recipe, started = with_teacher(start.recipe, home, catalog, problems), not problems
    task: Task = catalog.task(recipe.task, recipe.task_options)
    model = problems.result_of(lambda: _check_model(recipe, task, home)) if started else None
    prepared = problems.result_of(lambda: _prepare(recipe, task, catalog, home, progress))
    problems += device_problems(recipe.run.device)
    after = problems.result_of(lambda: _waits_for(recipe, home))
    problems += _room(home, model, adapted=recipe.adapter is not None)
    if problems or prepared is None:
        raise RecipeError([loaded.placed(problem) for problem in problems]) from problems.cause
    prepared, head = _head(recipe, task, model, prepared)
    from tui_finetune.config.checks import best_metric

    metrics = recipe.evaluate.metrics or list(
        task.default_metrics(prepared.labels) if prepared.labels else task.metrics
    )
    if unmeasured := best_metric(recipe.train, metrics):
        raise RecipeError([loaded.placed(problem) for problem in unmeasured])
    resolved = recipe.resolved_with(
        columns=dict(prepared.columns),
        labels=list(prepared.labels.values) if prepared.labels else None,
        label_names=list(prepared.labels.names) if prepared.labels else None,
        metrics=metrics,
        source=prepared.source,
        data_revision=prepared.revision,
        model_revision=model.revision if model else None,
        model_path=str(model.path) if model and model.path else None,
    )
    resolved = resolved.model_copy(update={"run": resolved.run.model_copy(update={"after": after})})
    apart: list[str] = []
    if start.kept is not None:
        resolved, apart = _branched(start.kept, resolved, catalog, loaded)
    return Checked(
        recipe=resolved,
        request=loaded.request,
        task=task,
        prepared=prepared,
        facts=_facts(prepared, catalog, recipe),
        notes=(*start.notes, *head, *prepared.notes, *(model.notes if model else ())),
        of=start.of,
        warnings=(*(plugin.failure for plugin in catalog.failed), *prepared.warnings, *apart),
        model=loaded.recipe.model.path,
        kept=start.kept,
    )


def _branched(kept: KeptStart, recipe: Recipe, catalog: Catalog, loaded: Loaded) -> tuple[Recipe, list[str]]:
    from tui_finetune.launch.branching import branched, told_apart

    try:
        found = branched(kept, recipe)
        return found, told_apart(kept, found, catalog)
    except UserError as error:
        raise RecipeError([loaded.placed(problem) for problem in error.problems]) from error


class Gathered(list[Problem]):
    """Problems of every part of a check, so that none hides the others."""

    cause: BaseException | None = None
    """What was raised behind the first of those that have a traceback to keep."""

    def result_of(self, part: Callable[[], T]) -> T | None:
        """The part's result, or None and its problems among these. A helper that died is none of them."""
        try:
            return part()
        except LaunchError:
            raise
        except UserError as error:
            self.extend(error.problems)
            self.cause = self.cause or error.__cause__
            return None


def _head(recipe: Recipe, task: Task, model: ModelFacts | None, prepared: Prepared) -> tuple[Prepared, tuple[str, ...]]:
    """The data with its labels in the order of a head that can be kept, and what becomes of the head."""
    if recipe.kind != "train" or model is None or model.path is None or prepared.labels is None:
        return prepared, ()
    from tui_finetune.inference.saved_head import choose_head, in_order_of, saved_head_of

    saved = saved_head_of(model.path, task)
    if recipe.data.labels is None:
        prepared = replace(prepared, labels=in_order_of(saved, prepared.labels))
    assert prepared.labels is not None
    words = choose_head(saved, prepared.labels, task.name).words
    return prepared, () if words is None else (words,)


def _check_model(recipe: Recipe, task: Task, home: Home) -> ModelFacts:
    from tui_finetune.inference.model_files import check_model

    model = recipe.model
    return check_model(model.path, task, revision=model.revision, home=home, trust_remote_code=model.trust_remote_code)


def _prepare(recipe: Recipe, task: Task, catalog: Catalog, home: Home, progress: Progress) -> Prepared:
    from tui_finetune.data.prepare import prepare

    return prepare(recipe, task, catalog, home.cache, heavy=False, progress=progress)


def _waits_for(recipe: Recipe, home: Home) -> str | None:
    """The whole id of the run in `[run] after`. Raises NoSuchRun."""
    if recipe.run.after is None:
        return None
    from tui_finetune.runs.store import RunStore

    try:
        return RunStore(home).find(recipe.run.after).id
    except NoSuchRun as error:
        raise NoSuchRun([replace(problem, key="run.after") for problem in error.problems]) from None


def _room(home: Home, model: ModelFacts | None, *, adapted: bool) -> list[Problem]:
    free = shutil.disk_usage(existing(home.runs)).free
    weights = model.bytes if model is not None and model.bytes else 0
    needed = max(ROOM, weights * (1 + (0 if adapted else 2 * CHECKPOINT_FACTOR)))
    if free >= needed:
        return []
    return [
        Problem(
            f"Disk: about {needed / 1e9:.1f} GB needed in {home.runs}, {free / 1e9:.1f} GB free.",
            hint="tui-finetune trash empty, or another --home.",
        )
    ]


def _facts(prepared: Prepared, catalog: Catalog, recipe: Recipe) -> dict[str, Any]:
    """Inputs with size and hash, rows and a hash of each split, the plugins used with their versions, the data's commit."""
    from tui_finetune.data.identity import digest

    named = [
        ("tasks", recipe.task),
        ("sources", prepared.source),
        *(("preprocessors", s.use) for s in recipe.preprocess),
    ]
    owners = {o.name: o for kind, name in named if (o := catalog.owner(kind, name)) is not None}
    return {
        "inputs": [{"path": str(f.path), "size": f.size, "sha256": f.sha256} for f in prepared.files],
        "plugins": [{"name": o.name, "version": o.version or ""} for o in owners.values()],
        "rows": {name: table.num_rows for name, table in prepared.splits.items()},
        "splits": {name: digest(table) for name, table in prepared.splits.items()},
        "format": prepared.format,
        **({"edits": prepared.edits.as_json()} if prepared.edits is not None else {}),
    }
