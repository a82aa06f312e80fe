"""Metrics and confusions as lines for a person: what the verbs demo, evaluate and show print."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from tui_finetune.evaluation.reports import Confused
from tui_finetune.text import Shown, aligned, cut_end, cut_middle, shown

NONE = Shown("–")
LABEL_WIDTH = 30
"""Cells for a label's name; the middle of longer ones is cut."""


def number(value: Any) -> Shown:
    """A score or loss: three decimals; `nan`, `inf` in words; `–` for none."""
    if value is None:
        return NONE
    if isinstance(value, str):
        return shown(value)
    return Shown(f"{value:.3f}" if math.isfinite(value) else str(float(value)))


def metric_lines(
    metrics: Mapping[str, float], baselines: Mapping[str, Mapping[str, float]] | None = None
) -> list[Shown]:
    """A table: metric, the model's score, a column a baseline. `baselines`: name to metrics."""
    columns = {"model": metrics, **(baselines or {})}
    head = [Shown("metric"), *(shown(name) for name in columns)]
    body = [[shown(name), *(number(column.get(name)) for column in columns.values())] for name in metrics]
    return aligned([head, *body], right=range(1, len(head)))


def class_lines(report: Mapping[str, Any], n: int | None = None) -> list[Shown]:
    """Per class (or entity type) precision, recall, F1 and rows, the weakest first; `n` of them, and how many more there are."""
    rows = list(report.get("per_class") or (report.get("entities") or {}).get("types") or ())
    rows.sort(key=lambda row: (row["f1"], row["label"]))
    chosen = rows[:n]
    if not chosen:
        return []
    head = [Shown(h) for h in ("label", "precision", "recall", "F1", "rows")]
    body = [
        [
            cut_middle(row["label"], LABEL_WIDTH),
            number(row["precision"]),
            number(row["recall"]),
            number(row["f1"]),
            Shown(f"{row['support']:,}"),
        ]
        for row in chosen
    ]
    lines = aligned([head, *body], right=range(1, 5))
    if len(rows) > len(chosen):
        lines.append(Shown(f"+ {len(rows) - len(chosen):,} more"))
    return lines


def confused_lines(found: Sequence[Confused], width: int = 80) -> list[Shown]:
    """`gold → predicted  rows`, and under each its example's text where there is one."""
    lines: list[Shown] = []
    for one in found:
        pair = f"{cut_middle(one.gold, LABEL_WIDTH)} → {cut_middle(one.predicted, LABEL_WIDTH)}"
        lines.append(Shown(f"{pair}  {one.rows:,} {'row' if one.rows == 1 else 'rows'}"))
        text = (one.example or {}).get("text")
        if text is not None:
            lines.append(Shown(f"    {cut_end(str(text), width - 4)}"))
    return lines
