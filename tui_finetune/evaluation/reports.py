"""report.json: figures of one evaluation as JSON: metrics, per class, confusion, entities, baselines."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.evaluation.classes import class_rows, count, pairs
from tui_finetune.evaluation.entities import EntityCounts, count_entities, total
from tui_finetune.evaluation.predictions import ALL_LABELS
from tui_finetune.plugin_api import Baseline, Decoded, Task
from tui_finetune.runs import atomic

if TYPE_CHECKING:
    import pyarrow as pa

VERSION = 1


def make_report(
    task: Task,
    decoded: Decoded,
    metrics: Mapping[str, float],
    baselines: Sequence[Baseline] = (),
    *,
    split: str,
    smaller_is_better: Sequence[str] = (),
) -> dict[str, Any]:
    """The whole report; what the task adds (`Task.report`) stands beside the common keys.

    smaller_is_better: names of the metrics of which less is better.
    """
    return {
        "v": VERSION,
        "task": task.name,
        "split": split,
        "rows": len(decoded.predicted),
        "labels": list(decoded.labels.names),
        "metrics": dict(metrics),
        "smaller_is_better": list(smaller_is_better),
        "baselines": {b.name: {"metrics": dict(b.metrics), "help": b.help} for b in baselines},
        **task.report(decoded),
    }


def write_report(path: Path, report: Mapping[str, Any]) -> None:
    """Whole or not at all; readable by the owner only; numbers that are not finite as strings."""
    atomic.write_json(path, dict(report))


def read_report(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def class_report(decoded: Decoded) -> dict[str, Any]:
    """`per_class` and `confusion` of one label a row. `counts` is the table gold x predicted, up to 100 labels;
    `pairs` are its cells beside the diagonal as [gold id, predicted id, rows], largest first. Empty without gold."""
    if decoded.gold is None:
        return {}
    names = decoded.labels.names
    counts = count(decoded.gold, decoded.predicted, len(names))
    per_class = class_rows(names, counts)
    cells = pairs(decoded.gold, decoded.predicted)
    table: list[list[int]] | None = None
    if len(names) <= ALL_LABELS:
        table = [[0] * len(names) for _ in names]
        for gold, said, rows in cells:
            table[gold][said] = rows
    wrong = sorted((c for c in cells if c[0] != c[1]), key=lambda c: (-c[2], c[0], c[1]))
    confusion = {"labels": list(names), "counts": table, "pairs": [list(c) for c in wrong]}
    return {"per_class": per_class, "confusion": confusion}


def entity_report(gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> dict[str, Any]:
    """`entities`: per type and for all (`overall`) precision, recall, f1, support, by seqeval's definition."""
    by_type = count_entities(gold, predicted)

    def row(label: str, counts: EntityCounts) -> dict[str, Any]:
        figures = {"precision": counts.precision, "recall": counts.recall, "f1": counts.f1}
        return {"label": label, **figures, "support": counts.gold, "predicted": counts.predicted}

    return {"entities": {"types": [row(k, c) for k, c in by_type.items()], "overall": row("overall", total(by_type))}}


@dataclass(frozen=True)
class Confused:
    """A pair of labels, and how often one was taken for the other."""

    gold: str
    predicted: str
    rows: int
    example: Mapping[str, Any] | None = None
    """The row of predictions.parquet of this pair with the largest loss."""


def most_confused(report: Mapping[str, Any], n: int = 3, predictions: pa.Table | None = None) -> list[Confused]:
    """The `n` largest cells beside the diagonal of a report's confusion, with an example where predictions are given."""
    confusion = report.get("confusion") or {}
    names: Sequence[str] = confusion.get("labels", ())
    found = []
    for gold, said, rows in confusion.get("pairs", ())[:n]:
        example = None if predictions is None else _example(predictions, names[gold], names[said])
        found.append(Confused(names[gold], names[said], rows, example))
    return found


def _example(predictions: pa.Table, gold: str, said: str) -> Mapping[str, Any] | None:
    import pyarrow.compute as pc

    chosen = predictions.filter((pc.field("gold") == gold) & (pc.field("predicted") == said))
    if not chosen.num_rows:
        return None
    chosen = chosen.sort_by([("loss", "descending")])
    row: Mapping[str, Any] = chosen.slice(0, 1).to_pylist()[0]
    return row
