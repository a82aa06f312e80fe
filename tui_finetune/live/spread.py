"""How much the figures of runs differ that are the same but for what was drawn: mean, standard deviation, range."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tui_finetune.live import words


@dataclass(frozen=True)
class Spread:
    """A figure over runs; deviation is that of a sample, n - 1 below."""

    runs: int
    mean: float
    deviation: float | None
    """None of a single run."""
    low: float
    high: float

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def row(self) -> list[str]:
        """Cells of a table: mean, deviation, lowest, highest, runs."""
        deviation = words.NOTHING if self.deviation is None else f"± {words.score(self.deviation)}"
        return [words.score(self.mean), deviation, words.score(self.low), words.score(self.high), str(self.runs)]


def spread(values: Sequence[float | None]) -> Spread | None:
    """Of the runs that have the figure; None where none has."""
    found = [value for value in values if value is not None and math.isfinite(value)]
    if not found:
        return None
    deviation = statistics.stdev(found) if len(found) > 1 else None
    return Spread(len(found), statistics.fmean(found), deviation, min(found), max(found))


def spreads(metrics: Iterable[tuple[str, Sequence[float | None]]]) -> dict[str, Spread]:
    """Of each figure that a run has."""
    return {name: found for name, values in metrics if (found := spread(values)) is not None}
