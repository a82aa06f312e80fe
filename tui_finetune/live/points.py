"""What a history is made of: series by step, evaluations, checkpoints, marks."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tui_finetune.live.peaks import Peaks, Spread
from tui_finetune.live.steps import LARGEST_STEP, Steps


@dataclass
class Series:
    """Values by step, in order; what is not finite stays, to be drawn as a gap. Eight bytes a point, as a rule."""

    steps: Steps | array[int] = field(default_factory=Steps)
    values: array[float] = field(default_factory=lambda: array("d"))
    _peaks: Peaks = field(default_factory=Peaks, repr=False, compare=False)

    def extend(self, steps: list[int], values: list[float]) -> None:
        """Points that come after all those there are, in order; very many at a time, in a thread."""
        self.steps.extend(steps)
        self.values.extend(values)
        self._peaks.take(self.values)

    def add(self, step: int, value: float) -> None:
        """Steps come in order; one that comes again, or late, takes its place."""
        if not 0 <= step < LARGEST_STEP:
            return
        if step > self.newest:
            self.steps.append(step)
            self.values.append(value)
            return
        place = bisect_right(self.steps, step)
        if place > 0 and self.steps[place - 1] == step:
            place -= 1
            self.values[place] = value
        else:
            self._insert(place, step, value)
        self._peaks.forget(place)

    def _insert(self, place: int, step: int, value: float) -> None:
        if isinstance(self.steps, Steps):
            self.steps = array("q", self.steps)
        self.steps.insert(place, step)
        self.values.insert(place, value)

    def cut(self, step: int) -> Series:
        """Takes the points beyond `step` out and returns them."""
        place = bisect_right(self.steps, step)
        gone = Series(Steps(self.steps[place:]), self.values[place:])
        if isinstance(self.steps, Steps):
            self.steps.cut(place)
        else:
            del self.steps[place:]
        del self.values[place:]
        self._peaks.forget(place)
        return gone

    def between(self, first: int, last: int) -> Spread:
        """The smallest and the largest value from one place up to another, without looking at each."""
        return self._peaks.between(self.values, first, last)

    def finite(self, first: int, last: int, *, newest: bool = False) -> int:
        """The place of the first or last finite value between two places that have one."""
        return self._peaks.finite(self.values, first, last, newest=newest)

    @property
    def newest(self) -> int:
        """The last step; -1 where there is none."""
        if isinstance(self.steps, Steps):
            return self.steps.last
        return self.steps[-1] if self.steps else -1

    @property
    def largest(self) -> float | None:
        """The largest finite value."""
        found = self.between(0, len(self.values))
        return None if found.empty else found.high

    @property
    def last(self) -> float | None:
        return self.values[-1] if self.values else None

    def __len__(self) -> int:
        return len(self.values)


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
