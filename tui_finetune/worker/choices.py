"""What a run does for speed where its recipe leaves it open, and why, in words: for its plan, `show` and the interface.

Precision is measured on the run's own batches before it begins. A checkpoint keeps what was chosen: another attempt, or a
branch, goes on in the same precision on whatever machine.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from tui_finetune.live import words
from tui_finetune.runs import atomic
from tui_finetune.worker.fitting import bf16_at_speed
from tui_finetune.worker.forecast import Layout, lay_out
from tui_finetune.worker.trial import Trial, Tried, Way

if TYPE_CHECKING:
    from tui_finetune.worker.job import Job

STATE = "choices.json"
"""In a checkpoint."""
FASTER = 0.85
"""A step in bf16 takes at most this share of one in fp32, to be worth its coarser numbers."""
PAIRS = 3
"""Of batches in either precision, in turns, after one of each that warms caches."""
LEAST_SECONDS = 30.0
LEAST_BATCHES = 40 * (PAIRS + 1)
"""Below either a run is too short: the measuring would be a twentieth of it or more."""


TOO_SHORT = "fp32: the run is too short for measuring bf16 to pay"


class Spent(NamedTuple):
    """The least seconds of a batch in either precision: what else the machine does only adds to them."""

    fp32: float
    bf16: float

    @property
    def pays(self) -> bool:
        return self.bf16 <= FASTER * self.fp32

    @property
    def words(self) -> str:
        bf16, fp32 = _short(self.bf16), _short(self.fp32)
        if self.pays:
            return f"bf16: a batch takes {bf16}, {fp32} in fp32 (train.bf16 = false switches it off)"
        return f"fp32: a batch takes {fp32}, {bf16} in bf16, which is not worth it"


def left_open(job: Job) -> bool:
    """True where neither the recipe, nor the task, nor the checkpoint that this attempt goes on from says the precision."""
    given, args = job.recipe.train, job.trainer.args
    return not ({"bf16", "fp16"} & set(given) or args.bf16 or args.fp16 or job.resume_from)


def before_preflight(job: Job, batches: int) -> dict[str, str]:
    """What is known without a measurement. batches: of the whole run."""
    args, found = job.trainer.args, {}
    batch, accumulation = int(args.per_device_train_batch_size), int(args.gradient_accumulation_steps)
    if order := order_words(job, list(job.trainer.edge.lengths), batch, accumulation):
        found["order"] = order
    if left_open(job) and (why := _why_not_measured(job, batches)):
        found["precision"] = why
    return {**found, **_kept(job).get("words", {})}


def _why_not_measured(job: Job, batches: int) -> str | None:
    if not bf16_at_speed():
        return "fp32: this device does not multiply in bf16"
    if any(p.dtype != torch.float32 for p in job.trainer.model.parameters() if p.requires_grad):
        return "weights as they are: not all of them are fp32"
    return TOO_SHORT if batches < LEAST_BATCHES else None


def look_at_precision(job: Job, trial: Trial, way: Way, layout: Layout, tried: Tried, batches: int) -> bool:
    """Measures where that pays, and says what came of it; True where bf16 is used from now on. tried: the longest batch."""
    if not left_open(job) or "precision" in job.choices:
        return False
    spent = _measured(trial, way, layout) if batches * tried.seconds.compute >= LEAST_SECONDS else None
    job.choices["precision"] = spent.words if spent is not None else TOO_SHORT
    if spent is not None and spent.pays:
        use_bf16(job.trainer)
    job.trainer.edge.plan()
    return spent is not None and spent.pays


def _short(seconds: float) -> str:
    return words.duration(seconds) if seconds >= 1 else f"{1000 * seconds:.0f} ms"


def _measured(trial: Trial, way: Way, layout: Layout) -> Spent:
    """A batch of middling length in both precisions."""
    rows = layout.rows(layout.at(0.5))
    plain, mixed = (Way(way.batch, way.accumulation, way.checkpointing, bf16) for bf16 in (False, True))
    found: dict[bool, list[float]] = {False: [], True: []}
    for number in range(PAIRS + 1):
        trial.job.progress("measuring precision", number, PAIRS)
        for one in (plain, mixed):
            seconds = trial.train(rows, one).compute
            if number:
                found[one.bf16].append(seconds)
    trial.model.zero_grad(set_to_none=True)
    return Spent(min(found[False]), min(found[True]))


def use_bf16(trainer: Any) -> None:
    """As if Trainer had been made with `bf16`: what it asks for later are its arguments and accelerate's state."""
    trainer.args.bf16 = True
    trainer.accelerator.state._mixed_precision = "bf16"
    trainer.accelerator.native_amp = True


def precision_of(args: Any) -> str:
    return "bf16" if args.bf16 else "fp16" if args.fp16 else "fp32"


def order_words(job: Job, lengths: list[int], batch: int, accumulation: int) -> str | None:
    """What the order of rows saves; nothing of a recipe that has chosen another one, or pads to the maximum."""
    if (by_tokens := job.token_batches) is not None:
        layout = by_tokens.layout()
        rows = sorted(len(batch) for batch in layout.batches)
        share = padding_share(lengths, layout)
        return f"batches of at most {by_tokens.tokens:,} tokens: {rows[0]:,} to {rows[-1]:,} rows, {share:.0%} of it padding"
    if job.recipe.batching.order != "length" or job.recipe.batching.padding != "longest" or not lengths:
        return None
    seed = job.recipe.run.seed
    ours = padding_share(lengths, lay_out(lengths, batch, order="length", seed=seed, group=accumulation))
    random = padding_share(lengths, lay_out(lengths, batch, order="random", seed=seed))
    return f'{ours:.0%} of a batch is padding, {random:.0%} if the order were random (batching.order = "random")'


def padding_share(lengths: list[int], layout: Layout) -> float:
    """Of all tokens that the model computes on."""
    found = np.asarray(lengths)
    real = sum(int(found[rows].sum()) for rows in layout.batches)
    computed = sum(int(tokens) * len(rows) for tokens, rows in zip(layout.tokens, layout.batches, strict=True))
    return 1.0 - real / max(1, computed)


def write(job: Job, folder: Path) -> None:
    """Into a checkpoint."""
    atomic.write_json(folder / STATE, {"precision": precision_of(job.trainer.args), "words": job.choices})


def kept_precision(job: Job) -> str | None:
    """That of the checkpoint which this attempt goes on from, unless the recipe says another."""
    return None if {"bf16", "fp16"} & set(job.recipe.train) else _kept(job).get("precision")


def _kept(job: Job) -> dict[str, Any]:
    """Of the checkpoint that this attempt goes on from; nothing of one that an earlier version wrote."""
    file = job.resume_from / STATE if job.resume_from else None
    if file is None or not file.is_file():
        return {}
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found
