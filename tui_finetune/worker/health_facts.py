"""What the health rules need to know of a job: facts before the first step, and the commonest answer of an evaluation."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa

from tui_finetune.live.health.facts import RunFacts, Share
from tui_finetune.plugin_api import Decoded, HeavyTask
from tui_finetune.worker.job import Job, got
from tui_finetune.worker.refit import IGNORED


def run_facts(job: Job, steps: int) -> RunFacts:
    """Facts of a job whose Trainer is made."""
    trainer = job.trainer
    args, train = trainer.args, job.encoded["train"]
    counts, without = label_counts(train)
    greater = {metric.name: metric.greater_is_better for metric in job.metrics}
    return RunFacts(
        steps=steps,
        warmup_steps=int(args.get_warmup_steps(steps)),
        precision="bf16" if args.bf16 else "fp16" if args.fp16 else "fp32",
        device=args.device.type,
        trainable=sum(p.numel() for p in trainer.model.parameters() if p.requires_grad),
        guess_loss=entropy(counts) if _is_cross_entropy(job) else None,
        max_length=job.max_length,
        rows=len(train),
        truncated=int(train.with_format("numpy")["truncated"][:].sum()),
        without_label=without,
        main_metric=job.main_metric,
        main_greater=greater.get(job.main_metric, True),
    )


def _is_cross_entropy(job: Job) -> bool:
    """Whether the loss is a plain cross-entropy over the labels: the library's own heads', nothing smoothed or weighted."""
    labels, head = got(got(job.prepared, "data").labels, "labels"), type(job.head)
    return (
        job.task.shape in ("labels", "tags")
        and job.task.output_width(labels) == len(labels)
        and head.trainer_class is HeavyTask.trainer_class
        and head.model_class.startswith("transformers:")
        and not job.trainer.args.label_smoothing_factor
        and not job.recipe.task_options.get("class_weights")
        and not job.recipe.task_options.get("focal_gamma")
        and job.trainer.compute_loss_func is None
    )


def label_counts(train: Any) -> tuple[Counter[int], int]:
    """How often each label counts in the encoded rows, and the rows of which none does. Chunk by chunk: memory stays small."""
    counts: Counter[int] = Counter()
    without = 0
    if "labels" not in train.column_names:
        return counts, without
    for chunk in train.with_format(None).data.column("labels").chunks:
        nested = pa.types.is_list(chunk.type) or pa.types.is_large_list(chunk.type)
        flat = chunk.flatten() if nested else chunk
        if not pa.types.is_integer(flat.type):
            return Counter(), 0
        values = flat.to_numpy(zero_copy_only=False)
        found, often = np.unique(values[values != IGNORED], return_counts=True)
        counts.update(dict(zip(found.tolist(), often.tolist(), strict=True)))
        without += _rows_without(chunk, values) if nested else int((values == IGNORED).sum())
    return counts, without


def _rows_without(chunk: Any, values: np.ndarray) -> int:
    offsets = chunk.offsets.to_numpy() - chunk.offsets[0].as_py()
    counted = np.concatenate([[0], np.cumsum(values != IGNORED)])
    return int((counted[offsets[1:]] == counted[offsets[:-1]]).sum())


def entropy(counts: Counter[int]) -> float | None:
    """Mean cross-entropy of always answering with the labels' own frequencies; None where there is one label or none."""
    total = sum(counts.values())
    if len(counts) < 2:
        return None
    return -math.fsum(n / total * math.log(n / total) for n in counts.values())


def commonest(decoded: Decoded, shape: str) -> Share | None:
    """The answer that was given most often, of labels or of tags; None of numbers."""
    if shape not in ("labels", "tags"):
        return None
    predicted = Counter(_flat(decoded.predicted))
    total = sum(predicted.values())
    if not total:
        return None
    label, count = predicted.most_common(1)[0]
    gold = list(_flat(decoded.gold)) if decoded.gold is not None else []
    right = sum(1 for one in gold if one == label) / len(gold) if gold else None
    names: Sequence[str] = decoded.labels.names
    name = names[label] if isinstance(label, int) and 0 <= label < len(names) else str(label)
    return Share(name, count / total, right, total)


def _flat(answers: Iterable[Any]) -> Iterable[Any]:
    """Label ids; of tags those of all words in one line."""
    found = list(answers)
    nested = bool(found) and isinstance(found[0], list | tuple | np.ndarray)
    return [
        int(one) if isinstance(one, np.integer) else one for one in (chain.from_iterable(found) if nested else found)
    ]
