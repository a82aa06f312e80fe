"""Texts to try: rows that a run kept out of training, from the predictions that it stored of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.live.choice_page import CHOICES, choices
from tui_finetune.plugin_api.tasks import READ
from tui_finetune.runs.layout import PREDICTIONS, RunPaths

if TYPE_CHECKING:
    import pyarrow as pa

SPLITS = ("test", "validation")
"""Where samples are taken from, the first that is there."""
LONGEST = 300
"""Characters: a longer text is no text to try first."""
LOOKED_AT = 2_000
"""Rows of the file that are looked at."""
WANTED = 24


@dataclass(frozen=True)
class Sample:
    """A text that the model has not learnt from."""

    text: str
    pair: str = ""
    gold: str | None = None
    """Its label, where it has one."""
    split: str = "test"


def read_samples(paths: RunPaths) -> tuple[Sample, ...]:
    """Short texts of different labels, spread over the file; empty where the run stored no predictions."""
    for split in SPLITS:
        path = paths.evaluation(split) / PREDICTIONS
        if path.is_file():
            return _samples(_first_rows(path), split)
    return ()


def _first_rows(path: Path) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        wanted = [name for name in (*READ, "tokens", "gold", *CHOICES) if name in file.schema_arrow.names]
        batch: pa.RecordBatch | None = next(file.iter_batches(LOOKED_AT, columns=wanted), None)
    rows: list[dict[str, Any]] = [] if batch is None else batch.to_pylist()
    return rows


def _samples(rows: list[dict[str, Any]], split: str) -> tuple[Sample, ...]:
    found = [one for row in rows if (one := _sample(row, split)) is not None]
    by_label: dict[str | None, list[Sample]] = {}
    for one in found:
        by_label.setdefault(one.gold, []).append(one)
    turns = max((len(group) for group in by_label.values()), default=0)
    mixed = [group[turn] for turn in range(turns) for group in by_label.values() if turn < len(group)]
    return tuple(mixed[:: max(1, len(mixed) // WANTED)][:WANTED]) if len(by_label) < 2 else tuple(mixed[:WANTED])


def _sample(row: dict[str, Any], split: str) -> Sample | None:
    words, text = row.get("tokens"), row.get("text", row.get("question"))
    if text is None and isinstance(words, list):
        text = " ".join(str(word) for word in words)
    pair = row.get("text_pair") or row.get("context") or " | ".join(choices(row)) or ""
    if not isinstance(text, str) or not text.strip() or len(text) + len(pair) > LONGEST:
        return None
    gold = row.get("gold")
    return Sample(text, pair, gold if isinstance(gold, str) else None, split)
