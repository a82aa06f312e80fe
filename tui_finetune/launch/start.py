"""Starting and going on: what `train`, `resume`, `evaluate`, the demo and the interface call."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.errors import LaunchError, Problem, UserError, cannot_write
from tui_finetune.launch.differences import Difference
from tui_finetune.launch.handoff import Launch, hand_off
from tui_finetune.launch.notices import default_channels
from tui_finetune.launch.resuming import plan, recorded
from tui_finetune.runs import atomic
from tui_finetune.runs.attempts import newest_attempt
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.keeping import keeping
from tui_finetune.runs.layout import RunPaths
from tui_finetune.runs.store import RunStore

if TYPE_CHECKING:
    from tui_finetune.config.schema import Recipe, RunTable
    from tui_finetune.launch.branching import KeptStart
    from tui_finetune.launch.check import Checked
    from tui_finetune.paths import Home
    from tui_finetune.runs.status import Status


@dataclass(frozen=True)
class Started:
    """A run that belongs to the machine now."""

    paths: RunPaths
    attempt: int
    pid: int


def _nobody(differences: Sequence[Difference]) -> None:
    """Nobody is told."""


def start(checked: Checked, launch: Launch, *, name: str | None = None) -> Started:
    """Makes the run directory and hands it to a worker. Raises LaunchError; then nothing is left of it."""
    return start_job(
        checked.recipe,
        launch,
        request=checked.request,
        facts=checked.facts,
        of=checked.of,
        name=name,
        model=checked.model if checked.kept is None else checked.kept.info.model,
        data=_data_name(checked),
        kept=checked.kept,
        edits=checked.prepared.edits.data if checked.prepared.edits is not None else None,
    )


def start_job(
    recipe: Recipe,
    launch: Launch,
    *,
    request: bytes,
    facts: Mapping[str, Any],
    of: Mapping[str, Any] | None,
    name: str | None = None,
    model: str | None = None,
    data: str | None = None,
    kept: KeptStart | None = None,
    edits: bytes | None = None,
) -> Started:
    """The same for a recipe of any kind that is resolved already. `model`, `data`: as lists show them. kept: the checkpoint
    that it goes on from, optimizer and all. edits: the lines of its file of edits, which the run keeps."""
    home = launch.home.ensure()
    called = name or recipe.name or recipe.kind
    recipe = recipe.model_copy(update={"name": called, "run": _with_notices(recipe.run, home)})
    try:
        paths = RunStore(home).create(
            called, kind=recipe.kind, task=recipe.task, of=of, model=model or recipe.model.path, data=data
        )
        write_begin(paths, request, recipe, facts, kept, home, edits)
    except OSError as error:
        raise LaunchError(cannot_write(home.runs, error)) from error
    return Started(paths, 1, hand_off(paths, 1, launch, new=True, auto_resume=recipe.run.auto_resume))


def _with_notices(run: RunTable, home: Home) -> RunTable:
    """The home's own channels where the recipe names none."""
    return run if run.notify is not None else run.model_copy(update={"notify": default_channels(home) or None})


def write_begin(
    paths: RunPaths,
    request: bytes,
    recipe: Recipe,
    facts: Mapping[str, Any],
    kept: KeptStart | None,
    home: Home,
    edits: bytes | None,
) -> None:
    """Everything that its worker begins with, or the directory is removed."""
    from tui_finetune.config.write import resolved_toml
    from tui_finetune.launch.planting import plant_checkpoint, with_own_model

    try:
        recipe = with_own_splits(paths, with_own_edits(paths, with_own_model(paths, recipe, home), edits))
        atomic.write_bytes(paths.request_toml, request)
        atomic.write_bytes(paths.recipe_toml, resolved_toml(recipe, facts).encode())
        if kept is not None:
            plant_checkpoint(paths, kept.checkpoint, kept.info.paths)
    except BaseException:
        shutil.rmtree(paths.root, ignore_errors=True)
        raise


def with_own_splits(paths: RunPaths, recipe: Recipe) -> Recipe:
    """Likewise with the file that divides its rows. Raises OSError."""
    if recipe.data.split_file is None:
        return recipe
    atomic.write_bytes(paths.split_file, Path(recipe.data.split_file).read_bytes())
    return recipe.model_copy(update={"data": recipe.data.model_copy(update={"split_file": str(paths.split_file)})})


def with_own_edits(paths: RunPaths, recipe: Recipe, edits: bytes | None) -> Recipe:
    """The recipe with its edits in the run's own directory: what is edited later does not concern it. Raises OSError."""
    if edits is None:
        return recipe
    atomic.write_bytes(paths.edits, edits)
    return recipe.model_copy(update={"data": recipe.data.model_copy(update={"edits": str(paths.edits)})})


def resume(
    info: RunInfo,
    launch: Launch,
    *,
    force: bool = False,
    accept: bool = False,
    sets: Sequence[str] = (),
    tell: Callable[[Sequence[Difference]], None] = _nobody,
) -> Started:
    """A new attempt from the newest whole checkpoint. Raises UserError where the run cannot go on.

    force: also where nobody can tell whether the run still lives, because it began on another machine or in a container
    that is gone. accept: also where it would not be the same run (else NotTheSame, with what differs). sets: KEY=VALUE of
    settings that change no result. tell: called with all that differs before anything is started.
    """
    # Before the look at its state: of two who go on at once the later one then meets the earlier one's claim.
    attempt = newest_attempt(info.paths) + 1
    require_resumable(info, force=force)
    planned = plan(info, attempt, launch, sets)
    with recorded(planned, accept=accept):
        tell(planned.differences)
        if (kept := keeping(info.paths)) is not None:
            kept.end()  # it would start the same attempt a little later
            info.paths.keeper_json.unlink(missing_ok=True)
        pid = hand_off(info.paths, attempt, launch, new=False, auto_resume=planned.recipe.run.auto_resume)
        return Started(info.paths, attempt, pid)


def require_resumable(info: RunInfo, *, force: bool = False) -> None:
    """Raises UserError for a run that lives, may live, has done all that it was to do, or was not begun by this program."""
    status = info.status()
    if status.state == "unreachable" and not force:
        raise UserError(
            Problem(
                f"{info.title} is {status.words}.",
                hint="If it no longer works there, --force starts a new attempt here. Two workers on one run would harm it.",
            )
        )
    if status.state != "unreachable" and status.state not in ("stopped", "aborted", "preempted", "failed", "died"):
        raise UserError(_no_need(info, status))
    if not info.paths.recipe_toml.is_file():
        raise UserError(f"{info.title} was made by a script of its own; only that script can go on.")


def _no_need(info: RunInfo, status: Status) -> Problem:
    """Why a run is not resumed: it lives, or it has done all that it was to do."""
    if status.state == "finished":
        hint = f"Another can start from its model: train RECIPE --set model.path=run:{info.short}"
        return Problem(f"{info.title} is finished: there is nothing to go on with.", hint=hint)
    hint = f"tui-finetune watch {info.short} shows it."
    return Problem(f"{info.title} is {status.words}: it needs no resume.", hint=hint)


def _data_name(checked: Checked) -> str:
    path = checked.recipe.data.path
    if path is None:
        return checked.prepared.source
    return path if isinstance(path, str) else path[0]
