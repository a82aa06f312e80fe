"""Early stopping: ours, so that patience and threshold can change while a run goes on and lie in its checkpoints."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass
class EarlyStopping:
    """Counts the evaluations since the last one that was better by more than the threshold."""

    patience: int = 0
    """0: training never ends early."""
    threshold: float = 0.0
    best: float | None = None
    since: int = 0
    """Evaluations without a better one."""
    ended: bool = False
    """Whether training has been ended by it: after a kill it does not begin again."""

    def look(self, value: float, *, greater: bool) -> None:
        """Another evaluation. A value that is no number is never better."""
        gain = -math.inf
        if math.isfinite(value):
            gain = math.inf if self.best is None else (value - self.best if greater else self.best - value)
        if gain > self.threshold:
            self.best, self.since = value, 0
        else:
            self.since += 1
        self.ended = self.patience > 0 and self.since >= self.patience

    def start_again(self, best: float | None = None) -> None:
        """Another metric counts from here on."""
        self.best, self.since, self.ended = best, 0, False

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def load(self, raw: Mapping[str, Any]) -> None:
        self.patience, self.threshold = int(raw.get("patience", 0)), float(raw.get("threshold", 0.0))
        self.best, self.since, self.ended = raw.get("best"), int(raw.get("since", 0)), bool(raw.get("ended"))
