"""Another run that this one starts from: `model.path = "run:…"` or `of`, made the folder of its model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.errors import NoSuchRun, Problem, UserError
from tui_finetune.runs.branches import KEEP

if TYPE_CHECKING:
    from tui_finetune.config.schema import Recipe
    from tui_finetune.launch.branching import KeptStart
    from tui_finetune.paths import Home
    from tui_finetune.runs.info import RunInfo

RUN_PREFIX = "run:"


@dataclass(frozen=True)
class StartingPoint:
    """The recipe with a model path that can be loaded, and where it comes from."""

    recipe: Recipe
    of: Mapping[str, Any] | None = None
    notes: tuple[str, ...] = ()
    kept: KeptStart | None = None
    """The checkpoint that the run goes on from with everything, where it takes more than weights."""


def starting_point(recipe: Recipe, home: Home, problems: list[Problem]) -> StartingPoint:
    """Resolves the run; what is wrong with it is added to `problems`."""
    if not recipe.model.path.startswith(RUN_PREFIX):
        return StartingPoint(recipe)
    named, key = recipe.model.path.removeprefix(RUN_PREFIX), "model.path" if recipe.of is None else "of.run"
    from tui_finetune.runs.store import RunStore

    try:
        info = RunStore(home).find(named, accepts=lambda found: found.kind == "train")
    except NoSuchRun as error:
        problems += [Problem(p.message, key, hint=p.hint) for p in error.problems]
        return StartingPoint(recipe)
    if info.problem is not None:
        problems.append(Problem(f"{info.title} is unreadable: {info.problem}.", key, hint=info.way_out))
        return StartingPoint(recipe)
    step = recipe.of.checkpoint if recipe.of is not None else None
    if recipe.of is not None and recipe.of.optimizer is not None and step is None:
        problems.append(Problem("needs a checkpoint: of.checkpoint = STEP.", "of.optimizer"))
    elif recipe.of is not None and recipe.of.optimizer == KEEP:
        return _kept(recipe, info, step or 0, problems)
    folder = _model(info, key, problems) if step is None else _checkpoint(info, step, problems)
    of = {"run": info.id, **({} if step is None else {"checkpoint": step})}
    changes: dict[str, Any] = {"model": recipe.model.model_copy(update={"path": str(folder), "revision": None})}
    if recipe.of is not None:
        changes["of"] = recipe.of.model_copy(update={"run": info.id})
    what = "the model" if step is None else f"checkpoint-{step}"
    note = f"Starts from {what} of {info.name} ({info.short})."
    return StartingPoint(recipe.model_copy(update=changes), of, (note,))


def _kept(recipe: Recipe, info: RunInfo, step: int, problems: list[Problem]) -> StartingPoint:
    from tui_finetune.launch.branching import begun_as, kept_start

    try:
        kept = kept_start(info, step)
    except UserError as error:
        problems += error.problems
        return StartingPoint(recipe)
    note = f"Goes on from checkpoint-{step} of {info.title}, with its optimizer, schedule and place in the data."
    return StartingPoint(begun_as(kept, recipe), kept.of, (note,), kept)


def _model(info: RunInfo, key: str, problems: list[Problem]) -> Path:
    if not (info.paths.model / "config.json").is_file():
        from tui_finetune.inference.model_choice import no_model_yet

        problems.append(replace(no_model_yet(info), key=key))
    return info.paths.model


def _checkpoint(info: RunInfo, step: int, problems: list[Problem]) -> Path:
    from tui_finetune.runs.records import checkpoints

    whole = [one.step for one in checkpoints(info.paths, {}) if one.whole]
    if step not in whole:
        there = f"It has {', '.join(map(str, whole))}." if whole else "It has none."
        message = f"{info.name} ({info.short}) has no whole checkpoint of step {step}."
        problems.append(Problem(message, "of.checkpoint", hint=there))
    return info.paths.checkpoint(step)
