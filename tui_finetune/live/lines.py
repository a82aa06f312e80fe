"""Events and progress as lines of plain text: `watch`, `train --wait`, the demo, the log pane. Raw text: show it as `Shown`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from tui_finetune.live import words
from tui_finetune.live.forecast import result_rows
from tui_finetune.live.progress import Progress
from tui_finetune.live.series import History, said
from tui_finetune.live.steered import change_of, change_words
from tui_finetune.runs.layout import short_id
from tui_finetune.runs.status import Status
from tui_finetune.runs.tail import Event, number

METRICS_SHOWN = 4
DONE = {"pause": "paused", "continue": "goes on", "rollback": "rolled back"}
"""Requests that were obeyed, in a word."""


def progress_text(history: History, status: Status, now: Progress) -> str:
    """One line: `training  step 2,480 of 4,221  59 %  loss 0.182  2.14 steps/s  14 m left`."""
    phase = status.phase or history.phase or status.state
    parts = [status.state if status.state not in ("running", "starting") else phase]
    doing = history.doing
    if phase not in ("training", None) and doing is not None:
        parts.append(_doing(doing.what, doing.done, doing.total))
    elif phase not in ("training", None) and history.phase_detail:
        parts.append(history.phase_detail)
    if now.steps and (now.step or phase == "training"):
        parts += [f"step {now.step or 0:,} of {now.steps:,}", words.share(now.step or 0, now.steps)]
    if (loss := history.get("loss").last) is not None:
        parts.append(f"loss {words.score(loss)}")
    if now.steps_per_second is not None and phase == "training":
        parts.append(words.speed(now.steps_per_second))
    if now.left is not None and status.state != "stopping":
        parts.append(f"{'about ' if now.about else ''}{words.coarse(now.left)} left")
    return "  ".join(parts)


class Days:
    """The line before the first event of another day than the one before, or than today: a run may take days."""

    def __init__(self, today: date | None = None) -> None:
        self._day = today or datetime.now().date()

    def before(self, event: Event) -> str | None:
        try:
            day = datetime.fromtimestamp(event.t).date() if event.t else self._day
        except (OverflowError, ValueError, OSError):
            return None
        if day == self._day:
            return None
        self._day = day
        return f"{day:%Y-%m-%d}"


def event_line(event: Event, history: History) -> str | None:
    """An event as a line with its time of day; None for one that says nothing to a person following along.

    `history` has been fed with this event already.
    """
    text = _event_text(event, history)
    return None if text is None else f"{_time_of_day(event.t)}  {text}"


def _event_text(event: Event, history: History) -> str | None:
    if event.broken is not None:
        return f"(a line that is no event: {event.broken[:80]})"
    write = _TEXTS.get(event.name)
    if write is not None:
        return write(event, history)
    if event.name in history.known_events:
        return None
    return f"{event.name}  {_rest(event.fields)}".rstrip()


def _attempt(event: Event, history: History) -> str:
    n, step = event.get("n", event.attempt), event.get("from_step")
    place = f" from step {step:,}" if isinstance(step, int) and step else ""
    place += ", rolled back" if event.get("rollback") else ""
    of = event.get("of")
    place += f", of {short_id(str(of.get('run')))}" if isinstance(of, Mapping) else ""
    told = [_otherwise(one) for one in (*_mappings(event.get("accepted")), *_sets(event.get("set")))]
    return f"attempt {n} begins{place}" + (f"; {', '.join(told)}" if told else "")


def _otherwise(one: Mapping[str, Any]) -> str:
    """`torch 2.13.0 → 2.13.1`: what was accepted, or set, when a run went on."""
    return f"{one.get('name')} {one.get('before')} → {one.get('now')}"


def _mappings(found: Any) -> list[Mapping[str, Any]]:
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _sets(found: Any) -> list[Mapping[str, Any]]:
    pairs = found.items() if isinstance(found, Mapping) else ()
    return [{"name": k, "before": v[0], "now": v[-1]} for k, v in pairs if isinstance(v, list) and v]


def _phase(event: Event, history: History) -> str | None:
    detail = event.get("detail")
    return f"{event.get('phase')}{f': {detail}' if detail else ''}"


def _progress(event: Event, history: History) -> str | None:
    """Only when all is done: what comes between is for a line that is rewritten."""
    done, total = event.get("done"), event.get("total")
    if not isinstance(done, int) or not isinstance(total, int) or done < total:
        return None
    return _doing(str(event.get("what")), done, total)


def _doing(what: str, done: int, total: int | None) -> str:
    return f"{what}: {done:,}" + (f" of {total:,}" if total is not None else "")


def _plan(event: Event, history: History) -> str:
    parts = []
    rows = event.get("rows")
    if isinstance(rows, Mapping):
        parts.append("rows " + ", ".join(f"{name} {words.count(number(count))}" for name, count in rows.items()))
    if (steps := event.number("steps")) is not None:
        epochs = event.number("epochs")
        parts.append(f"{steps:,.0f} steps" + (f" in {epochs:g} epoch{'' if epochs == 1 else 's'}" if epochs else ""))
    if (parameters := event.number("parameters")) is not None:
        trainable = event.number("parameters_trainable")
        some = trainable is not None and trainable < parameters
        parts.append(
            f"{words.short_count(parameters)} parameters"
            + (f", {words.short_count(trainable)} trained" if some else "")
        )
    parts += [str(event.get(key)) for key in ("device", "precision") if event.get(key)]
    parts += _steps_done(event.get("preprocess"))
    for key in ("tuning", "choices"):
        said = event.get(key)
        parts += [str(one) for one in said] if isinstance(said, list) else []
    return "plan: " + "; ".join(parts)


def _steps_done(steps: object) -> list[str]:
    """What each preprocessor left out or made, all splits together."""
    said = []
    for one in steps if isinstance(steps, list) else []:
        before, after = (sum(int(number(n) or 0) for n in (one.get(key) or {}).values()) for key in ("before", "after"))
        if before != after:
            said.append(f"{one.get('step')} {words.count(before)} → {words.count(after)} rows")
    return said


def _preflight(event: Event, history: History) -> str:
    parts = [f"pre-flight passed in {words.duration(event.number('seconds'))}"]
    if (memory := event.number("peak_memory_bytes")) is not None:
        parts.append(f"peak memory {words.size(memory)}")
    if (longest := event.number("longest_tokens")) is not None:
        parts.append(f"longest input {words.count(longest)} tokens")
    return ", ".join(parts)


def _step(event: Event, history: History) -> str:
    step, steps = event.step or 0, history.steps
    place = f"step {step:,} of {steps:,}  {words.share(step, steps)}" if steps else f"step {step:,}"
    parts = [place, f"loss {words.score(event.number('loss'))}"]
    if (norm := event.number("grad_norm")) is not None:
        parts.append(f"norm {words.rate(norm)}")
    if (rate := event.number("learning_rate")) is not None:
        parts.append(f"rate {words.rate(rate)}")
    if (speed := event.number("steps_per_second")) is not None:
        parts.append(words.speed(speed))
    return "  ".join(parts)


def _evaluation(event: Event, history: History) -> str:
    metrics = event.get("metrics")
    found = metric_words(_main_first(metrics, history) if isinstance(metrics, Mapping) else {})
    at = f" at step {event.step:,}" if event.step else ""
    return f"{'final ' if event.get('final') else ''}{event.get('split')}{at}: {found}"


def _main_first(metrics: Mapping[str, Any], history: History) -> dict[str, Any]:
    """In the run's own order: while it trains the library tells the loss first."""
    planned = history.plan.get("metrics")
    names = [name for name in planned if name in metrics] if isinstance(planned, Mapping) else []
    return {**{name: metrics[name] for name in names}, **metrics}


def _baseline(event: Event, history: History) -> str:
    metrics = event.get("metrics")
    found = metric_words(metrics if isinstance(metrics, Mapping) else {})
    return f"baseline {event.get('name')} on {event.get('split')}: {found}"


def metric_words(metrics: Mapping[str, Any], limit: int = METRICS_SHOWN) -> str:
    """`accuracy 0.912, f1 0.905, loss 0.31`."""
    return ", ".join(f"{name} {words.score(number(value))}" for name, value in list(metrics.items())[:limit])


def _checkpoint(event: Event, history: History) -> str:
    size = event.number("bytes")
    return f"checkpoint at step {event.step or 0:,}" + (f", {words.size(size)}" if size else "")


def _warning(event: Event, history: History) -> str:
    return f"! {said(event)}"


def _finding(event: Event, history: History) -> str:
    return f"! {event.get('what')}"


def _over(event: Event, history: History) -> str:
    found = history.findings.get(str(event.get("id")))
    what = found.rule if found is not None else event.get("rule")
    return f"over at step {event.step or history.step:,}: {str(what).replace('_', ' ')}"


def _queued(event: Event, history: History) -> str:
    why = str(event.get("why") or "")
    if why.startswith("after"):
        return f"queued, {why}"
    behind = event.get("behind")
    names = ", ".join(short_id(str(one)) for one in behind) if isinstance(behind, list) else ""
    return f"queued, place {event.get('place')}" + (f", behind {names}" if names else "")


def _forecast(event: Event, history: History) -> str:
    parts = []
    if (left := event.number("seconds_left")) is not None:
        parts.append(f"about {words.coarse(left)}")
    if (memory := event.number("peak_memory_bytes")) is not None:
        parts.append(f"peak memory {words.part_of(memory, event.get('memory_total_bytes'))}")
    if (disk := event.number("disk_bytes")) is not None:
        parts.append(f"disk {words.size(disk)}")
    return f"forecast: {', '.join(parts)}"


def _forecast_result(event: Event, history: History) -> str:
    """How far off it was, of what can be compared."""
    parts = [f"{row.name} {row.off}" for row in result_rows(event.fields)]
    return f"forecast against what it was: {', '.join(parts) or 'nothing to compare'}"


def _refused(event: Event, history: History) -> str:
    return f"! pre-flight refused: {event.get('why')}"


def _note(event: Event, history: History) -> str:
    return said(event)


def _request(event: Event, history: History) -> str:
    by = f" (by {event.get('by')})" if event.get("by") else ""
    if event.get("answer") == "accepted":
        return f"{event.get('action')} accepted: {event.get('when')}{by}"
    return f"{event.get('action')} refused: {event.get('why')}{by}"


def _applied(event: Event, history: History) -> str:
    at = f" at step {event.step:,}" if event.step else ""
    if event.get("action") == "set":
        change = change_of(event, event.step or history.step)
        why = f"; why: {change.reason}" if change.reason else ""
        return f"applied{at}: {change_words(change.old, change.new)}{why}"
    action = str(event.get("action"))
    return f"{DONE.get(action, f'{action} done')}{at}"


def _end(event: Event, history: History) -> str:
    reason = event.get("reason")
    return f"{event.get('state')}{f': {reason}' if reason else ''}"


_TEXTS = {
    "attempt": _attempt,
    "phase": _phase,
    "progress": _progress,
    "plan": _plan,
    "preflight": _preflight,
    "step": _step,
    "evaluation": _evaluation,
    "baseline": _baseline,
    "checkpoint": _checkpoint,
    "checkpoint_skipped": _warning,
    "warning": _warning,
    "save_failed": _warning,
    "refit": _warning,
    "preflight_refused": _refused,
    "finding": _finding,
    "finding_over": _over,
    "queued": _queued,
    "forecast": _forecast,
    "forecast_result": _forecast_result,
    "note": _note,
    "notice": _note,
    "request": _request,
    "applied": _applied,
    "end": _end,
}


def _time_of_day(t: float) -> str:
    try:
        return f"{datetime.fromtimestamp(t):%H:%M:%S}" if t else "--:--:--"
    except (OverflowError, ValueError, OSError):
        return "--:--:--"


def _rest(fields: Mapping[str, Any]) -> str:
    return "  ".join(f"{key} {value}" for key, value in list(fields.items())[:6])[:200]
