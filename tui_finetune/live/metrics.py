"""What a run's chart can show: one entry for each metric that its events have, with its heading."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tui_finetune.live import words
from tui_finetune.live.points import Series
from tui_finetune.live.series import History
from tui_finetune.live.spans import Line, ends, line, muted, span

Said = Callable[[float | None], str]


@dataclass(frozen=True)
class Metric:
    """A thing that can be drawn."""

    name: str
    """Of its series."""
    title: str
    said: Said = words.score
    unit: str = ""
    points: str | None = None
    """Series of the evaluations drawn into it."""
    raw: str | None = None
    """Series of single steps, drawn faint behind a zoomed chart."""


LOSS = Metric("loss", "loss", points="validation/loss", raw="loss_each_step")
_FIXED: tuple[Metric, ...] = (
    LOSS,
    Metric("learning_rate", "learning rate", words.rate),
    Metric("grad_norm", "gradient norm", words.rate, "before clipping", raw="grad_norm_each_step"),
    Metric("steps_per_second", "speed", words.speed),
    Metric("tokens_per_second", "tokens", words.count, "a second"),
    Metric("device/memory_bytes", "device memory", words.size),
    Metric("device/utilisation", "device busy", words.count, "%"),
    Metric("device/cpu_percent", "processor", words.count, "%"),
    Metric("device/rss_bytes", "memory", words.size, "of the process"),
)
SPLITS = ("validation", "test")


def metrics(history: History) -> list[Metric]:
    """Those that there are points of: loss, then the evaluations' metrics, then the rest."""
    evaluated = [
        Metric(name, f"{split} {name.partition('/')[2]}", points=name)
        for split in SPLITS
        for name in history.series
        if name.startswith(f"{split}/") and len(history.get(name)) > 1 and name != "validation/loss"
    ]
    there = [metric for metric in _FIXED if len(history.get(metric.name))]
    return [*(one for one in there if one is LOSS), *evaluated, *(one for one in there if one is not LOSS)]


def after(found: Sequence[Metric], name: str) -> Metric | None:
    """The metric after the one called `name`, round and round."""
    if not found:
        return None
    names = [one.name for one in found]
    return found[(names.index(name) + 1) % len(found) if name in names else 0]


def heading(metric: Metric, history: History, width: int, *, cursor: int | None = None, scale: str = "") -> Line:
    """Name, newest value, evaluation, and at the right what a point is; with a reading cursor the values there."""
    series = history.get(metric.name)
    if cursor is not None:
        step, value = nearest(series, cursor)
        at = f"step {step:,}: {metric.said(value)}" if step is not None else "no point"
        return ends(line(" ", span(metric.title, "accent"), "  ", at), line(muted(metric.unit), " "), width)
    parts: list[object] = [" ", span(metric.title, "accent"), "  "]
    if metric is LOSS:
        parts += [span("── ", "series-1"), f"training {metric.said(series.last)}"]
        newest = next(
            (one for one in reversed(history.evaluations) if one.split == "validation" and "loss" in one.metrics), None
        )
        if newest is not None:
            there = metric.said(newest.metrics["loss"])
            parts += ["   ", span("◆ ", "series-2"), f"validation {there} at step {newest.step:,}"]
    else:
        parts += [span("── ", "series-1"), metric.said(series.last)]
    right = scale or metric.unit or mean_of(history, metric)
    return ends(line(*parts), line(muted(right), " "), width)


def mean_of(history: History, metric: Metric) -> str:
    """`mean of 20 steps`: what one point of the training figures stands for."""
    steps = history.get("loss").steps
    if metric.name not in ("loss", "grad_norm") or len(steps) < 2:
        return ""
    each = steps[-1] - steps[-2]
    return f"mean of {each} steps" if each > 1 else "each step"


def nearest(series: Series, step: int) -> tuple[int | None, float | None]:
    """The point that is nearest to a step."""
    from bisect import bisect_left

    steps = series.steps
    if not steps:
        return None, None
    place = bisect_left(steps, step)
    near = [one for one in (place - 1, place) if 0 <= one < len(steps)]
    best = min(near, key=lambda one: abs(steps[one] - step))
    return steps[best], series.values[best]


def best_so_far(history: History, name: str) -> bool:
    """True where the newest value of a metric is the best one yet, in the direction that the run's plan tells."""
    values = [value for value in history.get(name).values if value == value]
    if len(values) < 2:
        return False
    directions = history.plan.get("metrics")
    metric = name.rpartition("/")[2]
    greater = directions.get(metric) if isinstance(directions, Mapping) else None
    falls = metric.endswith("loss") if greater is None else not greater
    return values[-1] == (min(values) if falls else max(values))
