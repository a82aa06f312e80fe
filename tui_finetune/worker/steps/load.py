"""Step: the data, opened, preprocessed, split, labelled, exactly as the launcher's check saw it; else the run fails."""

from __future__ import annotations

from tui_finetune.data.changed import changed_files
from tui_finetune.data.prepare import prepare
from tui_finetune.errors import DataError, Problem
from tui_finetune.worker.job import Job


def run(job: Job) -> None:
    job.attempt.phase("loading", "data")
    job.prepared = prepare(job.recipe, job.task, job.catalog, job.home.cache, heavy=True, progress=job.progress)
    changed = changed_files(job.recipe.resolved.get("inputs", ()), job.prepared.files)
    if changed:
        hint = "Put it back as it was, or start a new run."
        raise DataError(
            [Problem(f"{path} has changed since the run was checked.", "data.path", hint=hint) for path in changed]
        )
    for warning in job.prepared.warnings:
        job.attempt.warn(warning, "data")
