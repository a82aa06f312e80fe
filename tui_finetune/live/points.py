"""What a history is made of: series by step, evaluations, checkpoints, marks."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

LARGEST_STEP = 2**53
"""A step beyond it is none: no run has so many, and no axis can tell them apart."""


@dataclass
class Series:
    """Values by step, in order; what is not finite stays, to be drawn as a gap. Sixteen bytes a point."""

    steps: array[int] = field(default_factory=lambda: array("q"))
    values: array[float] = field(default_factory=lambda: array("d"))
    _largest: float | None = None
    _seen: int = 0
    """Points that the largest one was looked for in."""

    def extend(self, steps: list[int], values: list[float]) -> None:
        """Points that come after all those there are, in order."""
        self.steps.extend(steps)
        self.values.extend(values)

    def add(self, step: int, value: float) -> None:
        """Steps come in order; one that comes again, or late, takes its place."""
        if not 0 <= step < LARGEST_STEP:
            return
        if not self.steps or step > self.steps[-1]:
            self.steps.append(step)
            self.values.append(value)
            return
        place = bisect_right(self.steps, step)
        if place > 0 and self.steps[place - 1] == step:
            self.values[place - 1] = value
        else:
            self.steps.insert(place, step)
            self.values.insert(place, value)

    def cut(self, step: int) -> Series:
        """Takes the points beyond `step` out and returns them."""
        place = bisect_right(self.steps, step)
        gone = Series(self.steps[place:], self.values[place:])
        del self.steps[place:], self.values[place:]
        self._largest, self._seen = None, 0
        return gone

    @property
    def largest(self) -> float | None:
        """The largest finite value; each point is looked at once."""
        if self._seen < len(self.values):
            new = max((value for value in self.values[self._seen :] if isfinite(value)), default=None)
            self._seen = len(self.values)
            if new is not None and (self._largest is None or new > self._largest):
                self._largest = new
        return self._largest

    @property
    def last(self) -> float | None:
        return self.values[-1] if self.values else None

    def __len__(self) -> int:
        return len(self.steps)


@dataclass(frozen=True)
class Evaluation:
    """Metrics of one split at one step."""

    step: int
    split: str
    metrics: Mapping[str, float]
    t: float
    seconds: float | None = None
    rows: int | None = None
    final: bool = False
    """Of the model that the run ends with, after training."""
    asked: bool = False
    """Asked for between the planned ones: it counts for nothing."""


@dataclass(frozen=True)
class CheckpointNote:
    """A checkpoint as the events tell of it; the folder itself decides whether it is whole."""

    step: int
    path: str
    t: float
    bytes: int | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class AttemptNote:
    """Where an attempt began."""

    number: int
    from_step: int
    t: float
    checkpoint: str | None = None


@dataclass(frozen=True)
class Mark:
    """Something to be drawn at a step: warning, finding, checkpoint, evaluation, attempt, request, refit, end."""

    step: int
    name: str
    text: str
    t: float
    detail: str = ""
    """What it was, where the text alone does not say: `learning_rate 2e-5 → 1e-5`."""


@dataclass(frozen=True)
class Change:
    """Values that were changed while the run trained, and hold from `step` on: the first step that used them."""

    step: int
    old: Mapping[str, Any]
    new: Mapping[str, Any]
    t: float
    attempt: int
    by: str = ""
    reason: str = ""
    id: str | None = None
    """Of the request; None where the recipe or a resume asked for it."""


@dataclass(frozen=True)
class Finding:
    """Something that the health watch has found."""

    id: str
    rule: str
    severity: str
    """warn or bad."""
    step: int
    since: int | None
    what: str
    figures: Mapping[str, Any]
    helps: str
    """What usually helps, a sentence."""
    act: Mapping[str, Any] | None
    """The request that does it: action and values."""
    t: float
    over: int | None = None
    """The step at which it was over; None while it holds."""


@dataclass(frozen=True)
class Doing:
    """The newest `progress` event of the phase: `encoding train`, 1,000 of 4,000."""

    what: str
    done: int
    total: int | None
    t: float
