"""An evaluation that somebody asked for: of a split or a part of one, with the run the same as without it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tui_finetune.errors import first_line
from tui_finetune.evaluation.measure import measure
from tui_finetune.plugin_api import Decoded
from tui_finetune.runs.control import Request
from tui_finetune.worker.advice import is_out_of_memory
from tui_finetune.worker.job import Job, got
from tui_finetune.worker.rows import features_of, in_row_order, row_count, rows_apart, rows_of

VALIDATION = "validation"


def refusal(job: Job, values: Mapping[str, Any]) -> str | None:
    """Why it cannot be done, in words."""
    limit = values.get("limit")
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
        return f"limit is {limit}; expected a number of rows"
    part = str(values.get("split") or VALIDATION)
    if part in job.encoded:
        return None if rows_apart(job, part) else f"{part} is packed: its rows are no longer apart"
    splits = ", ".join(job.encoded)
    column, equals, value = part.partition("=")
    if VALIDATION not in job.encoded:
        return f"this run has no {'validation' if equals else part}; there are: {splits}"
    if not equals:
        return f"{part} is no split; there are: {splits}, and parts of validation as label=NAME"
    table = got(job.prepared, "data").splits[VALIDATION]
    if column not in table.column_names:
        return f"validation has no column {column}; there are: {', '.join(table.column_names)}"
    return None if len(_matching(job, column, value)) else f"no row of validation has {part}"


def _matching(job: Job, column: str, value: str) -> list[int]:
    """Rows of validation whose column is `value`, as a text or as a label's name."""
    prepared = got(job.prepared, "data")
    wanted = {value}
    gold = job.task.gold_role
    if gold is not None and column == gold.name and prepared.labels is not None:
        index = prepared.labels.id_of(value)
        if index is not None:
            wanted |= {str(prepared.labels.values[index]), prepared.labels.names[index]}
    cells = prepared.splits[VALIDATION][column].to_pylist()
    return [
        index
        for index, cell in enumerate(cells)
        if any(str(one) in wanted for one in (cell if isinstance(cell, list) else [cell]))
    ]


def evaluate(job: Job, request: Request) -> None:
    """Measures the part and says so by an `evaluation` event with `asked`. Nothing counts it but its reader."""
    part = str(request.values.get("split") or VALIDATION)
    split, chosen = (part, None) if part in job.encoded else (VALIDATION, _matching(job, *part.split("=", 1)))
    of_data = list(range(row_count(job.encoded[split]))) if chosen is None else chosen
    limit = request.values.get("limit")
    if limit is not None and limit < len(of_data):
        of_data, part = of_data[:limit], f"{part}, first {limit:,} rows"
    indices = features_of(job.encoded[split], of_data)
    rows = job.encoded[split].select(indices)

    def measured(logits: list[np.ndarray], order: Sequence[int]) -> dict[str, float]:
        logits = list(job.head.read(logits, got(job.tokenizer, "tokenizer")))
        return measure_rows(job, split, logits, [indices[index] for index in order])

    before = job.attempt.phase_name
    job.attempt.phase("evaluating", part)
    started = time.monotonic()
    try:
        metrics = job.trainer.measure_apart(rows, measured)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        # What somebody asked for beside it costs no training.
        job.attempt.warn(f"{part} was not measured: {first_line(error)} A lower per_device_eval_batch_size may fit.")
        job.attempt.phase(before)
        return
    job.attempt.events.write(
        "evaluation",
        step=job.trainer.state.global_step,
        epoch=job.trainer.state.epoch,
        split=part,
        rows=len(of_data),
        seconds=round(time.monotonic() - started, 3),
        metrics=metrics,
        asked=True,
        by=request.by,
    )
    job.attempt.phase(before)


def measure_rows(job: Job, split: str, logits: list[np.ndarray], order: Sequence[int]) -> dict[str, float]:
    """Metrics of rows of a split, from the raw output of each in `order`."""
    return measure(decoded(job, split, logits, order), job.metrics)


def decoded(job: Job, split: str, logits: list[np.ndarray], order: Sequence[int]) -> Decoded:
    """What the model says of rows of a split, from the raw output of each in `order`."""
    labels = got(got(job.prepared, "data").labels, "labels")
    outputs, places = in_row_order(job, split, logits, order)
    return job.task.decode(outputs, rows_of(job, split, places), labels, job.options)


def tuned(job: Job, logits: list[np.ndarray], order: Sequence[int]) -> Decoded:
    """`decoded` of the whole validation split, after what the task tunes on it has been tuned: `job.options` has it."""
    found = decoded(job, VALIDATION, logits, order)
    options = job.task.tuned(found, {**job.recipe.task_options, **job.settled})
    if options == job.options:
        return found
    job.options = options
    return decoded(job, VALIDATION, logits, order)
