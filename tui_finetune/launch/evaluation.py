"""The recipe of an evaluation: a run's model, or a model folder, on the run's own data or on other."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.errors import Problem, RecipeError, UserError
from tui_finetune.launch.check import Checked, check
from tui_finetune.plugin_api import Progress, no_progress
from tui_finetune.runs.info import RunInfo

if TYPE_CHECKING:
    from tui_finetune.inference.model_folder import ModelFolder
    from tui_finetune.paths import Home
    from tui_finetune.plugin_api.manager import Catalog

TEST, VALIDATION = "test", "validation"
KNOWN_TO_RECIPE = "data.labels lacks"
"""What the check of labels says of those that a recipe names."""


@dataclass(frozen=True)
class EvaluationRequest:
    """What is to be measured."""

    model: ModelFolder
    run: RunInfo | None = None
    """The run that made the model."""
    data: str | None = None
    """Path or Hub id of other data than the run's own."""
    split: str | None = None
    sets: tuple[str, ...] = ()
    checkpoint: int | None = None
    """The step of the run's checkpoint that `model` is; None for its final model."""

    @property
    def of(self) -> dict[str, Any] | None:
        """What the evaluation is about, for its run.json."""
        if self.run is None:
            return None
        return {"run": self.run.id, **({} if self.checkpoint is None else {"checkpoint": self.checkpoint})}

    @property
    def own_data(self) -> bool:
        """True where the rows are those that the run kept for this."""
        return self.data is None

    def called(self, split: str | None) -> str:
        """What its run is called where nobody names it: `eval imdb-bert test`."""
        about = self.run.name if self.run is not None else self.model.path.name
        about = about if self.checkpoint is None else f"{about}@{self.checkpoint}"
        return f"eval {about} {Path(self.data).name if self.data else split}"


def check_evaluation(
    request: EvaluationRequest, *, home: Home, catalog: Catalog, progress: Progress = no_progress
) -> Checked:
    """The evaluation's recipe, resolved, with everything it names looked at. Raises UserError with all problems."""
    import tomlkit

    from tui_finetune.config.load import load_recipe

    written = _of_run(request) if request.own_data else _of_data(request, catalog, home, progress)
    text = tomlkit.dumps(_without_empty(written))
    try:
        loaded = load_recipe(None, text.encode(), sets=request.sets, catalog=catalog, cache=home.cache)
        checked = check(replace(loaded, lines={}), home=home, catalog=catalog, progress=progress)
    except RecipeError as error:
        raise RecipeError([_as_typed(problem) for problem in error.problems]) from error
    warnings = (*checked.warnings, *_other_rows(request, checked))
    return replace(checked, warnings=warnings, of=request.of)


def _as_typed(problem: Problem) -> Problem:
    """A problem in the words of the call: nobody wrote the recipe that it is about, and the labels are the model's."""
    message, hint = problem.message, problem.hint or ""
    if problem.key == "data.labels" and KNOWN_TO_RECIPE in message:
        message = message.replace(KNOWN_TO_RECIPE, "the model does not know")
        hint = hint.partition(". ")[0] + ". Mend the rows, or name another column: --set data.columns.label=NAME."
    hint = re.sub(r'Name it: \[data\] columns = \{ (\w+) = "…" \}', r"Name it: --set data.columns.\1=NAME", hint)
    return replace(problem, message=message, hint=hint or None, line=None)


def _other_rows(request: EvaluationRequest, checked: Checked) -> list[str]:
    """A warning for each file of the run's own data that has changed since."""
    from tui_finetune.config.write import read_resolved
    from tui_finetune.data.changed import changed_files

    if request.run is None or not request.own_data:
        return []
    recorded = read_resolved(request.run.paths.recipe_toml).resolved.get("inputs", ())
    return [
        f"{path.name} has changed since the run: these may not be the rows that it kept out of training."
        for path in changed_files(recorded, checked.prepared.files)
    ]


def _of_run(request: EvaluationRequest) -> dict[str, Any]:
    """The run's own recipe, turned to measuring: the same data, seed and fractions give the same rows."""
    from tui_finetune.config.write import as_resolved, read_resolved

    if request.run is None or not request.run.paths.recipe_toml.is_file():
        who = "A model folder" if request.run is None else f"{request.run.title} was made by a script of its own: it"
        raise UserError(Problem(f"{who} names no data to measure on.", hint="--data PATH does."))
    trained = as_resolved(read_resolved(request.run.paths.recipe_toml))
    kept: dict[str, Any] = {name: trained[name] for name in ("run", "data", "preprocess") if name in trained}
    split = request.split or _measured_split(trained["data"], request.model.card.metrics)
    return {**kept, **_common(request, trained, split)}


def _of_data(request: EvaluationRequest, catalog: Catalog, home: Home, progress: Progress) -> dict[str, Any]:
    """Other data, by the roles and labels of the model; columns named as in training are the same ones."""
    from tui_finetune.config.write import as_resolved, read_resolved

    card, trained = request.model.card, dict[str, Any]()
    if request.run is not None and request.run.paths.recipe_toml.is_file():
        trained = as_resolved(read_resolved(request.run.paths.recipe_toml))
    steps = trained.get("preprocess", [])
    path, names, whole_labels = _look(request, steps, catalog, home, progress)
    values: Sequence[Any] = card.labels.values
    if card.run is None and whole_labels and all(isinstance(value, str) for value in values):
        values = range(len(card.labels))  # a model of somebody else's: its outputs by number, as the data has them
    data = {
        "path": path,
        "columns": {role: column for role, column in card.columns.items() if column in names},
        "labels": list(values),
        "label_names": list(card.labels.names),
    }
    kept = {"run": trained.get("run"), "preprocess": steps, "data": data}
    return {**kept, **_common(request, trained, request.split)}


def _common(request: EvaluationRequest, trained: Mapping[str, Any], split: str | None) -> dict[str, Any]:
    card = request.model.card
    train, evaluate = trained.get("train", {}), trained.get("evaluate", {})
    batch = {name: train[name] for name in ("per_device_eval_batch_size",) if name in train}
    return {
        "version": 1,
        "kind": "evaluate",
        "task": card.task,
        "model": {
            "path": str(request.model.path),
            "max_length": card.max_length,
            "trust_remote_code": trained.get("model", {}).get("trust_remote_code", False),
        },
        "train": batch,
        "evaluate": {"metrics": evaluate.get("metrics"), "split": split},
        "task_options": dict(card.options),
    }


def _measured_split(data: Mapping[str, Any], metrics: Mapping[str, float]) -> str:
    """The split that the run's final figures are of."""
    tested = data.get("test") is not None or any(name.startswith("test_") for name in metrics)
    return TEST if tested else VALIDATION


def _look(
    request: EvaluationRequest, steps: Sequence[Mapping[str, Any]], catalog: Catalog, home: Home, progress: Progress
) -> tuple[str, set[str], bool]:
    """The data's path, the names of its columns, and whether its labels are whole numbers."""
    from tui_finetune.config.whereabouts import absolute, looks_local
    from tui_finetune.data.opening import Wanted, open_data

    assert request.data is not None
    endings = {ending for source in catalog.sources.values() for ending in source.extensions}
    here = looks_local(request.data, Path.cwd(), endings)
    path = absolute(request.data, Path.cwd()) if here else request.data
    wanted = Wanted(
        source=None, path=path, steps=tuple((str(step["use"]), dict(step.get("options", {}))) for step in steps)
    )
    opened = open_data(wanted, catalog, home.cache, heavy=False, progress=progress)
    gold = request.model.task.gold_role
    usual = () if gold is None else (request.model.card.columns.get(gold.name), gold.name, *gold.usual_names)
    found = next((column for name in usual for column in opened.columns if column.name == name), None)
    whole = found is not None and "int" in found.type and found.class_names is None
    return path, {column.name for column in opened.columns}, whole


def _without_empty(table: Mapping[str, Any]) -> dict[str, Any]:
    """What TOML has a word for."""
    kept = {k: _without_empty(v) if isinstance(v, Mapping) else v for k, v in table.items() if v is not None}
    return {k: v for k, v in kept.items() if v not in ({}, [])}
