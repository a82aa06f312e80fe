"""Back to a checkpoint in the same process: the next attempt, without loading data and libraries again."""

from __future__ import annotations

import time
from pathlib import Path

from tui_finetune.errors import UserError
from tui_finetune.runs.changes import Change, add_change
from tui_finetune.runs.control import Request
from tui_finetune.runs.layout import checkpoint_step
from tui_finetune.runs.settable import checked, flat
from tui_finetune.worker import checkpoints
from tui_finetune.worker.job import Job, got
from tui_finetune.worker.steering.steering import back_to


def roll_back(job: Job, request: Request) -> Path:
    """Makes everything ready to go on from the checkpoint that was asked for; its folder.

    In an order in which a kill between any two acts leaves a run that a resume takes up at that checkpoint.
    """
    steering, attempt = got(job.steering, "steering"), job.attempt
    folder = back_to(attempt, request.values.get("checkpoint"), content=True)
    if folder is None:
        raise UserError("There is no whole checkpoint to roll back to.")
    step, left = checkpoint_step(folder) or 0, attempt.outcome.step
    reason = request.values.get("reason")
    steering.leave()
    _put_aside(job, beyond=step)
    dropped = steering.drop_beyond(step)
    values, _ = checked(flat(dict(request.values.get("set") or {})))
    if values:
        change = Change(step + 1, values, True, reason, request.by, time.time(), attempt.number + 1)
        add_change(attempt.paths, change)
    attempt.advance(step, str(folder.relative_to(attempt.paths.root)), f"rolled back to checkpoint-{step}")
    job.trainer.forget()
    told = {"reason": reason} if reason else {}
    dropped_ids = [one.id for one in dropped]
    job.controls.applied(request, step, left=left, checkpoint=step, dropped=dropped_ids, by=request.by, **told)
    return folder


def _put_aside(job: Job, *, beyond: int) -> None:
    """Checkpoints of what was left: a later resume must not take them for the newest."""
    for step, folder in sorted(checkpoints.all_checkpoints(job.paths)):
        if step <= beyond:
            continue
        aside = checkpoints.put_aside(folder, f"{checkpoints.ROLLED_BACK_PREFIX}{job.attempt.number}-")
        why = f"rolled back to checkpoint-{beyond}"
        job.attempt.events.write("checkpoint_skipped", path=str(aside.relative_to(job.paths.root)), why=why)
