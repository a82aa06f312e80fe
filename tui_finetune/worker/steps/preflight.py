"""Step: pre-flight. The longest batch forward, backward and one optimizer step, and one evaluation batch, on the device
itself, before the first real step; then weights and generators are put back, so that the run is the same with it.

Out of memory comes here, in the first minute, and not after two hours at the first long batch.
"""

from __future__ import annotations

import contextlib
import random
import resource
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from tui_finetune.worker.job import Job, got
from tui_finetune.worker.scoring import longest_rows


def run(job: Job) -> None:
    job.attempt.phase("pre-flight")
    trainer = job.trainer
    started = time.monotonic()
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    with _put_back(got(job.model, "model"), trainer):
        train_seconds, longest = _train_once(job)
        eval_seconds = _evaluate_once(job)
    job.attempt.events.write(
        "preflight",
        seconds=round(time.monotonic() - started, 3),
        peak_memory_bytes=_peak_memory(),
        longest_tokens=longest,
        train_step_seconds=round(train_seconds, 4),
        eval_batch_seconds=None if eval_seconds is None else round(eval_seconds, 4),
    )


def _train_once(job: Job) -> tuple[float, int]:
    """Seconds of one optimizer step on the longest batch, and its length in tokens."""
    trainer = job.trainer
    batch, longest = _longest_batch(job, "train", trainer.args.per_device_train_batch_size)
    model = trainer.model
    model.to(trainer.args.device)
    _spare_activations(trainer)
    model.train()
    optimizer = trainer.create_optimizer()
    started = time.monotonic()
    with trainer.accelerator.autocast():
        loss = trainer.compute_loss(model, trainer._prepare_inputs(batch))
    loss.mean().backward()
    optimizer.step()
    _synchronize()
    return time.monotonic() - started, longest


def _evaluate_once(job: Job) -> float | None:
    """Seconds of one evaluation batch of the longest validation rows."""
    if "validation" not in job.encoded:
        return None
    trainer = job.trainer
    batch, _ = _longest_batch(job, "validation", trainer.args.per_device_eval_batch_size)
    trainer.model.eval()
    started = time.monotonic()
    with torch.no_grad(), trainer.accelerator.autocast():
        trainer.compute_loss(trainer.model, trainer._prepare_inputs(batch))
    _synchronize()
    return time.monotonic() - started


def _spare_activations(trainer: Any) -> None:
    """As Trainer does when it begins to train: without it a run that fits only so would be refused here."""
    args = trainer.args
    if args.activation_checkpointing:
        options = dict(args.activation_checkpointing_kwargs or {})
        trainer.model.activation_checkpointing_enable(
            every_n_layers=options.pop("every_n_layers", 1),
            offload=options.pop("offload", False),
            activation_checkpointing_kwargs=options or None,
        )


def _longest_batch(job: Job, split: str, size: int) -> tuple[dict[str, Any], int]:
    trainer = job.trainer
    rows = trainer._remove_unused_columns(job.encoded[split], description="pre-flight")
    chosen = longest_rows(job.encoded[split], size)
    batch = trainer.data_collator([rows[index] for index in chosen])
    job.controls.safe_point()
    return batch, int(batch["input_ids"].shape[1])


@contextlib.contextmanager
def _put_back(model: Any, trainer: Any) -> Iterator[None]:
    """Trainable weights, buffers and generators as they were; the trial's optimizer is dropped."""
    weights = {n: p.detach().to("cpu", copy=True) for n, p in model.named_parameters() if p.requires_grad}
    buffers = {n: b.detach().to("cpu", copy=True) for n, b in model.named_buffers()}
    python, numpy, cpu = random.getstate(), np.random.get_state(), torch.random.get_rng_state()
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    try:
        yield
    finally:
        model.zero_grad(set_to_none=True)
        trainer.optimizer = None
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if name in weights:
                    parameter.copy_(weights[name])
            for name, buffer in model.named_buffers():
                buffer.copy_(buffers[name])
        random.setstate(python)
        np.random.set_state(numpy)
        torch.random.set_rng_state(cpu)
        if cuda:
            torch.cuda.set_rng_state_all(cuda)
            torch.cuda.empty_cache()


def _synchronize() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def _peak_memory() -> int:
    """Bytes: of the device where there is one, else the process's largest resident size."""
    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
