"""Steps: the peak memory of training, and in the end how far off the forecast was."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import median

from tui_finetune.runs.tail import Event, brief_events
from tui_finetune.worker import memory
from tui_finetune.worker.forecast import compare
from tui_finetune.worker.job import Job

STEERED = frozenset({"set", "rollback", "evaluate", "save"})
"""Requests after which a run is another one than was forecast."""


def note_peak(job: Job) -> None:
    """Right after training: what comes later is not what pre-flight measured."""
    job.peak_memory = memory.peak()


def run(job: Job) -> None:
    """Writes the event `forecast_result`, where this attempt had a forecast and went to its end."""
    events = [event for event in brief_events(job.paths) if event.attempt == job.attempt.number]
    forecast = next((event for event in events if event.name == "forecast"), None)
    if forecast is None:
        return
    after = [event for event in events if event.seq > forecast.seq]
    came = actual(forecast, after, now=time.time(), steps=job.trainer.state.global_step - _began(events))
    came["peak_memory_bytes"] = job.peak_memory
    changed = any(event.name == "refit" or _steered(event) for event in after)
    said = {**forecast.fields, "seconds": forecast.number("seconds_left")}
    job.attempt.events.write("forecast_result", **compare(said, came), **({"changed": True} if changed else {}))


def actual(forecast: Event, after: Sequence[Event], *, now: float, steps: int) -> dict[str, float | None]:
    """The figures that the forecast was about, as they came. after: the events since it, without steps."""
    spent = phases([*after, Event("end", t=now)])
    evaluations = [event for event in after if event.name == "evaluation" and not event.get("final")]
    saves = [event for event in after if event.name == "checkpoint"]
    left_out = spent["paused"] + spent["evaluating baselines"]
    return {
        "seconds": now - forecast.t - left_out,
        "step_seconds": spent["training"] / steps if steps > 0 else None,
        "eval_seconds": _median([event.number("seconds") for event in evaluations]),
        "checkpoint_bytes": saves[-1].number("bytes") if saves else None,
        "checkpoint_seconds": _median([event.number("seconds") for event in saves]),
    }


def phases(events: Sequence[Event]) -> Mapping[str, float]:
    """Seconds of each phase, those with a detail under both words; the last event ends the last one."""
    found: dict[str, float] = defaultdict(float)
    begun = [event for event in events if event.name in ("phase", "end")]
    for event, following in pairwise(begun):
        detail = event.get("detail")
        name = str(event.get("phase")) + (f" {detail}" if detail and event.get("phase") != "paused" else "")
        found[name] += max(0.0, following.t - event.t)
    return found


def _steered(event: Event) -> bool:
    return event.name == "applied" and event.get("action") in STEERED


def _began(events: Sequence[Event]) -> int:
    """The step from which this attempt goes on."""
    begin = next((event for event in events if event.name == "attempt"), None)
    step = begin.get("from_step") if begin is not None else 0
    return step if isinstance(step, int) else 0


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None
