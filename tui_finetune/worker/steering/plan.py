"""The batch plan: an epoch is one segment, or several where the shape of the loop changed within it. Arithmetic only.

A segment is a run of optimizer steps that have the same micro-batch and accumulation, over rows of one epoch's order.
Change the shape at a step, and a new segment begins with the first row that the old one has not trained on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Epochs:
    """What every epoch of a run has in common."""

    rows: int
    drop_last: bool = False
    """Whether rows that fill no micro-batch are left out."""

    def batches(self, rows: int, batch: int) -> int:
        return rows // batch if self.drop_last else math.ceil(rows / batch)


@dataclass(frozen=True)
class Segment:
    """Where the loop is."""

    epoch: int
    start_row: int
    """Rows of the epoch's order that were trained on before it."""
    start_step: int
    """Optimizer steps of the run that were done before it."""
    batch: int
    """Rows of a micro-batch on this device."""
    accumulation: int

    def batches(self, epochs: Epochs) -> int:
        """Micro-batches from its first row to the end of the epoch."""
        return epochs.batches(epochs.rows - self.start_row, self.batch)

    def steps(self, epochs: Epochs) -> int:
        """Optimizer steps to the end of the epoch."""
        return math.ceil(self.batches(epochs) / self.accumulation)

    def batches_done(self, step: int, epochs: Epochs) -> int:
        """Micro-batches of it that are done when optimizer step `step` of the run is."""
        return min((step - self.start_step) * self.accumulation, self.batches(epochs))

    def row(self, step: int, epochs: Epochs) -> int:
        """Rows of the epoch that have been trained on when step `step` is done."""
        return min(self.start_row + self.batches_done(step, epochs) * self.batch, epochs.rows)

    def position(self, step: int, epochs: Epochs) -> float:
        """The epoch as a fraction, as Trainer counts it: a whole number at the end of one."""
        batches = self.batches(epochs)
        within = self.batches_done(step, epochs) / batches if batches else 1.0
        begun = self.start_row / epochs.rows
        return self.epoch + begun + (1.0 - begun) * within

    def ends_at(self, step: int, epochs: Epochs) -> bool:
        """Whether its epoch is over when step `step` is done."""
        return step - self.start_step >= self.steps(epochs)

    def changed(self, step: int, epochs: Epochs, batch: int, accumulation: int) -> Segment:
        """The segment that follows with another shape after step `step`."""
        return Segment(self.epoch, self.row(step, epochs), step, batch, accumulation)

    def as_json(self) -> dict[str, int]:
        return asdict(self)

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Segment:
        """Raises KeyError, TypeError or ValueError for what is no segment."""
        return cls(**{name: int(raw[name]) for name in cls.__dataclass_fields__})


def steps_per_epoch(epochs: Epochs, batch: int, accumulation: int) -> int:
    """Optimizer steps of a whole epoch; at least one, as Trainer counts them."""
    return max(math.ceil(epochs.batches(epochs.rows, batch) / accumulation), 1)


def total_steps(segment: Segment, epochs: Epochs, wanted: float) -> int:
    """Optimizer steps of the run in all when it ends after `wanted` epochs, from `segment` on with its shape.

    From a segment that begins an epoch it is what Trainer counts.
    """
    whole = math.floor(wanted)
    if wanted <= segment.epoch + segment.start_row / epochs.rows:
        return segment.start_step
    each = steps_per_epoch(epochs, segment.batch, segment.accumulation)
    rest = segment.steps(epochs)
    if segment.epoch >= whole:
        left = (wanted - segment.epoch - segment.start_row / epochs.rows) * each
        return segment.start_step + min(rest, math.ceil(left))
    after = math.ceil((wanted - segment.epoch - 1) * each)
    return segment.start_step + rest + after
