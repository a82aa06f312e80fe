"""Step: a prediction for every row of validation and test, metrics, baselines, reports; by the same decode as everywhere."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from tui_finetune.errors import first_line
from tui_finetune.evaluation.measure import mean_loss, measure
from tui_finetune.evaluation.predictions import PredictionWriter, common_columns, common_schema
from tui_finetune.evaluation.reports import make_report, write_report
from tui_finetune.plugin_api import Decoded, Task
from tui_finetune.runs.layout import PREDICTIONS, REPORT
from tui_finetune.worker.attempt import flat_metrics
from tui_finetune.worker.job import Job, got
from tui_finetune.worker.rows import rows_of
from tui_finetune.worker.scoring import Scorer, joined
from tui_finetune.worker.steering import asked

VALIDATION = "validation"
EVAL_BATCH = 32
"""Rows a batch where the recipe does not say; sorted by length, so that padding is small."""
KEPT_SCORES = 1_000
"""With more labels the scores of all rows are not held for the metrics: of 100,000 rows and 10,000 labels they take 4 GB. Nor
are those of tokens."""
BASELINE_ROWS = 100_000
"""Above this many training rows the baselines would take longer than they tell."""


def run(job: Job) -> None:
    job.attempt.phase("evaluating", "final")
    wanted = [split for split in _splits(job) if split in job.encoded]
    for split in wanted:
        metrics = _evaluate(job, split, with_baselines=split == wanted[-1])
        if split == "test":
            job.test = metrics
        else:
            job.validation = metrics
    job.attempt.outcome.metrics = flat_metrics(job.main_metric, job.validation, job.test)


def _splits(job: Job) -> list[str]:
    """Splits to evaluate, the one that counts last."""
    if job.recipe.kind == "train":
        return ["validation", "test"]
    return list(job.encoded)  # the encoding step has taken the measured split alone


def _evaluate(job: Job, split: str, *, with_baselines: bool) -> dict[str, float]:
    started = time.monotonic()
    folder = job.paths.evaluation(split)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    decoded = _score(job, split, folder / PREDICTIONS)
    metrics = measure(decoded, job.metrics)
    if (loss := mean_loss(decoded)) is not None:
        metrics["loss"] = loss
    job.attempt.events.write(
        "evaluation",
        step=job.attempt.outcome.step if job.model_step is None else job.model_step,
        split=split,
        rows=len(decoded.predicted),
        seconds=round(time.monotonic() - started, 3),
        metrics=metrics,
        final=True,
    )
    baselines = _baselines(job, split) if with_baselines else []
    smaller = [metric.name for metric in job.metrics if not metric.greater_is_better]
    write_report(
        folder / REPORT, make_report(job.task, decoded, metrics, baselines, split=split, smaller_is_better=smaller)
    )
    return metrics


def _score(job: Job, split: str, predictions: Any) -> Decoded:
    """Predictions of the split, each row written to `predictions` as its block is done."""
    labels = got(got(job.prepared, "data").labels, "labels")
    rows = job.encoded[split]
    model = got(job.model, "model")
    model.to(torch.device("cuda" if torch.cuda.is_available() else "cpu"))
    trained = job.trainer.args.per_device_eval_batch_size if job.trainer is not None else None
    size = int(trained or job.recipe.train.get("per_device_eval_batch_size", EVAL_BATCH))
    tokenizer = got(job.tokenizer, "tokenizer")

    def halved(smaller: int, error: BaseException) -> None:
        key, reason = "per_device_eval_batch_size", f"out of memory while evaluating: {first_line(error)}"
        step = job.attempt.outcome.step or 0
        job.attempt.events.write(
            "refit", what="evaluation batch", step=step, old={key: size}, new={key: smaller}, reason=reason
        )

    scorer = Scorer(job.head, model, tokenizer, job.max_length, size, halved)
    blocks = scorer.blocks(rows, lambda done: job.progress(f"evaluating {split}", done, len(rows)))
    if split == VALIDATION and job.recipe.kind == "train":
        blocks = _tuned(job, blocks)
    if job.task.together:
        blocks = _as_one(blocks)
    pieces = []
    with PredictionWriter(predictions, common_schema(job.task, labels)) as writer:
        for indices, logits in blocks:
            block = rows_of(job, split, indices)
            decoded = job.task.decode(logits, block, labels, job.options)
            writer.write({**common_columns(job.task, block, decoded), **job.task.prediction_columns(decoded)})
            kept = len(labels) <= KEPT_SCORES and job.task.shape != "tokens"
            pieces.append(decoded if kept else replace(decoded, scores=None))
    return joined(pieces)


Blocks = Iterator[tuple[Sequence[int], list[np.ndarray]]]
"""Indices of rows, and their raw outputs."""


def _as_one(blocks: Blocks) -> Blocks:
    """All rows as one block."""
    kept = list(blocks)
    return iter([([index for found, _ in kept for index in found], [row for _, logits in kept for row in logits])])


def _tuned(job: Job, blocks: Blocks) -> Blocks:
    """The same blocks, after what the task tunes on validation was tuned by the final weights."""
    if type(job.task).tuned is Task.tuned:
        return blocks
    kept = list(blocks)
    indices = [index for found, _ in kept for index in found]
    asked.tuned(job, [row for _, logits in kept for row in logits], indices)
    return iter(kept)


def _baselines(job: Job, split: str) -> list[Any]:
    """Trivial methods on the same split, for the table beside the metrics."""
    prepared = got(job.prepared, "data")
    train = prepared.splits.get("train")
    if job.recipe.kind != "train" or train is None:
        return []
    if train.num_rows > BASELINE_ROWS:
        job.attempt.note(f"No baselines: {train.num_rows:,} training rows are more than {BASELINE_ROWS:,}.")
        return []
    job.attempt.phase("evaluating", "baselines")
    try:
        found = job.task.baselines(
            train.to_pydict(), prepared.splits[split].to_pydict(), got(prepared.labels, "labels"), job.metrics
        )
    except Exception as error:  # noqa: BLE001 - a plugin's or a library's: what stands beside the figures costs no trained model
        traceback.print_exc()
        job.attempt.warn(f"No baselines: {type(error).__name__}: {first_line(error)}. stdout.log has the traceback.")
        return []
    for baseline in found:
        job.attempt.events.write("baseline", name=baseline.name, split=split, metrics=dict(baseline.metrics))
        if job.main_metric in baseline.metrics:
            job.attempt.outcome.baselines[baseline.name] = baseline.metrics[job.main_metric]
    return list(found)
