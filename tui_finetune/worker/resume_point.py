"""Where an attempt begins: at the newest whole checkpoint, those that are not whole told and put aside; else at step 0."""

from __future__ import annotations

from pathlib import Path

from tui_finetune.errors import Problem, UserError
from tui_finetune.runs.branches import origin
from tui_finetune.runs.info import read_info
from tui_finetune.runs.layout import RunPaths
from tui_finetune.runs.resumption import read_resumption
from tui_finetune.worker import checkpoints
from tui_finetune.worker.attempt import Attempt


def resume_point(paths: RunPaths, attempt: Attempt) -> Path | None:
    """The checkpoint to go on from; writes the `attempt` event. Raises UserError for a branch whose beginning is lost."""
    checkpoints.remove_leftovers(paths)
    found, skipped = checkpoints.newest_whole(paths)
    more, of = read_resumption(paths, attempt.number).event(), read_info(paths).of
    begun = origin(of)
    branch = begun is not None and begun.keeps
    if branch and attempt.number == 1:
        more["of"] = dict(of or {})
    attempt.begin(_step(found), str(found.relative_to(paths.root)) if found else None, **more)
    for one in skipped:
        attempt.events.write("checkpoint_skipped", path=str(one.path.relative_to(paths.root)), why=one.why)
    if found is None and begun is not None and branch:
        hint = f"Branch again: tui-finetune branch {begun.run} --at {begun.checkpoint}"
        raise UserError(Problem("the checkpoint that this branch went on from is not whole any more.", hint=hint))
    if found is None and attempt.number > 1:
        attempt.note("No whole checkpoint: the run begins again at step 0 with the same seed.")
    return found


def _step(folder: Path | None) -> int:
    return int(folder.name.rsplit("-", 1)[1]) if folder is not None else 0
