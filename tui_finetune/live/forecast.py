"""The forecast of a run in words: when it begins, while it goes on beside what comes, and how far off it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tui_finetune.live import words
from tui_finetune.live.progress import Progress, steps_per_second
from tui_finetune.live.series import History
from tui_finetune.live.spans import EMPTY, Line, at, line, muted, span, wrap
from tui_finetune.runs.tail import number

Said = tuple[Literal["passed", "noted", "warned", "failed"], str]
NAMES = {
    "peak_memory_bytes": "peak memory",
    "seconds": "time",
    "step_seconds": "a step",
    "eval_seconds": "an evaluation",
    "checkpoint_bytes": "a checkpoint",
    "checkpoint_seconds": "writing one",
}
"""Figures that are compared in the end, and what they are called."""
PARTS = {
    "training": "training",
    "evaluations": "evaluations",
    "saves": "saving",
    "closing": "final evaluation, model",
}
NAME, SAID, CAME = 16, 20, 20
"""Columns of a table of figures."""


@dataclass(frozen=True)
class Row:
    """A figure: as it was forecast, as it came, and how far off that was, a share of what came."""

    name: str
    forecast: str
    actual: str = words.NOTHING
    error: float | None = None

    @property
    def off(self) -> str:
        """`+4 %`, `-12 %`."""
        if self.error is None:
            return ""
        percent = round(100 * self.error)
        return f"{percent:+d} %" if percent else "0 %"


def ending(forecast: Mapping[str, Any], now: float | None = None) -> str | None:
    """`about 1 m 15 s, ends 08:43`. now: else as it was told at the time of the forecast."""
    left, ends = number(forecast.get("seconds_left")), number(forecast.get("ends"))
    if left is None or ends is None:
        return None
    return f"about {words.coarse(left)}, ends {words.clock(ends, ends - left if now is None else now)}"


def preflight_said(preflight: Mapping[str, Any], forecast: Mapping[str, Any]) -> list[Said]:
    """What a pre-flight that has passed has measured, a line each."""
    said: list[Said] = []
    if (longest := number(preflight.get("longest_tokens"))) is not None:
        memory = number(preflight.get("peak_memory_bytes"))
        used = "" if memory is None else f": {words.part_of(memory, forecast.get('memory_total_bytes'))}"
        said.append(("passed", f"longest batch, {words.count(longest)} tokens{used}"))
    step = number(forecast.get("step_seconds"))
    if step is None:
        step = number(preflight.get("train_step_seconds"))
        return [*said, ("passed", f"a step of it takes {seconds(step)}")] if step is not None else said
    lengths = number(forecast.get("points"))
    of = f", from batches of {lengths:.0f} lengths" if lengths is not None and lengths > 1 else ""
    said.append(("passed", f"time for a step {seconds(step)}{of}"))
    said.append(("passed", _evaluating_and_saving(forecast)))
    if (end := ending(forecast)) is not None:
        said.append(("warned" if forecast.get("forced") else "passed", f"forecast {end}"))
    return said


def _evaluating_and_saving(forecast: Mapping[str, Any]) -> str:
    evaluation = number(forecast.get("eval_seconds"))
    parts = [] if evaluation is None else [f"evaluation {seconds(evaluation)}"]
    size, taken = number(forecast.get("checkpoint_bytes")), number(forecast.get("checkpoint_seconds"))
    parts.append(f"checkpoint {words.size(size)} in {seconds(taken)}")
    kept, disk = number(forecast.get("checkpoints_kept")), number(forecast.get("disk_bytes"))
    free = words.size(number(forecast.get("disk_free_bytes")))
    parts.append(f"disk for {words.count(kept)} of them and the model {words.size(disk)}, {free} free")
    return ", ".join(parts)


def refusal_said(refusal: Mapping[str, Any]) -> list[Said]:
    """Why a run was not begun, and each setting that was tried and fits."""
    said: list[Said] = [("failed", str(refusal.get("why", "")))]
    for fit in _fits(refusal):
        took = number(fit.get("step_seconds"))
        time = f", {seconds(took)} a step" if took is not None else ""
        said.append(("warned" if fit.get("changes_result") else "passed", f"tried: {fit.get('words')}{time}"))
    if len(said) == 1 and refusal:
        said.append(("noted", f"nothing that was tried fits ({words.count(number(refusal.get('tried')))} ways)"))
    return said


def settings_that_fit(refusal: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Dotted keys and values with which a copy of the recipe fits; None where only advice is left."""
    found = next((fit for fit in _fits(refusal) if not fit.get("changes_result")), None)
    settings = found.get("set") if found is not None else None
    return settings if isinstance(settings, Mapping) else None


def _fits(refusal: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    fits = refusal.get("fits")
    return [fit for fit in fits if isinstance(fit, Mapping)] if isinstance(fits, list) else []


def beside(history: History, progress: Progress, now: float) -> list[Row]:
    """What was forecast beside what has come so far; empty without a forecast."""
    forecast = history.forecast
    if not forecast:
        return []
    speed = steps_per_second(history)
    evaluations = [one.seconds for one in history.evaluations if one.seconds is not None and not one.final]
    newest = history.checkpoints[max(history.checkpoints)] if history.checkpoints else None
    ends = now + progress.left if progress.left is not None else None
    rows = [
        Row("ends", words.clock(number(forecast.get("ends")), now), words.clock(ends, now)),
        _row("step_seconds", forecast, 1 / speed if speed else None),
        _row("peak_memory_bytes", forecast, _memory(history)),
        _row("eval_seconds", forecast, evaluations[-1] if evaluations else None),
        _row("checkpoint_bytes", forecast, newest.bytes if newest is not None else None),
        _row("checkpoint_seconds", forecast, newest.seconds if newest is not None else None),
    ]
    return [row for row in rows if row.forecast != words.NOTHING]


def _memory(history: History) -> float | None:
    """Bytes of the newest sample, of the same kind as the forecast's."""
    gpu = history.forecast.get("device") == "cuda"
    return number(history.device.get("memory_bytes" if gpu else "rss_bytes"))


def _row(name: str, forecast: Mapping[str, Any], came: float | None) -> Row:
    said = number(forecast.get(name))
    error = (said - came) / came if said is not None and came else None
    return Row(NAMES[name], _figure(name, said), _figure(name, came), error)


def result_rows(result: Mapping[str, Any]) -> list[Row]:
    """How far off the forecast of a finished run was."""
    rows = []
    for name in NAMES:
        found = result.get(name)
        if isinstance(found, Mapping):
            said, came = number(found.get("forecast")), number(found.get("actual"))
            rows.append(Row(NAMES[name], _figure(name, said), _figure(name, came), number(found.get("error"))))
    return rows


def forecast_rows(forecast: Mapping[str, Any], now: float) -> list[Row]:
    """A forecast alone: its figures, and what the time is made of."""
    if not forecast:
        return []
    memory = number(forecast.get("peak_memory_bytes"))
    rows = [Row("time", ending(forecast, now) or words.NOTHING)]
    parts = forecast.get("parts")
    if isinstance(parts, Mapping):
        rows += [Row(f"  {PARTS.get(str(name), name)}", words.duration(number(took))) for name, took in parts.items()]
    if memory is not None:
        rows.append(Row("peak memory", words.part_of(memory, forecast.get("memory_total_bytes"))))
    rows.append(Row("disk", f"{words.size(number(forecast.get('disk_bytes')))} of {_free(forecast)}"))
    return [*rows, *(_row(name, forecast, None) for name in ("step_seconds", "eval_seconds", "checkpoint_bytes"))]


def _free(forecast: Mapping[str, Any]) -> str:
    return f"{words.size(number(forecast.get('disk_free_bytes')))} free"


def row_lines(rows: Sequence[Row], width: int) -> list[Line]:
    """Name, forecast, what came, how far off: a line a row."""
    if not rows:
        return []
    compared = any(row.actual != words.NOTHING for row in rows)
    head = line(muted("forecast")), line(muted("came" if compared else ""))
    lines = [at([(1 + NAME, head[0]), (1 + NAME + SAID, head[1])], width)] if compared else []
    for row in rows:
        far = row.error is not None and abs(row.error) > 0.1
        cells = [(1, line(muted(row.name))), (1 + NAME, line(row.forecast))]
        if compared:
            cells.append((1 + NAME + SAID, line(row.actual)))
            cells.append((1 + NAME + SAID + CAME, (span(row.off, "warn" if far else "muted"),) if row.off else EMPTY))
        lines.append(at(cells, width))
    return lines


@dataclass(frozen=True)
class Planned:
    """What is known of a recipe before it is started. None where it is not known yet."""

    rows: int | None = None
    steps: int | None = None
    model_bytes: int | None = None
    """Of its weights, as they lie on the disk."""
    adapted: bool = False
    """A checkpoint holds an adapter in place of the weights."""
    kept: int | None = None
    """Checkpoints at once."""
    free_bytes: int | None = None
    like: Mapping[str, Any] | None = None
    """The `forecast` of a run with the same model, batch and length."""
    like_name: str = ""


MOMENTS = 3
"""A checkpoint holds the weights and AdamW's two moments of each."""


def planned_rows(planned: Planned) -> list[Row]:
    """The figures that follow from the recipe alone, and what a run of the same kind took."""
    rows = [
        Row("rows", words.count(planned.rows)),
        Row("steps", words.count(planned.steps)),
    ]
    if planned.model_bytes is not None:
        each = _checkpoint_bytes(planned, planned.model_bytes)
        rows.append(Row("a checkpoint", f"about {words.size(each)}" if each is not None else "an adapter: small"))
        if planned.kept is not None and each is not None:
            free = "" if planned.free_bytes is None else f", {words.size(planned.free_bytes)} free"
            rows.append(Row("disk", f"about {words.size(planned.kept * each + planned.model_bytes)}{free}"))
    step = number(planned.like.get("step_seconds")) if planned.like is not None else None
    if planned.like is not None and step is not None and planned.steps is not None:
        memory = words.size(number(planned.like.get("peak_memory_bytes")))
        rows.append(Row("time", f"about {words.coarse(step * planned.steps)} of training, memory {memory}"))
        rows.append(Row("", f"as {planned.like_name} took {seconds(step)} a step"))
    return rows


def _checkpoint_bytes(planned: Planned, weights: int) -> float | None:
    """As a run like it measured one, else by the weights; None of an adapter, which is as large as its rank makes it."""
    measured = number(planned.like.get("checkpoint_bytes")) if planned.like is not None else None
    return measured if measured is not None else None if planned.adapted else weights * MOMENTS


def planned_lines(planned: Planned, width: int) -> list[Line]:
    """The Forecast tab before a start."""
    after = (
        "Pre-flight measures time, memory and disk on the device itself, and refuses what does not fit with what does."
    )
    return [*row_lines(planned_rows(planned), width), EMPTY, *[line(" ", *part) for part in wrap(after, width - 2)]]


def seconds(value: float | None) -> str:
    """`41 ms`, `0.52 s`, `1 m 15 s`: short times as exact as they are measured."""
    if value is None:
        return words.NOTHING
    if value < 0.1:
        return f"{1000 * value:.3g} ms"
    return f"{value:.2f} s" if value < 10 else words.duration(value)


def _figure(name: str, value: float | None) -> str:
    if name.endswith("_bytes"):
        return words.size(value)
    return words.duration(value) if name == "seconds" else seconds(value)
