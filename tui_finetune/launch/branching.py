"""Branches that keep the optimizer: a new run that goes on from another one's checkpoint as a resume would.

What such a branch changes has to be something that can change while a run goes on: it becomes a `[[change]]` of the step
after the checkpoint, so that the branch can be replayed from step 0 as any steered run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tui_finetune.errors import Problem, UserError
from tui_finetune.launch.differences import compare, facts_before, facts_now
from tui_finetune.launch.resuming import FREE
from tui_finetune.live.comparison import flat
from tui_finetune.runs.branches import KEEP
from tui_finetune.runs.changes import in_force, read_changes
from tui_finetune.runs.kept import Kept, kept_checkpoint
from tui_finetune.runs.settable import setting

if TYPE_CHECKING:
    from tui_finetune.config.schema import ChangeTable, Recipe
    from tui_finetune.plugin_api.manager import Catalog
    from tui_finetune.runs.info import RunInfo

FRESH = "--optimizer fresh begins with the weights alone, and takes any."
NOT_COMPARED = ("change", "run.device", *FREE)
PATTERNS = "model.freeze"


@dataclass(frozen=True)
class KeptStart:
    """The checkpoint that a branch goes on from, and the run that it is of."""

    info: RunInfo
    checkpoint: Kept
    recipe: Recipe
    """That run's, resolved."""

    @property
    def of(self) -> dict[str, Any]:
        """For the branch's run.json."""
        return {"run": self.info.id, "checkpoint": self.checkpoint.step, "optimizer": KEEP}


def kept_start(info: RunInfo, step: int) -> KeptStart:
    """Raises UserError where there is no such checkpoint, or it is not whole."""
    from tui_finetune.config.write import read_resolved

    if not info.paths.recipe_toml.is_file():
        raise UserError(
            Problem(f"{info.title} was made by a script of its own: its optimizer cannot be kept.", "of.optimizer")
        )
    return KeptStart(info, kept_checkpoint(info, str(step), key="of.checkpoint"), read_resolved(info.paths.recipe_toml))


def begun_as(start: KeptStart, asked: Recipe) -> Recipe:
    """The recipe that was asked for with the model and the rows of the run that it goes on from, where it names none."""
    there = start.recipe
    same = {name: getattr(there.data, name) for name in ("source", "columns", "labels", "label_names", "revision")}
    data = {name: value for name, value in same.items() if not getattr(asked.data, name)}
    edits: Mapping[str, Any] = there.resolved.get("edits") or {}
    if asked.data.edits is not None and asked.data.edits == edits.get("path"):
        data["edits"] = there.data.edits  # as that run began with them, whatever was edited since
    model = {"path": there.model.path, "revision": there.model.revision}
    return asked.model_copy(
        update={
            "data": asked.data.model_copy(update=data),
            "model": asked.model.model_copy(update=model),
            "of": asked.of and asked.of.model_copy(update={"run": start.info.id}),
        }
    )


def branched(start: KeptStart, asked: Recipe) -> Recipe:
    """The branch's recipe: the other run's, and what differs in `asked` as changes of the next step.

    Raises UserError with everything that cannot change where the optimizer is kept.
    """
    from tui_finetune.config.schema import ChangeTable
    from tui_finetune.config.write import as_resolved

    before, now = (flat(_without(as_resolved(recipe))) for recipe in (start.recipe, asked))
    changed = {key: now.get(key) for key in [*before, *now] if before.get(key) != now.get(key)}
    values, problems = _as_changes(changed, before)
    if problems:
        raise UserError(problems)
    step = start.checkpoint.step
    past = [
        ChangeTable(at_step=one.at_step, set=dict(one.set), stretch=one.stretch, reason=one.reason)
        for one in in_force(read_changes(start.info.paths))
        if one.at_step <= step and one.by != "recipe"
    ]
    own = [one for one in asked.change if one not in start.recipe.change]
    if early := next((one for one in own if one.at_step <= step), None):
        raise UserError(Problem(f"is step {early.at_step}; the branch begins after step {step}.", "change.at_step"))
    new = [ChangeTable(at_step=step + 1, set=values)] if values else []
    return start.recipe.model_copy(
        update={
            "name": asked.name,
            "of": asked.of,
            "run": asked.run,
            "train": _with_free(start.recipe.train, asked.train),
            "change": _in_order([*start.recipe.change, *past, *new, *own]),
        }
    )


def changes_of(sets: Sequence[str], step: int) -> tuple[str, ...]:
    """`--set` of a branch that keeps the optimizer: what can change while a run goes on becomes a change of the next step,
    also where the recipe says the same, for the run may have been steered since. The rest stays as it is."""
    from tui_finetune.config.sets import parse_set
    from tui_finetune.config.write import toml_value

    values: dict[str, Any] = {}
    rest = []
    for text in sets:
        parsed = parse_set(text)
        one = None if isinstance(parsed, Problem) else setting(".".join(parsed[0]))
        if one is None or isinstance(parsed, Problem):
            rest.append(text)
        else:
            values[one.name] = parsed[1]
    change = [f"change={toml_value([{'at_step': step + 1, 'set': values}])}"] if values else []
    return (*rest, *change)


def told_apart(start: KeptStart, recipe: Recipe, catalog: Catalog) -> list[str]:
    """What differs from what the checkpoint was made with, in sentences: a branch is a new run, and says so.

    Raises UserError for rows that have changed: there is no place in them to go on from.
    """
    found = compare(facts_before(start.info.paths, start.recipe, start.checkpoint.path), facts_now(recipe, catalog))
    changed = [one for one in found if one.what == "data"]
    if changed:
        message = "has changed since that run was checked: there is no place in it to go on from."
        raise UserError([Problem(f"{one.name} {message}", "data.path", hint=FRESH) for one in changed])
    return [f"{one.text}." for one in found]


def _without(written: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in written.items() if key not in NOT_COMPARED}


def _in_order(changes: list[ChangeTable]) -> list[ChangeTable]:
    return sorted(changes, key=lambda one: one.at_step)


def _with_free(there: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    """`[train]` with the settings that change no result as they are asked for now."""
    free = [key.removeprefix("train.") for key in FREE if key.startswith("train.")]
    return {**there, **{name: asked[name] for name in free if name in asked}}


def _as_changes(changed: Mapping[str, Any], before: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    values: dict[str, Any] = {}
    problems = []
    for key, value in changed.items():
        if key in NOT_COMPARED:
            continue
        one = setting(key)
        if key == PATTERNS:
            was, now = before.get(key) or [], value or []
            values |= {"freeze": new} if (new := [part for part in now if part not in was]) else {}
            values |= {"unfreeze": gone} if (gone := [part for part in was if part not in now]) else {}
        elif one is None:
            problems.append(Problem("cannot change where the optimizer is kept.", key, hint=FRESH))
        elif value is None:
            problems.append(Problem("is set in the run that this one goes on from: it needs a value.", key))
        else:
            values[one.name] = value
    return values, problems
