"""Rows of a split as a task decodes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tui_finetune.worker.job import Job, got


def rows_of(job: Job, split: str, indices: Sequence[int]) -> dict[str, list[Any]]:
    """What `Task.decode` needs of some rows: their role columns and their encoding, without the token ids."""
    table = got(job.prepared, "data").splits[split].take(list(indices))
    encoded = job.encoded[split].with_format(None).select(list(indices))
    columns = {name: encoded[name][:] for name in encoded.column_names if name not in ("input_ids", "attention_mask")}
    return {**table.to_pydict(), **columns}
