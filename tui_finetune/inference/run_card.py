"""What the model card tells of a checkpoint, from its run's directory: nothing is loaded, and nothing is claimed that is not
written there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.inference.task_card import TaskCard
from tui_finetune.runs.branches import origin
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.kept import best_step
from tui_finetune.runs.layout import RunPaths
from tui_finetune.runs.tail import brief_events, number

if TYPE_CHECKING:
    from tui_finetune.config.schema import Recipe
    from tui_finetune.plugin_api import Task


def run_facts(info: RunInfo, recipe: Recipe, task: Task) -> dict[str, Any]:
    """Those of the `facts` of `model_card.model_card` that are the same for each model of a run."""
    return {
        "run": info.id,
        "task": task.name,
        "task_title": task.title or task.name,
        "pipeline_tag": task.pipeline_tag,
        "base_model": _begun_from(info, recipe),
        "base_revision": recipe.model.revision,
        "data": recipe.data.path if recipe.data.path is not None else recipe.data.source,
        "windowed": task.windowed,
        "recipe": info.paths.recipe_toml.read_text(encoding="utf-8"),
    }


def checkpoint_facts(info: RunInfo, step: int, recipe: Recipe, task: Task, card: TaskCard) -> dict[str, Any]:
    """`facts` of `model_card.model_card` for the weights of one step; its metrics are those measured at that step."""
    plan, metrics = _told(info.paths, step)
    main = recipe.train.get("metric_for_best_model") or next(iter(task.default_metrics(card.labels)), "loss")
    return {
        **run_facts(info, recipe, task),
        "name": f"{info.name}-{step}",
        "data_source": recipe.data.source,
        "data_revision": recipe.data.revision,
        "rows": dict(plan.get("rows") or {}),
        "split_origin": {},
        "labels": list(card.labels.names),
        "max_length": card.max_length,
        "metrics": metrics,
        "baselines": {},
        "main_metric": main,
        "step": step,
        "steps": plan.get("steps") or step,
        "best_step": step if best_step(info) == step else None,
        "best_metric": main,
        "warnings": [],
    }


def _told(paths: RunPaths, step: int) -> tuple[Mapping[str, Any], dict[str, float]]:
    """The newest plan, and the newest metrics of the whole validation set at a step."""
    plan: Mapping[str, Any] = {}
    metrics: dict[str, float] = {}
    for event in brief_events(paths):
        if event.name == "plan":
            plan = event.fields
        elif event.name == "evaluation" and event.step == step and event.get("split") == "validation":
            told = event.get("metrics") or {}
            metrics = {name: value for name in told if (value := number(told[name])) is not None}
    return plan, metrics


def _begun_from(info: RunInfo, recipe: Recipe) -> str:
    """The model as the card names it: of one that was taken along from another run's directory, the place there."""
    path, about = recipe.model.path, origin(info.of)
    if Path(path) != info.paths.start or about is None:
        return path
    return str(RunPaths(info.paths.root.parent / about.run).model)
