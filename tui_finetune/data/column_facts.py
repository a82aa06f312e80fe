"""What one column of a split holds: missing values, distinct ones with their counts, lengths, numbers. As JSON."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tui_finetune.data.lengths import measured
from tui_finetune.plugin_api import Progress, no_progress

VALUES_TOLD = 1_000
"""Distinct values that are told with their counts, the commonest first."""
BINS = 40
SHORT = 200
"""Characters of a value that are told."""


def column_facts(
    column: pa.ChunkedArray,
    *,
    class_names: Sequence[str] | None = None,
    tokenizer: Path | None = None,
    max_length: int | None = None,
    progress: Progress = no_progress,
) -> dict[str, Any]:
    """`rows`, `missing`, `distinct`; `values` with counts where they repeat; `lengths` of texts and words; `numbers`.

    class_names: what integers stand for. max_length: in tokens; rows beyond it are counted where there is a tokenizer.
    """
    kind = column.type
    facts: dict[str, Any] = {"type": str(kind), "rows": len(column), "missing": column.null_count}
    progress("counting values", 0, None)
    flat = pc.list_flatten(column) if _is_list(kind) else column
    if pa.types.is_nested(flat.type):
        return facts
    facts |= _values(flat, class_names)
    if len(column) - column.null_count and _is_text(flat.type):
        progress("measuring lengths", 0, None)
        facts["lengths"] = _lengths(column, tokenizer, max_length)
    elif class_names is None and (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        facts["numbers"] = _numbers(column)
    return facts


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind))


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _values(flat: pa.ChunkedArray, class_names: Sequence[str] | None) -> dict[str, Any]:
    """How many distinct values there are; those that repeat with their counts."""
    counts = pc.value_counts(pc.drop_null(flat))
    values, numbers = counts.field("values"), np.asarray(counts.field("counts"), dtype=np.int64)
    distinct = len(values)
    told: dict[str, Any] = {"distinct": distinct}
    if distinct == len(flat) or not distinct:
        return told
    order = np.argsort(-numbers, kind="stable")[:VALUES_TOLD]
    named = zip(values.take(pa.array(order)).to_pylist(), numbers[order], strict=True)
    told["values"] = [[_name(value, class_names), int(count)] for value, count in named]
    return told


def _name(value: Any, class_names: Sequence[str] | None) -> str:
    if class_names is not None and isinstance(value, int) and 0 <= value < len(class_names):
        return class_names[value]
    return (str(value).lower() if isinstance(value, bool) else str(value))[:SHORT]


def _lengths(column: pa.ChunkedArray, tokenizer: Path | None, max_length: int | None) -> dict[str, Any]:
    found = measured([column], tokenizer)
    width, counts = found.bins(BINS)
    limit = max_length if found.unit == "tokens" else None
    return {**found.summary(limit).as_json(), "bin_width": width, "bins": counts}


def _numbers(column: pa.ChunkedArray) -> dict[str, Any]:
    values = np.asarray(pc.cast(pc.drop_null(column), pa.float64()))
    finite = values[np.isfinite(values)]
    if not len(finite):
        return {"not_finite": len(values)}
    counts, edges = np.histogram(finite, bins=min(BINS, max(1, len(np.unique(finite[:100_000])))))
    return {
        "min": float(finite.min()),
        "max": float(finite.max()),
        "mean": float(finite.mean()),
        "not_finite": len(values) - len(finite),
        "low": float(edges[0]),
        "bin_width": float(edges[1] - edges[0]),
        "bins": [int(one) for one in counts],
    }
