"""What pre-flight measures on the device, and the forecast that follows from it.

The longest batch comes first, for it decides whether the run fits; then batches of a few other lengths, an evaluation,
a checkpoint. Of a short run fewer are measured: its pre-flight takes a twentieth of it, or a few seconds.
"""

from __future__ import annotations

import os
import shutil
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np
import torch

from tui_finetune.errors import first_line
from tui_finetune.runs.layout import STAGING_PREFIX, checkpoint_step
from tui_finetune.worker import checkpoints, memory
from tui_finetune.worker.attempt import disk_free
from tui_finetune.worker.forecast import QUANTILES, Curve, Forecast, Layout, due, kept_at_most, lay_out
from tui_finetune.worker.job import Job
from tui_finetune.worker.scoring import row_lengths
from tui_finetune.worker.steps.train import planned_steps
from tui_finetune.worker.trial import Timed, Trial, Tried, Way, synchronize
from tui_finetune.worker.tuning.adapter import save_weights, saved_tensors

LEAST_SECONDS, MOST_SECONDS = 2.0, 60.0
SHARE = 0.05
"""Of the run's own time, within these bounds: what measuring may take beyond the longest batch."""
REPEATS = 3
"""Of each batch, after one that warms caches."""
WRITTEN_WHOLE = 400_000_000
"""Bytes up to which a checkpoint is written to learn its size and time; of a larger one a part is."""
PART = 64_000_000


class Weighed(NamedTuple):
    """A checkpoint's size and the seconds that writing it takes."""

    bytes: int
    seconds: float
    by: str


@dataclass(frozen=True)
class Measured:
    """What was measured with one way of training."""

    way: Way
    tried: Tried
    train: Curve
    layout: Layout
    evaluation: Curve | None
    evaluated_peak: int
    """Bytes while evaluating, with all that an evaluation collects."""
    row_seconds: float
    """Of decoding and measuring an evaluated row."""
    checkpoint: Weighed
    points: int

    @property
    def peak(self) -> int:
        return max(self.tried.peak, self.evaluated_peak)


def measure(trial: Trial, way: Way, tried: Tried) -> Measured:
    """All but the longest batch, which `tried` is of. The optimizer's state is still there."""
    job, trainer = trial.job, trial.trainer
    layout = layout_of(trial, way)
    checkpoint = _checkpoint(trial)
    curve = Curve(way.batch, {int(layout.tokens.max()): _seconds(trainer, tried.seconds)})
    steps = max(1, int(trainer.args.max_steps) if trainer.args.max_steps > 0 else planned_steps(job)[0])
    whole = steps * way.accumulation * curve.total(layout) / max(1, len(layout.batches)) * layout.share
    deadline = time.monotonic() + min(MOST_SECONDS, max(LEAST_SECONDS, SHARE * whole))
    for number, quantile in enumerate(QUANTILES, start=1):
        job.progress("measuring batches", number, len(QUANTILES))
        place = layout.at(quantile)
        tokens = int(layout.tokens[place])
        if tokens not in curve.points and (number <= 3 or time.monotonic() < deadline):
            curve.points[tokens] = _train_seconds(trial, way, layout.rows(place), deadline)
    trial.forget()
    evaluation, peak, per_row = _evaluation(trial, deadline)
    return Measured(way, tried, curve, layout, evaluation, peak, per_row, checkpoint, len(curve.points))


def layout_of(trial: Trial, way: Way) -> Layout:
    """The run's first epoch, as it will be laid out or much like it."""
    recipe, batches = trial.job.recipe, trial.trainer.edge.token_batches
    if batches is not None:
        found: Layout = batches.layout()
        return found
    return lay_out(
        trial.trainer.edge.lengths,
        way.batch,
        order=recipe.batching.order,
        seed=recipe.run.seed,
        group=way.accumulation,
        drop_last=bool(trial.trainer.args.dataloader_drop_last),
    )


def _train_seconds(trial: Trial, way: Way, rows: Sequence[int], deadline: float) -> float:
    """Median seconds of a micro-batch: the first one of a length warms caches and does not count."""
    found: list[float] = []
    trial.train(rows, way)
    while len(found) < REPEATS and (not found or time.monotonic() < deadline):
        found.append(_seconds(trial.trainer, trial.train(rows, way)))
    trial.model.zero_grad(set_to_none=True)
    return median(found)


def _seconds(trainer: Any, timed: Timed) -> float:
    """Of a batch in the loop: workers of the loader read while the model works."""
    workers = int(trainer.args.dataloader_num_workers)
    return timed.fetch + timed.compute if workers == 0 else max(timed.compute, timed.fetch / workers)


def _evaluation(trial: Trial, deadline: float) -> tuple[Curve | None, int, float]:
    """Seconds by length of an evaluation batch, bytes while evaluating, and seconds of a row beside the model's."""
    job, trainer = trial.job, trial.trainer
    if "validation" not in job.encoded:
        return None, 0, 0.0
    size = int(trainer.args.eval_batch_size)
    layout = _evaluation_layout(job, "validation", size)
    memory.reset_peak()
    curve, per_row, logits = Curve(size), 0.0, None
    for number, quantile in enumerate(QUANTILES[:3], start=1):
        rows = trial.longest("validation", size) if number == 1 else layout.rows(layout.at(quantile))
        tokens = int(layout.tokens.max()) if number == 1 else int(layout.tokens[layout.at(quantile)])
        if tokens in curve.points:
            continue
        timed, found, batch = trial.evaluate("validation", rows)
        again = trial.evaluate("validation", rows)[0] if time.monotonic() < deadline else timed
        curve.points[tokens] = _seconds(trainer, again)
        if number == 1:
            logits = found
            per_row = _row_seconds(job, found, batch, rows)
    assert logits is not None
    return curve, memory.peak() + _collected(trainer, logits, len(job.encoded["validation"])), per_row


def _evaluation_layout(job: Job, split: str, size: int, order: str | None = None) -> Layout:
    by_length = job.recipe.batching.order == "length"
    lengths = row_lengths(job.encoded[split]).tolist()
    return lay_out(lengths, size, order=order or ("length" if by_length else "sequential"), seed=job.recipe.run.seed)


def _row_seconds(job: Job, logits: torch.Tensor, batch: dict[str, Any], rows: Sequence[int]) -> float:
    """Decoding and measuring one row. What fails here is told: it may fail after an hour, too."""
    measured = job.trainer.edge.measure
    if measured is None:
        return 0.0
    started = time.monotonic()
    try:
        measured(job.head.split_logits(logits, batch["attention_mask"]), [int(row) for row in rows])
    except Exception as error:  # noqa: BLE001 - a plugin's metric may only be undefined for so few rows
        traceback.print_exc()
        job.attempt.warn(
            f"The metrics of {len(rows)} validation rows could not be computed: {type(error).__name__}: "
            f"{first_line(error)}. An evaluation may fail; stdout.log has the traceback."
        )
    return (time.monotonic() - started) / max(1, len(rows))


def _collected(trainer: Any, logits: torch.Tensor, rows: int) -> int:
    """Bytes of the predictions that an evaluation holds on the device until its end, or until they are taken off it."""
    per_row = logits.nbytes / max(1, len(logits))
    if memory.on_gpu():
        return int(per_row * min(rows, trainer.args.eval_batch_size * (trainer.args.eval_accumulation_steps or rows)))
    return int(2 * per_row * rows)  # while the parts are joined they are there twice


def _checkpoint(trial: Trial) -> Weighed:
    """A checkpoint is written where that is quick, and removed; else its size is computed and a part written."""
    trainer, paths = trial.trainer, trial.job.paths
    optimizer = trainer.create_optimizer()
    tensors = saved_tensors(trial.model)
    tensors += [value for state in optimizer.state.values() for value in state.values() if torch.is_tensor(value)]
    size = sum({tensor.data_ptr(): tensor.nbytes for tensor in tensors}.values())
    whole = size <= WRITTEN_WHOLE
    if disk_free(paths.root) < 2 * (size if whole else PART):
        return Weighed(size, 0.0, "computed")

    def fill(folder: Path) -> None:
        if whole:
            save_weights(trainer, folder)
            torch.save(optimizer.state_dict(), folder / "optimizer.pt")
        else:
            # Not zeros, which some file systems store as nothing.
            part = torch.from_numpy(np.frombuffer(os.urandom(PART), dtype=np.uint8).copy())
            torch.save(part.to(trainer.args.device), folder / "part.pt")

    folder = paths.checkpoints / f"{STAGING_PREFIX}pre-flight"
    synchronize()
    started = time.monotonic()
    try:
        written = checkpoints.write_whole(folder, fill)
    finally:
        seconds = time.monotonic() - started
        shutil.rmtree(folder, ignore_errors=True)
    return Weighed(written, seconds, "written") if whole else Weighed(size, seconds * size / written, "computed")


def forecast(job: Job, found: Measured, *, room: memory.Room, forced: bool = False) -> Forecast:
    """From the step that this attempt goes on from to the end of the run."""
    args = job.trainer.args
    total, per_epoch = planned_steps(job)
    start = _start(job)
    micro = found.train.total(found.layout) / max(1, per_epoch)
    step = micro + found.tried.optimizer
    evaluations, saves = _due(args, start, total, per_epoch)
    each = _evaluation_seconds(job, found) if found.evaluation else 0.0
    kept = kept_at_most(saves, args.save_total_limit, best=evaluations > 0)
    weights, there = _weights(job), _existing(job)
    model_seconds = found.checkpoint.seconds * weights / max(1, found.checkpoint.bytes)
    disk = kept * found.checkpoint.bytes + weights
    return Forecast(
        peak_memory_bytes=found.peak,
        memory_total_bytes=room.total,
        memory_left_bytes=room.there - found.peak,
        device="cuda" if memory.on_gpu() else "cpu",
        parts={
            "training": (total - start) * step,
            "evaluations": evaluations * each,
            "saves": saves * found.checkpoint.seconds,
            "closing": model_seconds + _closing_seconds(job, found),
        },
        step_seconds=step,
        eval_seconds=each or None,
        checkpoint_bytes=found.checkpoint.bytes,
        checkpoint_seconds=found.checkpoint.seconds,
        checkpoint_by=found.checkpoint.by,
        checkpoints_kept=kept,
        disk_bytes=max(0, disk - there),
        disk_free_bytes=disk_free(job.paths.root),
        points=found.points,
        forced=forced,
    )


def _due(args: Any, start: int, total: int, per_epoch: int) -> tuple[int, int]:
    """Evaluations and saves that are still to come."""
    at: dict[str, Any] = {"start": start, "total": total, "per_epoch": per_epoch}
    evaluations = due(str(args.eval_strategy.value), args.eval_steps or 0, delay=args.eval_delay or 0, **at)
    strategy = str(args.save_strategy.value)
    # Of `best` at most so many are saved as are evaluated.
    saves = evaluations if strategy == "best" else due(strategy, args.save_steps or 0, **at)
    return evaluations + (1 if args.eval_on_start and start == 0 else 0), saves


def _evaluation_seconds(job: Job, found: Measured, split: str = "validation", order: str | None = None) -> float:
    assert found.evaluation is not None
    rows = len(job.encoded[split])
    layout = _evaluation_layout(job, split, found.evaluation.rows, order)
    return found.evaluation.total(layout) + rows * found.row_seconds


def _closing_seconds(job: Job, found: Measured) -> float:
    """The final evaluations, which sort by length. Baselines are not in it: what they take is the data's affair."""
    if found.evaluation is None:
        return 0.0
    splits = [split for split in ("validation", "test") if split in job.encoded]
    return sum(_evaluation_seconds(job, found, split, "sorted") for split in splits)


def disk_facts(job: Job) -> dict[str, Any]:
    """What decides how many checkpoints there will be, for `disk_refusal`."""
    total, per_epoch = planned_steps(job)
    evaluations, saves = _due(job.trainer.args, _start(job), total, per_epoch)
    return {"saves": saves, "weights": _weights(job), "taken": _existing(job), "best": evaluations > 0}


def _start(job: Job) -> int:
    """The step from which this attempt goes on."""
    return (checkpoint_step(job.resume_from) or 0) if job.resume_from else 0


def _weights(job: Job) -> int:
    return sum(tensor.nbytes for tensor in job.trainer.model.state_dict().values())


def _existing(job: Job) -> int:
    """Bytes of the checkpoints that are there already."""
    folders = (folder for _, folder in checkpoints.all_checkpoints(job.paths))
    return sum(path.stat().st_size for folder in folders for path in folder.rglob("*") if path.is_file())
