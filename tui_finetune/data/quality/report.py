"""All that is found in one look: the profile, and the findings ranked by harm, as one document with the rows beside it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tui_finetune.data.private_forms import masked
from tui_finetune.data.quality import duplicates, labels, languages, learned, near, private, profile, texts, words
from tui_finetune.data.quality.finding import SEVERITIES, Example, Finding
from tui_finetune.data.quality.material import BETWEEN, Material, Part
from tui_finetune.plugin_api import Progress, no_progress

CHECKING = "checking"
EXAMPLES = 4
AROUND = 60
"""Characters before what was found that an example shows."""
SHOWN = 240
IDS_TOLD = 1_000
"""Row ids of a finding that the document holds; the rows beside it are all."""

ORDER = (
    "label_not_trained",
    "leakage",
    "contradictions",
    "label_spellings",
    "answer_in_text",
    "empty_texts",
    "missing_labels",
    "mojibake",
    "keys",
    "cards",
    "accounts",
    "social_numbers",
    "shift",
    "near_leakage",
    "imbalance",
    "rare_labels",
    "label_not_measured",
    "cut",
    "near_duplicates",
    "duplicates",
    "html_tags",
    "html_entities",
)
"""Ids within one severity, the most harmful first; others come after them as they were found."""


def report(data: Material, tokenizer: Path | None, max_length: int, progress: Progress = no_progress) -> Report:
    """Looks at everything. Takes seconds for ten thousand rows, minutes for millions."""
    begun = time.monotonic()
    length_figures, cut = profile.lengths(data, tokenizer, max_length, progress)
    steps = len(CHECKS) + 3
    progress(CHECKING, 0, steps)
    telling = words.telling_words(data)
    progress(CHECKING, 1, steps)
    shifts = learned.shifts(data)
    progress(CHECKING, 2, steps)
    floor = learned.floor(data)
    spoken = languages.Spoken(data)
    findings = [*words.artefacts(data, telling), *learned.shifted(data, shifts), *cut]
    findings += languages.other_languages(data, spoken)
    for done, check in enumerate(CHECKS, 3):
        progress(CHECKING, done, steps)
        findings += check(data)
    figures = {
        "splits": {part.name: part.rows for part in data.parts},
        "columns": profile.columns({part.name: part.table for part in data.parts}),
        "labels": profile.label_shares(data),
        "lengths": length_figures,
        "scripts": profile.scripts(data),
        "languages": spoken.as_json(),
        "words": [word.as_json() for word in telling[: words.TOLD]],
        "shift": [shift.as_json() for shift in shifts],
        "floor": floor.as_json() if floor is not None else None,
        "limits": limits(data),
    }
    return Report(figures, tuple(sorted(findings, key=_harm)), data, time.monotonic() - begun)


CHECKS: tuple[Callable[[Material], list[Finding]], ...] = (
    duplicates.duplicates,
    duplicates.contradictions,
    duplicates.leakage,
    near.near_duplicates,
    labels.spellings,
    labels.absent_labels,
    labels.rare_labels,
    labels.imbalance,
    labels.missing_labels,
    labels.unlabelled,
    labels.odd_labels,
    labels.order,
    words.answers,
    texts.empty_texts,
    texts.oddities,
    texts.other_scripts,
    texts.long_texts,
    texts.sameness,
    private.private_data,
)


def _harm(finding: Finding) -> tuple[int, int]:
    place = ORDER.index(finding.id) if finding.id in ORDER else len(ORDER)
    return SEVERITIES.index(finding.severity), place


def limits(data: Material) -> list[str]:
    """What was not looked at, or not in every row, in sentences."""
    found = []
    if data.kind == "none":
        found.append("No column of labels is known here (--task): what concerns labels was not looked at.")
    if len(data.texts.values) > near.TEXTS:
        found.append(f"Near duplicates were looked for among the first {near.TEXTS:,} distinct texts.")
    if any(part.rows > languages.LOOKED_AT for part in data.parts):
        found.append(f"Languages were looked at in {languages.LOOKED_AT:,} drawn rows of a split.")
    if data.train.rows > words.LOOKED_AT:
        found.append(f"Words and labels' names were counted in {words.LOOKED_AT:,} drawn rows of {data.train.name}.")
    return found


class Report:
    """What was found in some data."""

    def __init__(self, figures: dict[str, Any], findings: tuple[Finding, ...], data: Material, seconds: float) -> None:
        self.figures = figures
        self.findings = findings
        self._data = data
        self._seconds = seconds

    def as_json(self) -> dict[str, Any]:
        """`profile` and `findings`."""
        return {
            "profile": self.figures,
            "findings": [self._finding(finding) for finding in self.findings],
            "seconds": round(self._seconds, 2),
        }

    def _finding(self, finding: Finding) -> dict[str, Any]:
        by_name = {part.name: part for part in self._data.parts}
        ids = [
            by_name[split].row_id(int(row)) for split, rows in finding.rows.items() for row in rows[:IDS_TOLD].tolist()
        ]
        return {
            "id": finding.id,
            "severity": finding.severity,
            "title": finding.title,
            "rows": finding.count,
            "splits": {name: len(rows) for name, rows in finding.rows.items()},
            "told": finding.told,
            "why": finding.why,
            "mend": finding.mend,
            "figures": dict(finding.figures),
            "examples": [example.as_json() for example in examples(finding, by_name)],
            "row_ids": ids[:IDS_TOLD],
            "files": {},
        }


def examples(finding: Finding, parts: dict[str, Part]) -> list[Example]:
    """The first rows of a finding, their texts cut around what was found."""
    rows = [(split, row) for split, own in finding.rows.items() for row in own[:EXAMPLES].tolist()]
    found = []
    for split, row in (finding.examples or rows)[:EXAMPLES]:
        part = parts[split]
        label = part.labels[row].as_py() if part.labels is not None else None
        text = part.texts[row].as_py() or ""
        label = label.replace(BETWEEN, ", ") if label is not None else None
        found.append(Example(split, row, part.row_id(row), label, _excerpt(text, finding)))
    return found


def _excerpt(text: str, finding: Finding) -> str:
    if finding.masked:
        text = masked(text)
    start = 0
    if finding.pattern and not finding.masked and (match := re.search(finding.pattern, text)) is not None:
        start = max(match.start() - AROUND, 0)
    cut = text.replace(BETWEEN, " ⁄ ")[start : start + SHOWN]
    return f"{'…' if start else ''}{cut}{'…' if start + SHOWN < len(text) else ''}"
