"""Step: the data, opened, preprocessed, split, labelled, exactly as the launcher's check saw it."""

from __future__ import annotations

from tui_finetune.data.prepare import prepare
from tui_finetune.worker.job import Job


def run(job: Job) -> None:
    job.attempt.phase("loading", "data")
    job.prepared = prepare(job.recipe, job.task, job.catalog, job.home.cache, heavy=True, progress=job.progress)
    for warning in job.prepared.warnings:
        job.attempt.warn(warning, "data")
