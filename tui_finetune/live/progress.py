"""How far a run is and how long it will still take: robust figures from what this run has measured of itself."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from tui_finetune.live.points import Evaluation
from tui_finetune.live.series import History
from tui_finetune.runs.status import Status

RECENT = 20
"""Logging intervals that the speed is the median of: one slow interval does not move it."""
SURE_STEPS = 20
"""Below so many measured steps the time left is said with `about`."""


@dataclass(frozen=True)
class Progress:
    """Where a run is. Times are seconds, None where nothing is measured yet or nothing moves."""

    step: int | None
    steps: int | None
    share: float | None
    """0 to 1, of the steps."""
    steps_per_second: float | None
    left: float | None
    """Training, evaluations and saving that are still due."""
    about: bool
    """True while too little is measured for more than a guess."""


def progress(history: History, status: Status, now: float) -> Progress:
    """The progress of a run as its events and its status tell it."""
    steps = history.steps or status.steps
    step = max((one for one in (history.step, status.step) if one is not None), default=None)
    if step is not None and steps is not None:
        step = min(step, steps)
    share = step / steps if step is not None and steps else None
    speed = steps_per_second(history)
    moving = status.state in ("running", "stopping", "starting")
    left = _left(history, step or 0, steps, speed, now) if moving and steps else None
    measured = step is not None and step - _began(history) >= SURE_STEPS
    return Progress(step, steps, share, speed, left, about=not measured)


def steps_per_second(history: History) -> float | None:
    """Median speed of the recent intervals; evaluations are not in it."""
    recent = [value for value in history.get("steps_per_second").values[-RECENT:] if value > 0]
    return median(recent) if recent else None


def _began(history: History) -> int:
    return history.attempts[-1].from_step if history.attempts else 0


def _left(history: History, step: int, steps: int, speed: float | None, now: float) -> float | None:
    if speed is None:
        return None
    due = max(0, steps - step)
    if due == 0 and history.phase != "training":
        return _closing_left(history, now)
    evaluations = _due(history, [one.step for one in history.evaluations if not (one.final or one.asked)], step, steps)
    saves = _due(history, sorted(history.checkpoints), step, steps)
    each = [one.seconds for one in history.evaluations if one.seconds is not None and not (one.final or one.asked)]
    saving = [one.seconds for one in history.checkpoints.values() if one.seconds is not None]
    left = due / speed + evaluations * _median(each) + saves * _median(saving) + _closing(history)
    running = 0.0
    if history.phase == "evaluating" and each and history.phase_t is not None:
        running = max(0.0, _median(each) - max(0.0, now - history.phase_t))
    return left + running


def _median(values: Sequence[float]) -> float:
    return median(values) if values else 0.0


def _due(history: History, at: list[int], step: int, steps: int) -> int:
    """How many more are to come of what has come at the steps `at`: one an epoch, or at the spacing seen."""
    at = sorted({one for one in at if one > 0})
    per_epoch = history.plan.get("steps_per_epoch")
    if len(at) >= 2:
        spacing = max(1, round(median(b - a for a, b in itertools.pairwise(at))))
    elif at:
        spacing = at[0]
    elif isinstance(per_epoch, int) and per_epoch > 0:
        spacing = per_epoch
    else:
        return 0
    return steps // spacing - step // spacing


def _closing(history: History) -> float:
    """Seconds of the final evaluations, from the seconds a row of those so far."""
    rows = history.plan.get("rows")
    measured = [one for one in history.evaluations if one.seconds is not None]
    if not measured or not isinstance(rows, dict):
        return 0.0
    of_validation = rows.get("validation")
    per_row = _per_row(measured[-1], of_validation)
    due = sum(count for name, count in rows.items() if name in ("validation", "test") and isinstance(count, int))
    return per_row * due


def _per_row(evaluation: Evaluation, rows: object) -> float:
    count = evaluation.rows or (rows if isinstance(rows, int) else 0)
    return (evaluation.seconds or 0.0) / count if count else 0.0


def _closing_left(history: History, now: float) -> float:
    """After the last step: what is left of the final evaluations by the newest progress of them."""
    done = sum(one.seconds or 0.0 for one in history.evaluations if one.final)
    spent = max(0.0, now - history.phase_t) if history.phase_t is not None else 0.0
    return max(1.0, _closing(history) - done - spent)
