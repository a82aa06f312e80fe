"""What a run will take, computed from what was measured on the device: time to the end, memory at most, disk.

Time is told from points: batches of a few lengths were trained, and an epoch's batches are laid out as the run will lay
them out, so that length groups and padding are in it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

LAID_OUT = 100_000
"""Rows of which an epoch is laid out; of more a sample is, and its time counts in proportion."""
QUANTILES = (1.0, 0.5, 0.0, 0.8, 0.25)
"""Lengths of batches that are measured, the most telling first."""
GROUPS = 50
"""Batches of optimizer steps that the library sorts by length together."""


@dataclass(frozen=True)
class Layout:
    """The micro-batches of an epoch: which rows each has, and how long each is."""

    batches: Sequence[np.ndarray]
    tokens: np.ndarray
    """Longest row of each."""
    share: float = 1.0
    """Of the rows that were laid out."""
    even: bool = True
    """Whether all batches but the last have as many rows as the first."""

    def rows(self, place: int) -> list[int]:
        found: list[int] = self.batches[place].tolist()
        return found

    def at(self, quantile: float) -> int:
        """Place of the whole batch at that quantile of lengths; of equals the first."""
        size = len(self.batches[0])
        whole = [place for place, rows in enumerate(self.batches) if len(rows) == size or not self.even]
        wanted = np.quantile(self.tokens[whole], quantile, method="nearest")
        return next(place for place in whole if self.tokens[place] == wanted)


def lay_out(
    lengths: Sequence[int], size: int, *, order: str, seed: int, group: int = 1, drop_last: bool = False
) -> Layout:
    """The batches of one epoch in an order of the run's kind: random, sequential, length, or sorted (longest first).

    size: rows of a micro-batch. group: micro-batches of an optimizer step, which length groups are made of.
    """
    found = np.asarray(lengths)
    drawn = np.random.default_rng(seed)
    rows = np.arange(len(found)) if order in ("sequential", "sorted") else drawn.permutation(len(found))
    share = min(1.0, LAID_OUT / max(1, len(found)))
    if share < 1.0:
        rows = rows[:: math.ceil(1 / share)]
        share = len(rows) / len(found)
    if order == "sorted":
        rows = rows[np.argsort(-found[rows], kind="stable")]
    if order == "length":
        rows = _grouped(rows, found, size * group)
    batches = [rows[start : start + size] for start in range(0, len(rows), size)]
    if drop_last and len(batches) > 1 and len(batches[-1]) < size:
        batches.pop()
    return Layout(batches, np.array([int(found[batch].max()) for batch in batches]), share)


def _grouped(rows: np.ndarray, lengths: np.ndarray, size: int) -> np.ndarray:
    """As transformers groups: sorted by length within some batches at a time, the longest row of all first."""
    together = size * max(1, min(len(rows) // (size * 4), GROUPS))
    parts = [rows[start : start + together] for start in range(0, len(rows), together)]
    parts = [part[np.argsort(-lengths[part], kind="stable")] for part in parts]
    longest = int(np.argmax([lengths[part[0]] for part in parts]))
    parts[0][0], parts[longest][0] = parts[longest][0], parts[0][0]
    return np.concatenate(parts)


@dataclass
class Curve:
    """Seconds of a batch by its length, from measured points; between two of them a line."""

    rows: int
    """Of a whole batch."""
    points: dict[int, float] = field(default_factory=dict)
    """Tokens of the longest row to seconds."""

    def total(self, layout: Layout) -> float:
        """Seconds of all batches of a layout; one with fewer rows takes less in proportion."""
        if not self.points:
            return 0.0
        known = sorted(self.points)
        each = np.interp(layout.tokens, known, [self.points[tokens] for tokens in known])
        part = np.array([min(1.0, len(rows) / self.rows) for rows in layout.batches])
        return float((each * part).sum() / layout.share)


def due(strategy: str, every: float, *, start: int, total: int, per_epoch: int, delay: float = 0) -> int:
    """How often something is done after step `start`: `steps` and `epoch` as transformers does them, at the end too."""
    if strategy == "epoch":
        ends = [min(total, epoch * per_epoch) for epoch in range(1, math.ceil(total / per_epoch) + 1)]
        return sum(1 for epoch, step in enumerate(ends, start=1) if step > start and epoch >= delay)
    if strategy != "steps" or every <= 0:
        return 0
    spacing = every if every >= 1 else math.ceil(total * every)
    times = {step for step in range(int(spacing), total + 1, int(spacing)) if step >= delay}
    return sum(1 for step in times | {total} if step > start)


def kept_at_most(saves: int, limit: int | None, *, best: bool) -> int:
    """Checkpoints on the disk at once: `limit`, and the one that is being written. best: the best one is never removed."""
    if not limit or limit < 1:
        return saves
    return min(saves, max(limit, 2 if best else 1) + 1)


@dataclass(frozen=True)
class Forecast:
    """The event `forecast`: bytes and seconds."""

    peak_memory_bytes: int
    memory_total_bytes: int
    memory_left_bytes: int
    device: str
    parts: Mapping[str, float]
    """Seconds of training, evaluations, saves, and of what comes after the last step."""
    step_seconds: float
    eval_seconds: float | None
    checkpoint_bytes: int
    checkpoint_seconds: float
    checkpoint_by: str
    """written: one was written and removed; computed: from the sizes of tensors and the speed of writing a part."""
    checkpoints_kept: int
    disk_bytes: int
    disk_free_bytes: int
    points: int
    """Batches of different lengths that were measured."""
    forced: bool = False

    @property
    def seconds(self) -> float:
        return sum(self.parts.values())

    def as_event(self, now: float | None = None) -> dict[str, Any]:
        left = self.seconds
        fields = {key: value for key, value in vars(self).items() if key not in ("parts", "forced")}
        forced = {"forced": True} if self.forced else {}
        return {
            **{key: rounded(value) if isinstance(value, float) else value for key, value in fields.items()},
            "seconds_left": rounded(left),
            "ends": round((time.time() if now is None else now) + left, 1),
            "parts": {name: rounded(seconds) for name, seconds in self.parts.items()},
            **forced,
        }


def compare(forecast: Mapping[str, Any], actual: Mapping[str, float | None]) -> dict[str, dict[str, float]]:
    """Per figure what was forecast, what came, and the error as a share of what came."""
    found = {}
    for name, came in actual.items():
        said = forecast.get(name)
        if isinstance(said, int | float) and came:
            found[name] = {"forecast": said, "actual": rounded(came), "error": round((said - came) / came, 4)}
    return found


def rounded(value: float) -> float:
    """Six significant digits; whole numbers stay whole."""
    return value if isinstance(value, int) else float(f"{value:.6g}")
