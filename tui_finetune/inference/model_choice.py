"""RUN|MODEL, as `predict`, `evaluate` and the interface take it: a run of this home, or a folder with a trained model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tui_finetune.errors import ModelError, NoSuchRun, Problem, UserError
from tui_finetune.paths import Home
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.kept import kept_checkpoint, split_named
from tui_finetune.runs.layout import RunPaths
from tui_finetune.runs.records import checkpoints
from tui_finetune.runs.store import LATEST, RunStore

if TYPE_CHECKING:
    from tui_finetune.config.schema import Recipe

CONFIG = "config.json"


@dataclass(frozen=True)
class Chosen:
    """A model that can be used, and the run that made it."""

    folder: Path
    run: RunInfo | None = None
    step: int | None = None
    """The checkpoint that was named; None for the run's final model."""

    @property
    def title(self) -> str:
        """`imdb-bert (k3f9)`, `imdb-bert (k3f9) checkpoint-1407`, or the folder."""
        if self.run is None:
            return str(self.folder)
        return self.run.title if self.step is None else f"{self.run.title} checkpoint-{self.step}"

    def recipe(self) -> Recipe | None:
        """The recipe that it was trained by: a model trained with its own code is used with it."""
        if self.run is None or not self.run.paths.recipe_toml.is_file():
            return None
        from tui_finetune.config.write import read_resolved

        return read_resolved(self.run.paths.recipe_toml)


def choose_model(home: Home, query: str, checkpoint: str | None = None) -> Chosen:
    """What a person means: a run's final model, `RUN@STEP` (or `@best`, `@last`) for a checkpoint's, or a folder.

    checkpoint: the same as behind the @. Raises NoSuchRun, ModelError, or UserError where the run has no such model (yet).
    """
    named = query if checkpoint is not None or Path(query).expanduser().exists() else split_named(query)[0]
    which = checkpoint if checkpoint is not None else split_named(query)[1] if named != query else None
    if which is not None:
        return _of_checkpoint(home, named, which)
    place = Path(query).expanduser()
    if (place / CONFIG).is_file():
        return Chosen(place.absolute(), _run_of(home, place.absolute()))
    if (place / "run.json").is_file():
        return _of_run(_by_id(home, place))
    if place.is_dir() or "/" in query or query.startswith((".", "~")):
        return Chosen(_no_run(home, query, place))
    try:
        info = RunStore(home).find(query, accepts=_has_model)
    except NoSuchRun as error:
        if query == LATEST:
            hint = "tui-finetune demo trains a first one; a run's model is there when it has ended."
            raise NoSuchRun(Problem("No run here has a model.", hint=hint)) from error
        hint = "A model's folder is named with a slash: ./" + query
        raise NoSuchRun([*error.problems, Problem(hint)] if place.is_dir() else error.problems) from error
    return _of_run(info)


def _of_checkpoint(home: Home, query: str, which: str) -> Chosen:
    place = Path(query).expanduser()
    if (place / "run.json").is_file():
        info = _by_id(home, place)
    elif place.is_dir() or "/" in query:
        raise ModelError(
            Problem(f"{query} is no run: only a run has checkpoints.", hint="Name the checkpoint's folder.")
        )
    else:
        info = RunStore(home).find(query, accepts=_has_checkpoint)
    if info.problem is not None:
        raise UserError(Problem(f"{info.title} is unreadable: {info.problem}.", hint=info.way_out))
    found = kept_checkpoint(info, which)
    return Chosen(found.path, info, found.step)


def _has_checkpoint(info: RunInfo) -> bool:
    return info.kind == "train" and bool(checkpoints(info.paths, {}))


def _has_model(info: RunInfo) -> bool:
    return info.kind == "train" and (info.paths.model / CONFIG).is_file()


def _of_run(info: RunInfo) -> Chosen:
    """The run's model folder. Raises UserError where there is none, and says what there is."""
    if info.problem is not None:
        raise UserError(Problem(f"{info.title} is unreadable: {info.problem}.", hint=info.way_out))
    if info.kind != "train":
        about = (info.of or {}).get("run")
        hint = f"It is about run {about}: name that one." if about else None
        raise UserError(Problem(f"{info.title} is of kind {info.kind} and has no model of its own.", hint=hint))
    if not (info.paths.model / CONFIG).is_file():
        raise UserError(no_model_yet(info))
    return Chosen(info.paths.model, info)


def no_model_yet(info: RunInfo) -> Problem:
    """That a run has no final model, why, and what there is in its place."""
    status = info.status()
    if not info.paths.recipe_toml.is_file():
        hint = "A script of its own saved its model itself: name that folder."
    elif status.live:
        hint = "It writes one when it ends."
    else:
        hint = f"tui-finetune resume {info.short} goes on with it."
        if whole := [one for one in checkpoints(info.paths, {}) if one.whole]:
            hint += f" A checkpoint can be used as it is: {info.short}@{whole[-1].step}"
    return Problem(f"{info.title} has no model yet: it is {status.words}.", hint=hint)


def _by_id(home: Home, root: Path) -> RunInfo:
    from tui_finetune.runs.info import read_info

    found = RunStore(home).get(root.name)
    if found is not None and found.paths.root.resolve() == root.resolve():
        return found
    return read_info(RunPaths(root.absolute()))


def _run_of(home: Home, folder: Path) -> RunInfo | None:
    """The run whose model folder was named by its path."""
    if folder.name != "model" or not (folder.parent / "run.json").is_file():
        return None
    return _by_id(home, folder.parent)


def _no_run(home: Home, query: str, place: Path) -> Path:
    """A folder without config.json, an absent one, or a name on the Hub whose model is in the cache."""
    if place.is_dir():
        raise ModelError(Problem(f"{query} has no config.json: it is not a model.", hint=_models_below(place)))
    if not query.startswith((".", "~", "/")) and query.count("/") == 1:
        from tui_finetune.inference.hub_models import cached_snapshot, cached_words

        found = cached_snapshot(query)
        if found is not None:
            return found[0]
        hint = f"{cached_words(query)} hf download {query}, where there is network, fetches one of that name."
        raise ModelError(Problem(f"no folder {query}, and no model of that name in the Hub's cache.", hint=hint))
    raise ModelError(Problem(f"no folder {query}.", hint="tui-finetune runs lists the runs."))


def _models_below(place: Path) -> str | None:
    found = sorted(p.parent.name for p in place.glob(f"*/{CONFIG}"))
    return f"Models below it: {', '.join(found[:5])}." if found else None
