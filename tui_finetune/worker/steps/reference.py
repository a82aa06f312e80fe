"""Step: what a model that stays as it is gives each row, where the head measures against one. It need not stay in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import datasets
import numpy as np
import torch

from tui_finetune.errors import ModelError, Problem, first_line
from tui_finetune.inference.adapters import load_whole
from tui_finetune.inference.task_card import TaskCard
from tui_finetune.plugin_api import LabelSet, ModelRequest
from tui_finetune.runs.layout import TASK_CARD
from tui_finetune.worker.job import Job, got
from tui_finetune.worker.scoring import Scorer

BATCH = 16
"""Rows a batch where the recipe does not say."""


def run(job: Job) -> None:
    if not job.head.reference_columns:
        return
    job.attempt.phase("loading", "reference")
    path = _path(job)
    own = job.recipe.kind == "train" and path == job.recipe.model.path
    model = got(job.model, "model") if own else _loaded(job, path)
    job.settled["reference"] = job.options["reference"] = path
    model.to(torch.device("cuda" if torch.cuda.is_available() else "cpu"))
    training = model.training
    job.encoded = {name: _rated(job, model, name, rows) for name, rows in job.encoded.items()}
    model.train(training)


def _path(job: Job) -> str:
    """The model to measure against: as named, else what a run that this one goes on from had, else where training begins."""
    named, model = job.recipe.task_options.get("reference"), job.recipe.model.path
    if named:
        return str(named)
    if job.recipe.kind != "train":
        hint = "Name it: task_options.reference."
        raise ModelError(Problem("it is not known what the model is measured against.", "task_options", hint=hint))
    goes_on = job.recipe.of is not None and job.recipe.of.optimizer == "keep"
    if goes_on and (Path(model) / TASK_CARD).is_file():
        return str(TaskCard.read(Path(model)).options.get("reference") or model)
    return model


def _loaded(job: Job, path: str) -> Any:
    labels: LabelSet = got(got(job.prepared, "data").labels, "labels")
    request = ModelRequest(path, labels, job.options, trust_remote_code=job.recipe.model.trust_remote_code)
    try:
        return load_whole(job.head, request)
    except (OSError, ValueError, KeyError) as error:
        hint = "It is what the model is measured against; name its place: task_options.reference."
        raise ModelError(Problem(f"{path}: {first_line(error)}", "task_options.reference", hint=hint)) from error


def _rated(job: Job, model: Any, split: str, rows: datasets.Dataset) -> datasets.Dataset:
    """The rows with the reference's columns."""
    size = int(job.recipe.train.get("per_device_eval_batch_size", BATCH))
    scorer = Scorer(
        job.head, model, got(job.tokenizer, "tokenizer"), job.max_length, size, by=job.head.reference
    )  # fmt: skip
    found: list[np.ndarray] = []
    for _, values in scorer.blocks(rows, lambda done: job.progress(f"reference of {split}", done, len(rows))):
        found += values
    columns = np.stack(found).astype(np.float32)
    for place, name in enumerate(job.head.reference_columns):
        rows = rows.add_column(name, columns[:, place].tolist())
    return rows
