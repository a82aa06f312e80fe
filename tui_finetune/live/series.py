"""A run's history, built from its events one by one: series for charts, evaluations, checkpoints, what was said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from tui_finetune.live.points import AttemptNote, CheckpointNote, Doing, Evaluation, Mark, Series
from tui_finetune.live.steered import Steered, said
from tui_finetune.live.steps import LARGEST_STEP
from tui_finetune.runs.tail import Event, as_event, number

__all__ = ["History", "said"]

STEP_VALUES = (
    "loss",
    "learning_rate",
    "grad_norm",
    "steps_per_second",
    "tokens_per_second",
    "epoch",
)
"""Numbers of a `step` event that become series under their own names."""
RAW_VALUES = {"losses": "loss_each_step", "grad_norms": "grad_norm_each_step"}
"""Lists of a `step` event, one number a step, and their series."""


class History(Steered):
    """All that a run's events tell. Feed it what a tail gives; earlier attempts' points beyond a resume drop out."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        super().__init__()
        self.series: dict[str, Series] = {}
        self.dropped: dict[str, Series] = {}
        """Points of earlier attempts beyond the step from which a later one went on: drawn faint on request."""
        self.evaluations: list[Evaluation] = []
        self.checkpoints: dict[int, CheckpointNote] = {}
        self.attempts: list[AttemptNote] = []
        self.baselines: dict[str, dict[str, float]] = {}
        """Name to metrics."""
        self.baseline_split: str | None = None
        self.plan: Mapping[str, Any] = {}
        self.preflight: Mapping[str, Any] = {}
        self.device: Mapping[str, Any] = {}
        """The newest sample."""
        self.device_t: float | None = None
        self.phase: str | None = None
        self.phase_detail: str | None = None
        self.phase_t: float | None = None
        self.doing: Doing | None = None
        self.first_t: float | None = None
        self.last_t: float | None = None
        self.end: Event | None = None
        self.unknown = 0
        """Events of names that this version does not know; they are in the log, not in the charts."""
        self.broken = 0
        self._take = {
            "attempt": self._attempt,
            "phase": self._phase,
            "progress": self._progress,
            "plan": self._plan,
            "preflight": self._preflight,
            "step": self._step,
            "values": self._values,
            "evaluation": self._evaluation,
            "baseline": self._baseline,
            "checkpoint": self._checkpoint,
            "checkpoint_removed": self._checkpoint_removed,
            "device": self._device,
            "end": self._ended,
            **self._steering(),
        }
        self.feed(events)

    def feed(self, events: Iterable[Event]) -> None:
        for event in events:
            if event.broken is not None:
                self.broken += 1
                continue
            if event.t:
                self.first_t = self.first_t if self.first_t is not None else event.t
                self.last_t = event.t
            take = self._take.get(event.name)
            if take is None:
                self.unknown += 1
            else:
                take(event)

    @property
    def known_events(self) -> frozenset[str]:
        """Names that have a meaning here."""
        return frozenset(self._take)

    def get(self, name: str) -> Series:
        """A series by name, empty where there is none: `loss`, `validation/accuracy`."""
        return self.series.get(name, _EMPTY)

    def last(self, split: str) -> Evaluation | None:
        """The newest evaluation of a split."""
        return next((one for one in reversed(self.evaluations) if one.split == split), None)

    @property
    def steps(self) -> int | None:
        """Planned steps."""
        planned = self.plan.get("steps")
        return planned if isinstance(planned, int) and planned > 0 else None

    def _add(self, name: str, step: int, value: float) -> None:
        series = self.series.get(name)
        if series is None:
            series = self.series[name] = Series()
        series.add(step, value)

    def _attempt(self, event: Event) -> None:
        start, n = _whole(event.get("from_step")) or 0, _whole(event.get("n")) or event.attempt
        if n > 1:
            self._go_back(start)
        self.attempts.append(AttemptNote(n, start, event.t, _text(event.get("checkpoint"))))
        rolled = "rolled back" if event.get("rollback") else ""
        self.marks.append(Mark(start, "attempt", f"attempt {n}", event.t, rolled))
        self.step, self.end, self.doing = start, None, None
        self.refusal = {}

    def _go_back(self, step: int) -> None:
        for name, series in self.series.items():
            for gone, value in zip(*_points(series.cut(step)), strict=True):
                self.dropped.setdefault(name, Series()).add(gone, value)
        self.evaluations = [one for one in self.evaluations if one.step <= step and not one.final]
        self.checkpoints = {at: one for at, one in self.checkpoints.items() if at <= step}
        self.marks = [mark for mark in self.marks if mark.step <= step]
        self.left_behind(step)

    def _phase(self, event: Event) -> None:
        self.phase, self.phase_detail = _text(event.get("phase")), _text(event.get("detail"))
        self.phase_t, self.doing = event.t, None

    def _progress(self, event: Event) -> None:
        done = _whole(event.get("done"))
        if done is not None:
            self.doing = Doing(_text(event.get("what")) or "working", done, _whole(event.get("total")), event.t)

    def _plan(self, event: Event) -> None:
        self.plan = event.fields

    def _preflight(self, event: Event) -> None:
        self.preflight = event.fields

    def _step(self, event: Event) -> None:
        step = event.step
        if step is None:
            return
        self.step = max(self.step, step)
        fields = event.fields
        for name in STEP_VALUES:
            if name in fields and (value := number(fields[name])) is not None:
                self._add(name, step, value)
        self._raw(event, step, 0)

    def feed_steps(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Many `step` events as they stand in the file, of rising steps: column by column, for the length of a million."""
        steps = [event["step"] for event in events]
        after = max((self.series[name].steps[-1] for name in STEP_VALUES if self.get(name).steps), default=-1)
        plain = all(type(step) is int for step in steps) and after < steps[0] and steps[-1] < LARGEST_STEP
        if not plain or any(b <= a for a, b in pairwise(steps)) or any("losses" in event for event in events):
            self.feed(as_event(dict(event)) for event in events)
            return
        for name in STEP_VALUES:
            self._column(name, steps, [event.get(name) for event in events])
        self.step = max(self.step, steps[-1])
        times = [t for event in events if (t := number(event.get("t")))]
        if times:
            self.first_t = self.first_t if self.first_t is not None else times[0]
            self.last_t = times[-1]

    def _column(self, name: str, steps: list[int], found: list[Any]) -> None:
        if set(map(type, found)) != {float}:
            there = [
                (step, value) for step, raw in zip(steps, found, strict=True) if (value := number(raw)) is not None
            ]
            if not there:
                return
            steps, found = [step for step, _ in there], [value for _, value in there]
        self.series.setdefault(name, Series()).extend(steps, found)

    def _values(self, event: Event) -> None:
        if event.step is not None:
            self._raw(event, event.step, _whole(event.get("offset")) or 0)

    def _raw(self, event: Event, step: int, offset: int) -> None:
        """Lists with a number for each step of the interval that ends at `step`."""
        totals = event.get("total")
        for key, name in RAW_VALUES.items():
            values = event.get(key)
            if not isinstance(values, list):
                continue
            total = totals.get(key) if isinstance(totals, Mapping) else None
            first = step - (total if isinstance(total, int) else len(values)) + 1 + offset
            for place, raw in enumerate(values):
                if (value := number(raw)) is not None:
                    self._add(name, first + place, value)

    def _evaluation(self, event: Event) -> None:
        step, split = event.step if event.step is not None else self.step, _text(event.get("split")) or "validation"
        metrics = {name: value for name, raw in _mapping(event.get("metrics")) if (value := number(raw)) is not None}
        seconds, rows, final = event.number("seconds"), _whole(event.get("rows")), bool(event.get("final"))
        asked = bool(event.get("asked"))
        # One that an attempt does again, as its checkpoint did not have it, takes the place of the earlier.
        same = (step, split, final)
        self.evaluations = [one for one in self.evaluations if (one.step, one.split, one.final) != same]
        self.evaluations.append(Evaluation(step, split, metrics, event.t, seconds, rows, final, asked))
        for name, value in metrics.items():
            self._add(f"{split}/{name}", step, value)
        self.marks.append(Mark(step, "evaluation", split, event.t))

    def _baseline(self, event: Event) -> None:
        found = {name: value for name, raw in _mapping(event.get("metrics")) if (value := number(raw)) is not None}
        self.baselines[_text(event.get("name")) or "baseline"] = found
        self.baseline_split = _text(event.get("split")) or self.baseline_split

    def _checkpoint(self, event: Event) -> None:
        if event.step is not None:
            self.save_failed = None
            size, path = _whole(event.get("bytes")), _text(event.get("path")) or ""
            self.checkpoints[event.step] = CheckpointNote(event.step, path, event.t, size, event.number("seconds"))
            self.marks.append(Mark(event.step, "checkpoint", path, event.t))

    def _checkpoint_removed(self, event: Event) -> None:
        if event.step is not None:
            self.checkpoints.pop(event.step, None)

    def _device(self, event: Event) -> None:
        self.device, self.device_t = event.fields, event.t
        for name in ("memory_bytes", "utilisation", "cpu_percent", "rss_bytes"):
            if (value := event.number(name)) is not None and self.step:
                self._add(f"device/{name}", self.step, value)

    def _ended(self, event: Event) -> None:
        self.end = event
        self.marks.append(Mark(self.step, "end", str(event.get("state")), event.t))


_EMPTY = Series()


def _points(series: Series) -> tuple[Sequence[int], Sequence[float]]:
    return series.steps, series.values


def _mapping(value: Any) -> list[tuple[str, Any]]:
    return [(str(key), one) for key, one in value.items()] if isinstance(value, Mapping) else []


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
