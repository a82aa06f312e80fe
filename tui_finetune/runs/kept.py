"""Checkpoints as a person names them: a step, `best`, `last`. Found whole, or refused with those that there are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tui_finetune.errors import Problem, UserError, nearest
from tui_finetune.runs import atomic
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.layout import TRAINER_STATE
from tui_finetune.runs.manifest import problem
from tui_finetune.runs.records import CheckpointRecord, checkpoints
from tui_finetune.runs.status import Status

BEST, LAST = "best", "last"
SEPARATOR = "@"


@dataclass(frozen=True)
class Kept:
    """A checkpoint that is whole, its content compared with its manifest."""

    step: int
    path: Path


def kept_checkpoint(info: RunInfo, named: str, *, key: str | None = None) -> Kept:
    """The checkpoint that a person means: `1407`, `checkpoint-1407`, `best`, `last`. Raises UserError. key: for the problem."""
    found = checkpoints(info.paths, {}, best_step(info))
    step = _step(info, named, found, key)
    one = next((one for one in found if one.step == step), None)
    if one is None:
        raise UserError(Problem(f"{info.title} has no checkpoint of step {step:,}.", key, hint=_there(info, found)))
    if (why := problem(one.path)) is not None:
        others = [other for other in found if other.step != step]
        message = f"checkpoint-{step} of {info.title} is not whole ({why})."
        raise UserError(Problem(message, key, hint=_there(info, others)))
    return Kept(one.step, one.path)


def best_step(info: RunInfo, status: Status | None = None) -> int | None:
    """Step of the best checkpoint: as the run said when it ended, else as its newest checkpoint knows."""
    said = (status or info.status()).best_step
    if said is not None:
        return said
    for one in reversed(checkpoints(info.paths, {})):
        try:
            best = atomic.read_json(one.path / TRAINER_STATE).get("best_global_step")
        except (FileNotFoundError, atomic.Unreadable):
            continue
        return best if isinstance(best, int) else None
    return None


def split_named(query: str) -> tuple[str, str | None]:
    """`k3f9@1407` as run and checkpoint; None where no checkpoint is named. A name with an @ of its own stays whole."""
    run, separator, named = query.rpartition(SEPARATOR)
    return (
        (run, named) if separator and run and (_number(named) is not None or named in (BEST, LAST)) else (query, None)
    )


def _step(info: RunInfo, named: str, found: list[CheckpointRecord], key: str | None) -> int:
    if (step := _number(named)) is not None:
        return step
    if named == LAST and found:
        return next((one.step for one in reversed(found) if one.whole), found[-1].step)
    if named == BEST and (best := next((one.step for one in found if one.best), None)) is not None:
        return best
    if named in (BEST, LAST):
        what = "checkpoint" if named == LAST else "checkpoint that is known to be the best"
        raise UserError(Problem(f"{info.title} has no {what}.", key, hint=_there(info, found)))
    words = [BEST, LAST, *(str(one.step) for one in found)]
    hint = f"Did you mean {near}?" if (near := nearest(named, words)) else _there(info, found)
    raise UserError(Problem(f"'{named}' is no checkpoint: a step, best or last.", key, hint=hint))


def _number(named: str) -> int | None:
    digits = named.removeprefix("checkpoint-").replace(",", "")
    return int(digits) if digits.isdecimal() and digits.isascii() else None


def _there(info: RunInfo, found: list[CheckpointRecord]) -> str:
    if not found:
        script = not info.paths.recipe_toml.is_file()
        return "A script of its own saved where it wanted: name that folder." if script else "It has none."
    return f"There are: {', '.join(_words(one) for one in found)}."


def _words(one: CheckpointRecord) -> str:
    told = "not whole" if not one.whole else "best" if one.best else ""
    return f"{one.step} ({told})" if told else str(one.step)
