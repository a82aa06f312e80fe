"""The pipeline: one list of steps a kind of job, each in its own file, read from top to bottom."""

from __future__ import annotations

from collections.abc import Callable

from tui_finetune.worker.job import Job
from tui_finetune.worker.steps import compare, encode, evaluate, load, model, preflight, reference, save, train

Step = Callable[[Job], None]


def _waiting_for_room(step: Step, what: str) -> Step:
    """A step after training: where the disk has no room for what it writes the run waits, and does it again."""

    def patient(job: Job) -> None:
        job.trainer.saver.until_written(what, lambda: step(job))

    return patient


PIPELINES: dict[str, tuple[Step, ...]] = {
    "train": (
        load.run,
        model.load_tokenizer,
        encode.run,
        model.load_model,
        reference.run,
        train.prepare,
        preflight.run,
        train.run,
        compare.note_peak,
        save.run,
        _waiting_for_room(evaluate.run, "predictions and figures"),
        _waiting_for_room(save.describe, "the model card"),
        compare.run,
    ),
    "evaluate": (
        load.run,
        model.load_tokenizer,
        encode.run,
        model.load_model,
        reference.run,
        evaluate.run,
    ),
}
"""Kind of job to its steps."""


def run(job: Job) -> None:
    """Runs the steps of the job's kind; between two steps a stop or an abort is obeyed."""
    for step in PIPELINES[job.recipe.kind]:
        job.controls.safe_point()
        step(job)
