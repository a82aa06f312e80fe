"""What a look at data found: how many rows, why it matters, what mends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Severity = Literal["bad", "warn", "note"]
SEVERITIES: tuple[Severity, ...] = ("bad", "warn", "note")
"""The most harmful first. bad: figures will be wrong or a label cannot be learnt. warn: costs quality. note: to be known."""

Rows = NDArray[np.int64]
"""Numbers of rows within a split, from 0."""


@dataclass(frozen=True)
class Finding:
    """One thing that was found."""

    id: str
    severity: Severity
    title: str
    """A few words: `same text, different labels`."""
    told: str
    """What was found, in a sentence with its figures."""
    why: str
    """What it costs."""
    mend: str
    """What to do."""
    rows: Mapping[str, Rows] = field(default_factory=dict)
    """The rows that it is about by split, as they are worth being looked at; none where it is about the whole."""
    pattern: str = ""
    """Where in a text it is; examples are cut around it."""
    masked: bool = False
    """True where what the pattern finds must not be shown."""
    figures: Mapping[str, Any] = field(default_factory=dict)
    """Numbers for whoever reads the JSON."""
    examples: tuple[tuple[str, int], ...] = ()
    """Split and row of what shows it best; else the first of `rows`."""

    @property
    def count(self) -> int:
        """Rows that it is about."""
        return sum(len(rows) for rows in self.rows.values())


@dataclass(frozen=True)
class Example:
    """A row of a finding."""

    split: str
    row: int
    row_id: str
    label: str | None
    text: str
    """As much of it as tells; what is private is masked."""

    def as_json(self) -> dict[str, Any]:
        return dict(vars(self))


def at_or_above(severity: str, least: str) -> bool:
    """True where `severity` harms as much as `least`, or more."""
    return SEVERITIES.index(severity) <= SEVERITIES.index(least)


def share(part: int, whole: int) -> str:
    """`1.4 %`; as many digits as tell it from nothing."""
    if not whole:
        return "0 %"
    percent = 100 * part / whole
    return f"{percent:.0f} %" if percent >= 10 else f"{percent:.1f} %" if percent >= 0.1 else f"{percent:.2g} %"


def rows_word(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"
