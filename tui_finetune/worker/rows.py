"""Rows of a split as a task decodes them; of a row with several features all of them, in their order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tui_finetune.plugin_api import ROW_INDEX, HeavyTask
from tui_finetune.worker.job import Job, got
from tui_finetune.worker.scoring import row_index

if TYPE_CHECKING:
    import datasets


def rows_of(job: Job, split: str, indices: Sequence[int]) -> dict[str, list[Any]]:
    """What `Task.decode` needs of some rows: their role columns and their encoding, without the token ids.

    indices: places in the encoded split; of features ascending, as `in_row_order` makes them.
    """
    index = row_index(job.encoded[split])
    rows = list(indices) if index is None else np.unique(index[list(indices)]).tolist()
    table = got(job.prepared, "data").splits[split].take(rows)
    encoded = job.encoded[split].with_format(None).select(list(indices))
    columns = {name: encoded[name][:] for name in encoded.column_names if name not in ("input_ids", "attention_mask")}
    if index is not None:
        places = {row: place for place, row in enumerate(rows)}
        columns[ROW_INDEX] = [places[row] for row in columns[ROW_INDEX]]
    return {**table.to_pydict(), **columns}


def in_row_order(
    job: Job, split: str, logits: list[np.ndarray], order: Sequence[int]
) -> tuple[list[np.ndarray], list[int]]:
    """Raw outputs and their places in the encoded split: features ascending, rows of one feature as they came."""
    if row_index(job.encoded[split]) is None:
        return logits, list(order)
    ascending = np.argsort(np.asarray(order, dtype=np.int64), kind="stable").tolist()
    return [logits[place] for place in ascending], [int(order[place]) for place in ascending]


def row_count(encoded: datasets.Dataset) -> int:
    """Rows of the data that an encoded split was made of."""
    index = row_index(encoded)
    return len(encoded) if index is None else int(index[-1]) + 1


def features_of(encoded: datasets.Dataset, rows: Sequence[int]) -> list[int]:
    """Places in an encoded split of what some rows of the data gave, row by row."""
    index = row_index(encoded)
    if index is None:
        return list(rows)
    starts, ends = np.searchsorted(index, rows, side="left"), np.searchsorted(index, rows, side="right")
    return [place for start, end in zip(starts, ends, strict=True) for place in range(start, end)]


def rows_apart(job: Job, split: str) -> bool:
    """False of what is trained on where the head has made blocks of several rows of it."""
    packs = type(job.head).packed is not HeavyTask.packed
    return not packs or row_index(job.encoded[split]) is not None or split != "train" or job.recipe.kind != "train"
