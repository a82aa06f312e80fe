"""Two evaluations beside each other as lines: figures, rows by who is right, labels that moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tui_finetune.live import words
from tui_finetune.live.columns import Column, fit, head_line, row_line
from tui_finetune.live.evaluation_page import Measured
from tui_finetune.live.label_figures import LabelFigures
from tui_finetune.live.spans import Line, Span, blanks, line, muted, span
from tui_finetune.text import cut_middle

GROUPS = ("only_one", "only_other", "both_wrong", "both_right")
EITHER = "either"
"""Rows that only one of the two has right."""
METRICS_SHOWN = 4


@dataclass(frozen=True)
class ComparedLook:
    """What is known of two evaluations of the same rows."""

    one: Measured
    other: Measured
    groups: Mapping[str, Sequence[int]]
    """Places of the rows, by who is right."""
    differ: int
    """Rows of which the two say something else."""


@dataclass(frozen=True)
class Moved:
    """A label and its F1 in both."""

    label: str
    one: float
    other: float
    support: int

    @property
    def by(self) -> float:
        return self.other - self.one


def moved(one: Sequence[LabelFigures], other: Sequence[LabelFigures]) -> list[Moved]:
    """Labels whose F1 is not the same, those that moved most first."""
    theirs = {figures.label: figures for figures in other}
    found = [Moved(mine.label, mine.f1, theirs[mine.label].f1, mine.support) for mine in one if mine.label in theirs]
    return sorted((one for one in found if one.by == one.by and one.by), key=lambda one: (-abs(one.by), one.label))


def difference(value: float | None, other: float | None, *, smaller: bool = False) -> Span:
    """`+0.051`, green where the second is better. smaller: less is."""
    if value is None or other is None or other - value != other - value:
        return muted(words.NOTHING)
    by = other - value
    better = by < 0 if smaller else by > 0
    return span(f"{by:+.3f}", "text" if not round(by, 3) else "good" if better else "warn")


def names_of(look: ComparedLook) -> tuple[str, str]:
    """What the two are called: their ids, and the splits where those are not the same."""
    one, other = look.one, look.other
    if one.short == other.short or one.split != other.split:
        return f"{one.short} {one.split}", f"{other.short} {other.split}"
    return one.short, other.short


def head_lines(look: ComparedLook, width: int) -> list[Line]:
    """The figures of both."""
    names = names_of(look)
    columns = fit(
        (
            Column("metric", "metric", 20, stretch=24),
            Column("one", names[0], max(10, len(names[0])), right=True),
            Column("other", names[1], max(10, len(names[1])), right=True),
            Column("by", "difference", 11, right=True),
        ),
        width,
    )
    lines = [head_line(columns)]
    for metric, value in list(look.one.metrics.items())[:METRICS_SHOWN]:
        other = look.other.metrics.get(metric)
        cells = {"metric": span(metric), "one": span(words.score(value)), "other": span(words.score(other)),
                 "by": difference(value, other, smaller=metric in look.one.smaller_is_better)}  # fmt: skip
        lines.append((blanks(3), *row_line(columns, cells)))
    same = look.one.rows - look.differ
    what = "the same loss in" if look.one.graded else "the same answer for"
    return [*lines, line("   ", muted(f"{what} {same:,} of {look.one.rows:,} rows"))]


def group_words(look: ComparedLook, group: str) -> str:
    one, other = names_of(look)
    if look.one.graded:
        return {
            "only_one": f"{one} is nearer",
            "only_other": f"{other} is nearer",
            "both_wrong": "without a loss",
            "both_right": "both are as near",
            EITHER: "one of the two is nearer",
        }[group]
    return {
        "only_one": f"only {one} is right",
        "only_other": f"only {other} is right",
        "both_wrong": "both are wrong",
        "both_right": "both are right",
        EITHER: "only one of the two is right",
    }[group]


def group_line(look: ComparedLook, group: str, width: int) -> Line:
    """`only b2m7 is right    71`."""
    count = len(look.groups[group])
    name = group_words(look, group)
    figures = f"{count:,}".rjust(8) + words.share(count, look.one.rows).rjust(7)
    return line(name, blanks(min(40, width - 16) - len(name)), span(figures[:8]), muted(figures[8:]))


def moved_labels(look: ComparedLook) -> list[Moved]:
    """The labels of both."""
    return moved(shown_labels(look.one), shown_labels(look.other))


def moved_head(look: ComparedLook, width: int) -> Line:
    names = [name.rpartition(" ")[2] if len(name) > 7 else name for name in names_of(look)]
    room = min(40, max(10, width - 3 - 36))
    titles = f"{names[0]:>8}{names[1]:>8}{'difference':>11}{'rows':>6}"
    return line("   ", muted("F1 of the labels, most moved first"[:room].ljust(room)), muted(titles))


def moved_line(one: Moved, width: int) -> Line:
    """`card_arrival  0.732  0.810  +0.078   40`."""
    name = cut_middle(one.label, min(40, max(10, width - 36)))
    figures = (
        f"{words.score(one.one):>8}{words.score(one.other):>8}",
        f"{one.by:+.3f}".rjust(9),
        f"{one.support:,}".rjust(8),
    )
    token = "good" if one.by > 0 else "warn"
    return line(
        Span(name),
        blanks(min(40, max(10, width - 36)) - len(name)),
        figures[0],
        span(figures[1], token),
        muted(figures[2]),
    )


def compare_table(look: ComparedLook) -> tuple[list[str], list[list[Any]]]:
    """Figures and labels of both, for a file."""
    one, other = names_of(look)
    head = ["", one, other, "difference", "rows"]
    rows: list[list[Any]] = []
    for metric, value in look.one.metrics.items():
        theirs = look.other.metrics.get(metric)
        by = theirs - value if value is not None and theirs is not None else None
        rows.append([metric, value, theirs, by, look.one.rows])
    rows += [[f"f1 of {one.label}", one.one, one.other, one.by, one.support] for one in moved_labels(look)]
    return head, rows


def shown_labels(found: Measured) -> list[LabelFigures]:
    """Types of entities where there are some, else labels."""
    return found.entities or found.labels
