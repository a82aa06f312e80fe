"""Batches of a run's own rows through its model, on its device, before it begins; nothing of them stays."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch

from tui_finetune.worker import memory
from tui_finetune.worker.generators import Generators
from tui_finetune.worker.job import Job, got
from tui_finetune.worker.scoring import longest_rows

_WITH_IDS = ("input_ids", "attention_mask", "token_type_ids", "labels")
"""Columns of a row that are as long as its tokens, where they are lists: cut together with them."""


@dataclass(frozen=True)
class Way:
    """Settings that a step is tried with."""

    batch: int
    accumulation: int = 1
    checkpointing: bool = False
    bf16: bool = False
    max_length: int | None = None
    """Rows cut to it, where it is not the run's own."""


class Timed(NamedTuple):
    """Seconds of a batch: reading and collating its rows, and the model's work on it."""

    fetch: float
    compute: float


class Tried(NamedTuple):
    """What the longest batch took, the optimizer's state being there."""

    peak: int
    """Bytes, without what the trial itself keeps."""
    seconds: Timed
    optimizer: float
    """Seconds of clipping and the optimizer's step."""
    tokens: int


class Trial:
    """The run's Trainer, used for single batches. Make it within `put_back`."""

    def __init__(self, job: Job, kept: int = 0) -> None:
        """kept: bytes on the device that only the trial needs."""
        self.job = job
        self.trainer = job.trainer
        self.model = got(job.model, "model")
        self._kept = kept
        self._rows: dict[str, Any] = {}

    def own_way(self) -> Way:
        """As the recipe has it."""
        args = self.trainer.args
        return Way(
            args.per_device_train_batch_size,
            args.gradient_accumulation_steps,
            checkpointing=bool(args.activation_checkpointing),
            bf16=bool(args.bf16),
        )

    def longest(self, split: str, size: int) -> list[int]:
        return longest_rows(self.job.encoded[split], size)

    def hardest_step(self, way: Way) -> Tried:
        """Two optimizer steps on the longest rows: at the second one all is there that a run has in memory at once."""
        self._ready(way)
        batches = self.trainer.edge.token_batches
        rows = self.longest("train", way.batch) if batches is None else batches.rows(0, 0).tolist()
        memory.reset_peak()
        self.train(rows, way)
        self.step()
        seconds = self.train(rows, way)
        if way.accumulation > 1:
            # Gradients of the first micro-batch wait while the second one is computed.
            seconds = self.train(rows, way)
        optimizer = self.step()
        length = max(len(self._row("train", index, way)["input_ids"]) for index in rows)
        return Tried(max(0, memory.peak() - self._kept), seconds, optimizer, length)

    def train(self, rows: Sequence[int], way: Way) -> Timed:
        """One micro-batch forward and backward; gradients stay."""
        self.job.controls.safe_point()
        trainer = self.trainer
        started = time.monotonic()
        batch = self._batch("train", rows, way)
        fetched = time.monotonic()
        self.model.train()
        inputs = trainer._prepare_inputs(batch)

        def backward() -> None:
            with trainer.accelerator.autocast(), self._precision(way):
                loss = trainer.compute_loss(self.model, dict(inputs))
            loss.mean().backward()

        with trainer.disturbing(backward):
            backward()
        synchronize()
        return Timed(fetched - started, time.monotonic() - fetched)

    def step(self) -> float:
        """Seconds of clipping, the optimizer's step and of dropping the gradients."""
        trainer, started = self.trainer, time.monotonic()
        optimizer = trainer.create_optimizer()
        if trainer.args.max_grad_norm and trainer.args.max_grad_norm > 0:
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), trainer.args.max_grad_norm)
        optimizer.step()
        self.model.zero_grad(set_to_none=True)
        synchronize()
        return time.monotonic() - started

    def evaluate(self, split: str, rows: Sequence[int]) -> tuple[Timed, torch.Tensor, dict[str, Any]]:
        """One batch as an evaluation does it: seconds, logits, and the batch."""
        self.job.controls.safe_point()
        trainer, started = self.trainer, time.monotonic()
        batch = self._batch(split, rows, None)
        fetched = time.monotonic()
        self.model.eval()
        with trainer.accelerator.autocast():
            _, logits, _ = trainer.prediction_step(self.model, dict(batch), prediction_loss_only=False)
        synchronize()
        parts = logits[: len(self.job.head.outputs)] if isinstance(logits, tuple) else (logits,)
        raw = parts[0] if len(parts) == 1 else torch.stack(parts, dim=-1)
        if "labels" in batch:
            raw = self.job.head.reduced(raw, trainer._prepare_inputs(dict(batch))["labels"])
        return Timed(fetched - started, time.monotonic() - fetched), raw, batch

    def takes_means(self) -> bool:
        """True where the model's loss is a mean whatever number of items it is told."""
        trainer = self.trainer
        if not trainer.model_accepts_loss_kwargs or trainer.compute_loss_func is not None:
            return False
        batch = trainer._prepare_inputs(self._batch("train", self.longest("train", 2), None))
        if "labels" not in batch:
            return False
        smoother, trainer.label_smoother = trainer.label_smoother, None
        self.model.eval()
        try:
            with torch.no_grad(), trainer.accelerator.autocast():
                one, other = (trainer.compute_loss(self.model, batch, num_items_in_batch=items) for items in (100, 200))
        finally:
            trainer.label_smoother = smoother
        return bool(torch.allclose(one, other))

    def forget(self) -> None:
        """Drops gradients and the optimizer's state: the next way is tried from the beginning."""
        self.model.zero_grad(set_to_none=True)
        self.trainer.optimizer = None
        memory.give_back()

    @contextlib.contextmanager
    def spared(self, way: Way) -> Iterator[None]:
        """Activation checkpointing on for a way that has it, and off again where the run has none."""
        if not way.checkpointing:
            yield
            return
        _spare_activations(self.trainer)
        try:
            yield
        finally:
            if not self.trainer.args.activation_checkpointing:
                self.model.activation_checkpointing_disable()

    def _ready(self, way: Way) -> None:
        self.model.to(self.trainer.args.device)
        self.model.train()
        self.trainer.create_optimizer()

    def _batch(self, split: str, rows: Sequence[int], way: Way | None) -> dict[str, Any]:
        batch: dict[str, Any] = self.trainer.data_collator([self._row(split, index, way) for index in rows])
        return batch

    def _row(self, split: str, index: int, way: Way | None) -> dict[str, Any]:
        if split not in self._rows:
            self._rows[split] = self.trainer._remove_unused_columns(self.job.encoded[split], description="pre-flight")
        row: dict[str, Any] = self._rows[split][int(index)]
        if way is None or way.max_length is None:
            return row
        size = len(row["input_ids"])
        cut = {
            k: v[: way.max_length] for k, v in row.items() if k in _WITH_IDS and isinstance(v, list) and len(v) == size
        }
        return {**row, **cut}

    @contextlib.contextmanager
    def _precision(self, way: Way) -> Iterator[None]:
        """bf16 for a way that has it where the run does not."""
        if not way.bf16 or self.trainer.args.bf16:
            yield
            return
        with torch.autocast(self.trainer.args.device.type, dtype=torch.bfloat16):
            yield


def _spare_activations(trainer: Any) -> None:
    """As Trainer does when it begins to train: without it a run that fits only so would be refused here."""
    options = dict(trainer.args.activation_checkpointing_kwargs or {})
    trainer.model.activation_checkpointing_enable(
        every_n_layers=options.pop("every_n_layers", 1),
        offload=options.pop("offload", False),
        activation_checkpointing_kwargs=options or None,
    )


@contextlib.contextmanager
def put_back(model: Any, trainer: Any) -> Iterator[int]:
    """Trainable weights, buffers and generators as they were; the trial's optimizer is dropped. Gives the bytes kept."""
    weights = {n: p.detach().to("cpu", copy=True) for n, p in model.named_parameters() if p.requires_grad}
    buffers = {n: b.detach().to("cpu", copy=True) for n, b in model.named_buffers()}
    before = Generators.now()
    kept = sum(tensor.nbytes for tensor in (*weights.values(), *buffers.values()))
    try:
        yield 0 if memory.on_gpu() else kept
    finally:
        model.zero_grad(set_to_none=True)
        trainer.optimizer = None
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if name in weights:
                    parameter.copy_(weights[name])
            for name, buffer in model.named_buffers():
                buffer.copy_(buffers[name])
        weights.clear()
        buffers.clear()
        before.put_back()
        memory.give_back()


def synchronize() -> None:
    """Waits for what the device has been asked for: seconds are those of the work, not of asking."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
