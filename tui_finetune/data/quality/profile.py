"""Every row counted: what columns hold, how long texts are and what each maximum length would cut, labels, scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tui_finetune.data.lengths import token_counts, word_counts
from tui_finetune.data.quality.finding import Finding, Rows, rows_word, share
from tui_finetune.data.quality.labels import all_labels
from tui_finetune.data.quality.material import Material, Part
from tui_finetune.data.quality.texts import main_scripts
from tui_finetune.plugin_api import ROW_HASH, ROW_ID, Progress, no_progress

PIECE = 5_000
"""Rows that are tokenized at one go."""
LENGTHS = (32, 64, 128, 256, 512, 1024, 2048, 4096, 8192)
"""Maximum lengths whose cost is told, up to the first that cuts nothing."""
FITS = 99
"""Percent of the rows that a length is told for that cuts none of them."""
MANY_CUT, SOME_CUT = 0.05, 0.01
"""Share of cut rows from which it is a warning, and from which it is told."""
BINS = 40


def columns(tables: Mapping[str, pa.Table]) -> dict[str, list[dict[str, Any]]]:
    """Of each split its columns: type, missing values, blank texts, distinct values."""
    return {
        name: [_column(table, field) for field in table.schema if field.name not in (ROW_ID, ROW_HASH)]
        for name, table in tables.items()
    }


def _column(table: pa.Table, field: pa.Field) -> dict[str, Any]:
    column = table.column(field.name)
    found: dict[str, Any] = {"name": field.name, "type": str(field.type), "missing": column.null_count}
    if pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
        blank = pc.sum(pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(column)), 0)).as_py()
        found["blank"] = int(blank or 0)
    if not pa.types.is_nested(field.type):
        found["distinct"] = int(pc.count_distinct(column).as_py())
    return found


def lengths(
    data: Material, tokenizer: Path | None, max_length: int, progress: Progress = no_progress
) -> tuple[dict[str, Any], list[Finding]]:
    """Characters, words and, with a tokenizer, tokens of each split's texts; what is cut, as a finding where it is much."""
    found: dict[str, Any] = {}
    beyond: dict[str, Rows] = {}
    for part in data.parts:
        own = {"characters": distribution(_characters(part)), "words": distribution(_words(part))}
        if tokenizer is not None and part.rows:
            tokens = _tokens(part, tokenizer, progress)
            own["tokens"] = {**distribution(tokens), "cuts": cuts(tokens, max_length), "max_length": max_length}
            over = np.flatnonzero(tokens > max_length)
            beyond[part.name] = over[np.argsort(-tokens[over], kind="stable")].astype(np.int64)
        found[part.name] = own
    return found, _cut(data, found, {name: rows for name, rows in beyond.items() if len(rows)}, max_length)


def _characters(part: Part) -> Rows:
    return np.asarray(pc.fill_null(pc.utf8_length(part.texts), 0), dtype=np.int64)


def _words(part: Part) -> Rows:
    return np.asarray(word_counts(part.columns), dtype=np.int64)


def _tokens(part: Part, tokenizer: Path, progress: Progress) -> Rows:
    found = []
    for start in range(0, part.rows, PIECE):
        found += token_counts(tokenizer, [_given(column.slice(start, PIECE)) for column in part.columns])
        progress(f"counting tokens of {part.name}", min(start + PIECE, part.rows), part.rows)
    return np.asarray(found, dtype=np.int64)


def _given(column: pa.Array) -> pa.ChunkedArray:
    return pa.chunked_array([column])


def distribution(values: Rows) -> dict[str, Any]:
    """Least, mean, percentiles, longest; the length that 99 % keep to; bins of equal width from 0 on."""
    if not len(values):
        return {"rows": 0}
    at = {f"p{p}": int(np.percentile(values, p, method="higher")) for p in (50, 90, 95, FITS)}
    longest = int(values.max())
    width = max(1, -(-(longest + 1) // BINS))
    bins = np.bincount(values // width).tolist()
    return {
        "rows": len(values), "min": int(values.min()), "mean": round(float(values.mean()), 1), **at, "max": longest,
        "fits_99": at[f"p{FITS}"], "bin_width": width, "bins": bins,
    }  # fmt: skip


def cuts(tokens: Rows, max_length: int) -> list[dict[str, Any]]:
    """For each usual maximum length: rows that it cuts, tokens lost, and what an epoch then costs against no cut at all."""
    whole = int(tokens.sum())
    found = []
    for length in sorted({*LENGTHS, max_length}):
        kept = np.minimum(tokens, length)
        cut = int((tokens > length).sum())
        found.append(
            {
                "max_length": length,
                "rows": cut,
                "share": round(cut / len(tokens), 4),
                "tokens_lost": whole - int(kept.sum()),
                "tokens": int(kept.sum()),
                # Attention grows by the square of a row's length, all else with the length.
                "attention": round(
                    float((kept.astype(float) ** 2).sum() / max((tokens.astype(float) ** 2).sum(), 1)), 4
                ),
            }
        )
        if not cut and length >= max_length:
            break
    return found


def _cut(data: Material, found: Mapping[str, Any], rows: Mapping[str, Rows], max_length: int) -> list[Finding]:
    count = sum(map(len, rows.values()))
    if data.windowed or count < SOME_CUT * data.rows or not count:
        return []
    fits = max(own["tokens"]["fits_99"] for own in found.values() if "tokens" in own)
    where = ", ".join(f"{name} {len(one):,}" for name, one in rows.items())
    return [
        Finding(
            "cut",
            "warn" if count >= MANY_CUT * data.rows else "note",
            f"cut at {max_length:,} tokens",
            f"{rows_word(count)} ({share(count, data.rows)}) are longer than {max_length:,} tokens ({where}); {fits:,} would "
            "fit 99 %.",
            "What is beyond is never read, and what tells the label may stand there.",
            f"max_length = {fits:,}, where the model has as many positions; or split long texts into windows.",
            rows,
        )
    ]


def scripts(data: Material) -> dict[str, dict[str, int]]:
    """Rows of each split by the script of most of their letters."""
    found = {}
    for part in data.parts:
        names, rows = main_scripts(part)
        counts = np.bincount(rows[rows >= 0], minlength=len(names))
        own = {names[index]: int(counts[index]) for index in np.argsort(-counts, kind="stable") if counts[index]}
        found[part.name] = {**own, **({"none": int((rows < 0).sum())} if (rows < 0).any() else {})}
    return found


def label_shares(data: Material) -> list[dict[str, Any]]:
    """Labels, the commonest in train first, with their rows by split."""
    counts = all_labels(data)
    names: Sequence[str] = list(dict.fromkeys(label for found in counts.values() for label in found))
    return [{"name": name, "counts": {split: found.get(name, 0) for split, found in counts.items()}} for name in names]
