"""Findings: what a check of the data found, as lines; the rows and the step that belong to each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tui_finetune.live.columns import Column, fit
from tui_finetune.live.spans import EMPTY, Line, at, line, muted, span, wrap
from tui_finetune.text import cell_width, cut_end, shown

MARKS = {"bad": ("✗", "bad"), "warn": ("!", "warn"), "note": ("·", "muted")}
STEPS = {
    "html_tags": "strip-html",
    "html_entities": "strip-html",
    "mojibake": "fix-text",
    "duplicates": "drop-repeated",
    "leakage": "drop-repeated",
    **dict.fromkeys(("emails", "phones", "keys", "cards", "accounts", "social_numbers"), "mask-private"),
}
"""Finding to the preprocessor that mends it."""

Finding = Mapping[str, Any]


@dataclass(frozen=True)
class FindingRows:
    """The rows of a finding, looked at alone."""

    title: str
    files: Mapping[str, str]
    """By split the file of their numbers."""
    counts: Mapping[str, int]

    def elsewhere(self, split: str) -> str:
        """`120 in train and 3 in test`: those of the other splits."""
        return " and ".join(f"{self.counts[name]:,} in {name}" for name in self.files if name != split)


def rows_of(finding: Finding, files: Mapping[str, str], splits: Sequence[str]) -> FindingRows:
    """The rows of a finding in the splits that are open."""
    there = {name: file for name, file in files.items() if name in splits}
    return FindingRows(str(finding["title"]), there, {name: finding["splits"][name] for name in there})


def step_for(finding: Finding, there: Sequence[str]) -> str | None:
    """The preprocessor that mends a finding, if it is one of those that are there."""
    name = STEPS.get(finding["id"])
    return name if name in there else None


def columns_for(width: int) -> tuple[Column, ...]:
    return fit((Column("title", "finding", 44, stretch=80, free=True), Column("rows", "rows", 11, right=True)), width)


def finding_line(finding: Finding, columns: Sequence[Column]) -> Line:
    """`! rare labels      12`."""
    title, rows = columns
    mark, token = MARKS[finding["severity"]]
    count = f"{finding['rows']:,}" if finding["rows"] else "–"
    name = cut_end(shown(finding["title"]), title.width - 2)
    return line(span(mark, token), " ", name, " " * (title.width - 2 - cell_width(name) + 1), count.rjust(rows.width))


def about_lines(finding: Finding, step: str | None, key: str, width: int) -> list[Line]:
    """What was found, why it matters, what mends it, and rows that show it."""
    lines = [EMPTY]
    for name, told in (("found", finding["told"]), ("costs", finding["why"]), ("mend", finding["mend"])):
        parts = wrap(told, width - 10)
        lines += [line(" ", muted(name.ljust(7)), *parts[0]), *(line(" " * 8, *part) for part in parts[1:])]
    if step is not None:
        lines.append(line(" " * 8, span(key, "accent"), f" uses the step {step}."))
    lines += [EMPTY] if finding["examples"] else []
    for one in finding["examples"]:
        place = f"{one['split']} {one['row']:,}"
        label = one["label"] or ""
        lines.append(
            at(((1, (muted(cut_end(shown(place), 18)),)), (20, (span(cut_end(shown(label), 18)),)),
                (39, (span(cut_end(shown(one["text"]), max(8, width - 40))),))), width)
        )  # fmt: skip
    return lines
