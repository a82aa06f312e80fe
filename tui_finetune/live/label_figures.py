"""How well a model does label by label, or by type of entity: precision, recall, F1, in a table that is sorted and filtered."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tui_finetune.live import words
from tui_finetune.live.columns import Column, fit, row_line
from tui_finetune.live.spans import Line, muted, span
from tui_finetune.runs.tail import number

SORTS = ("f1", "precision", "recall", "support", "label")
"""Columns of the labels, the first is the order at the start: the weakest first."""


@dataclass(frozen=True)
class LabelFigures:
    """A label or a type of entity."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int
    predicted: int


def figures_of(rows: Any) -> list[LabelFigures]:
    out = []
    for row in rows if isinstance(rows, Sequence) else ():
        if not isinstance(row, Mapping):
            continue
        precision, recall, f1 = (number(row.get(name)) for name in ("precision", "recall", "f1"))
        nan = math.nan
        out.append(
            LabelFigures(
                str(row.get("label")), nan if precision is None else precision, nan if recall is None else recall,
                nan if f1 is None else f1, int(row.get("support") or 0), int(row.get("predicted") or 0),
            )
        )  # fmt: skip
    return out


def label_columns(width: int, title: str, unit: str = "rows") -> tuple[Column, ...]:
    """unit: what the labels are counted in."""
    columns = (
        Column("label", title, 22, stretch=50),
        Column("precision", "precision", 9, right=True),
        Column("recall", "recall", 7, right=True),
        Column("f1", "F1", 6, right=True),
        Column("support", unit, 8, right=True),
        Column("predicted", "predicted", 9, right=True, optional=1),
    )
    return fit(columns, width)


def label_line(one: LabelFigures, columns: Sequence[Column]) -> Line:
    return row_line(
        columns,
        {
            "label": span(one.label),
            "precision": span(words.score(one.precision)),
            "recall": span(words.score(one.recall)),
            "f1": span(words.score(one.f1)),
            "support": span(f"{one.support:,}"),
            "predicted": muted(f"{one.predicted:,}"),
        },
    )


def arranged_labels(
    labels: Sequence[LabelFigures], sort: str = "f1", reverse: bool = False, wanted: str = ""
) -> list[LabelFigures]:
    """The labels in the order that is asked for, only those whose name has every word."""
    having = [one for one in labels if all(word in one.label.lower() for word in wanted.lower().split())]
    if sort == "label":
        return sorted(having, key=lambda one: one.label.lower(), reverse=reverse)
    if sort == "support":
        return sorted(having, key=lambda one: (-one.support, one.label), reverse=reverse)

    def rank(one: LabelFigures) -> tuple[bool, float, str]:
        value = getattr(one, sort)
        return (not math.isfinite(value), value, one.label)

    seen = [one for one in having if one.support or one.predicted]
    unseen = [one for one in having if not one.support and not one.predicted]
    return [*sorted(seen, key=rank, reverse=reverse), *unseen]


def label_table(labels: Sequence[LabelFigures]) -> tuple[list[str], list[list[Any]]]:
    head = ["label", "precision", "recall", "f1", "rows", "predicted"]
    return head, [[one.label, one.precision, one.recall, one.f1, one.support, one.predicted] for one in labels]
