"""Step: rows to model inputs, written once as Arrow under a fingerprint, memory-mapped afterwards."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa

from tui_finetune.data.cache import sweep
from tui_finetune.paths import private_folder
from tui_finetune.plugin_api import ROW_HASH, ROW_INDEX, Task
from tui_finetune.runs.layout import STAGING_PREFIX
from tui_finetune.worker.job import Job, got

logger = logging.getLogger(__name__)

BATCH_ROWS = 1000
FORMAT = 1
"""Change it when what this step writes changes."""


def run(job: Job) -> None:
    job.attempt.phase("tokenizing")
    cache = private_folder(job.home.cache / "encoded")
    sweep(cache)
    encoded = {}
    for name, table in _wanted(job).items():
        path = cache / _fingerprint(job, table) / f"{name}.arrow"
        found = _read(path)
        if found is None:
            private_folder(path.parent)
            _write(job, name, table, path)
            found = datasets.Dataset.from_file(str(path))
        else:
            job.progress(f"tokenizing {name}", table.num_rows, table.num_rows)
        encoded[name] = found
    job.encoded = encoded


def _read(path: Path) -> datasets.Dataset | None:
    """What was written before; None where there is nothing, or what a disk with an error has left of it."""
    if not path.is_file():
        return None
    try:
        return datasets.Dataset.from_file(str(path))
    except (pa.ArrowInvalid, OSError) as error:
        logger.warning("%s is broken and made anew: %s", path, error)
        return None


def _wanted(job: Job) -> Mapping[str, pa.Table]:
    """The splits that the job reads: all of them to train, the measured one to evaluate."""
    splits: Mapping[str, pa.Table] = got(job.prepared, "data").splits
    measured = job.recipe.evaluate.split or ("test" if "test" in splits else "validation")
    return splits if job.recipe.kind == "train" else {measured: splits[measured]}


def encoded_batches(task: Task, job: Job, table: pa.Table) -> Iterator[dict[str, list[Any]]]:
    """Model inputs of the table's rows, a thousand of them at a time; features know their row in the table."""
    labels = got(got(job.prepared, "data").labels, "labels")
    encoder = got(job.encoder, "tokenizer")
    for start in range(0, table.num_rows, BATCH_ROWS):
        batch = table.slice(start, BATCH_ROWS).to_pydict()
        encoded = task.encode(batch, encoder, labels)
        if ROW_INDEX in encoded:
            encoded[ROW_INDEX] = [start + row for row in encoded[ROW_INDEX]]
        yield encoded


def _write(job: Job, name: str, table: pa.Table, path: Path) -> None:
    beside = path.parent.parent / f"{STAGING_PREFIX}{os.getpid()}-{path.parent.name}-{path.name}"
    try:
        with pa.OSFile(str(beside), "wb") as sink, contextlib.ExitStack() as open_writer:
            writer = None
            for number, batch in enumerate(_batches(job, name, table), start=1):
                record = pa.table(batch)
                if writer is None:
                    schema = record.schema
                    writer = open_writer.enter_context(pa.ipc.new_stream(sink, schema))
                writer.write_table(record.select(schema.names).cast(schema))
                job.progress(f"tokenizing {name}", min(number * BATCH_ROWS, table.num_rows), table.num_rows)
        with beside.open("rb") as written:
            os.fsync(written.fileno())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def _batches(job: Job, name: str, table: pa.Table) -> Iterator[dict[str, list[Any]]]:
    """The encoded rows; of those that are trained on what the head makes of them."""
    batches = encoded_batches(job.task, job, table)
    if name != "train" or job.recipe.kind != "train":
        return batches
    return job.head.packed(batches, got(job.tokenizer, "tokenizer"), job.max_length, job.recipe.task_options)


def _fingerprint(job: Job, table: pa.Table) -> str:
    """Of everything that the encoding depends on: the rows, their order, the tokenizer, the length, the task, versions."""
    prepared = got(job.prepared, "data")
    tokenizer = got(job.tokenizer, "tokenizer")
    digest = hashlib.sha256()
    backend = getattr(tokenizer, "backend_tokenizer", None)
    owner = job.catalog.owner("tasks", job.task.name)
    facts = {
        "format": FORMAT,
        "task": job.task.name,
        "plugin": owner.mark if owner else None,
        "options": job.recipe.task_options,
        "max_length": job.max_length,
        "labels": [list(prepared.labels.names), [repr(v) for v in prepared.labels.values]] if prepared.labels else None,
        "columns": table.column_names,
        "tokenizer": type(tokenizer).__name__ + repr(tokenizer),
        "datasets": datasets.__version__,
    }
    digest.update(json.dumps(facts, sort_keys=True, default=str).encode())
    if backend is not None:
        digest.update(backend.to_str().encode())
    for column in table.column_names:
        if column == ROW_HASH or column in prepared.columns:
            for chunk in table.column(column).chunks:
                # The values as a plain array: a slice keeps the buffers of the whole, which would not tell rows apart.
                sink = pa.BufferOutputStream()
                batch = pa.record_batch([pa.concat_arrays([chunk])], names=["c"])
                with pa.ipc.new_stream(sink, batch.schema) as writer:
                    writer.write_batch(batch)
                digest.update(sink.getvalue())
    return digest.hexdigest()[:32]
