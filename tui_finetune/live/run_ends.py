"""A run that is held, not well, or over: what is known, since when, what is safe, what to do. Facts first, no blame."""

from __future__ import annotations

from collections.abc import Sequence

from tui_finetune.live import words
from tui_finetune.live.forecast import result_rows
from tui_finetune.live.lines import metric_words
from tui_finetune.live.listing import main_metric
from tui_finetune.live.marks import mark
from tui_finetune.live.series import History
from tui_finetune.live.spans import EMPTY, Line, ends, line, muted, span, wrap
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.layout import short_id
from tui_finetune.runs.records import CheckpointRecord
from tui_finetune.runs.status import Status
from tui_finetune.text import cut_end, cut_front

LABEL = 16
"""Cells of `what is known`."""
LOG_LINES = 3
SENTENCES = {
    "died": "The process is gone and left no result.",
    "failed": "It ended with an error.",
    "aborted": "It was ended at once, as asked.",
    "stopped": "It was stopped, and saved before.",
    "preempted": "It had to make room, and saved before.",
    "unreadable": "The run directory cannot be read.",
}


def labelled(label: str, said: object, width: int, *, token: str = "text") -> list[Line]:
    """`what is known   …`, wrapped below itself."""
    parts = wrap(said, max(10, width - LABEL - 2), token=token)
    return [line(" ", muted(label.ljust(LABEL)), *parts[0]), *(line(" " * (LABEL + 1), *part) for part in parts[1:])]


def held_lines(status: Status, history: History, log: Sequence[str], width: int, now: float) -> list[Line]:
    """Above the bar of a run that lives and does not move; nothing of one that does."""
    if status.state == "paused":
        return _paused(status, history, width, now)
    if status.state == "queued":
        return _queued(status, history, width)
    if status.state not in ("stalled", "unreachable"):
        return []
    since = f", since {words.clock(status.since, now)}" if status.since is not None else ""
    lines = [line(" ", *part) for part in wrap(f"! {status.reason}{since}", width - 2, token="warn")]
    lines[0] = tuple(one._replace(bold=True) for one in lines[0])
    if status.state == "stalled":
        lines += labelled("what to do", "l shows what it printed; s asks it to stop, A ends it", width)
    else:
        lines += labelled("what to do", "look at that machine; only its heartbeat is seen from here", width)
    return [*lines, *_log(log, width), EMPTY]


def _paused(status: Status, history: History, width: int, now: float) -> list[Line]:
    """`‖ paused since 09:41 at step 2,900; device memory kept`, who held it and why, and how it goes on."""
    asked = next((one for one in reversed(history.requests)
                  if one.name == "applied" and one.get("action") == "pause"), None)  # fmt: skip
    when = asked.t if asked is not None else history.phase_t
    since = f" since {words.clock(when, now)}" if when else ""
    at = f" at step {status.step:,}" if status.step else ""
    kept = "released" if asked is not None and asked.get("released") is True else "kept"
    lines = [line(" ", span(f"‖ paused{since}{at}; device memory {kept}", "held", bold=True))]
    why = [
        part for part in (history.phase_detail, _who(history, asked.get("id") if asked is not None else None)) if part
    ]
    lines += [line(" ", *part) for part in wrap("; ".join(why), width - 2)] if why else []
    return [*lines, *labelled("what to do", "p lets it go on; s saves and ends it", width)]


def _who(history: History, request: object) -> str:
    """`asked by ann@gpu1:pts/3: machine needed`."""
    told = next((one for one in history.requests if one.name == "request" and one.get("id") == request), None)
    if told is None or request is None or not told.get("by"):
        return ""
    why = told.get("reason")
    return f"asked by {told.get('by')}{f': {why}' if why else ''}"


def _queued(status: Status, history: History, width: int) -> list[Line]:
    """The place in the line, and what it waits for."""
    behind = history.queued.get("behind")
    names = [name_of(str(one)) for one in behind] if isinstance(behind, list) else []
    place = history.queued.get("place")
    after = (status.reason or "").startswith("after")
    if after:
        names = []
    first = f"○ queued, place {place}" if isinstance(place, int) and not after else f"○ {status.words}"
    waits = f" behind {', '.join(names[:3])}{' and more' if len(names) > 3 else ''}" if names else ""
    lines = [line(" ", *part) for part in wrap(f"{first}{waits}", width - 2, token="muted")]
    lines[0] = tuple(one._replace(bold=True) for one in lines[0])
    when = "once that run has finished" if after else "when its device is free"
    why = f"It starts {when}; while it waits it holds no device memory."
    return [*lines, line(" ", muted(why))]


def name_of(run_id: str) -> str:
    """`imdb-bert (k3f9)` of a run's id."""
    name = run_id.partition("-")[2].rpartition("-")[0]
    return f"{name} ({short_id(run_id)})" if name else run_id


def _log(log: Sequence[str], width: int) -> list[Line]:
    shown = [one for one in log if one.strip()][-LOG_LINES:]
    return [line(" ", muted(("last lines" if not place else "").ljust(LABEL)), cut_end(text, width - LABEL - 2))
            for place, text in enumerate(shown)]  # fmt: skip


def ended_lines(
    info: RunInfo,
    status: Status,
    history: History,
    checkpoints: Sequence[CheckpointRecord],
    log: Sequence[str],
    width: int,
    now: float,
) -> list[Line]:
    """A run that ended, and not by finishing."""
    found = mark(status.state)
    bad = status.state in ("died", "failed", "unreadable")
    lines = [line(" ", span(f"{found.glyph} {SENTENCES.get(status.state, status.words)}", found.token, bold=True))]
    lines += [line(" ", muted(_last_sign(status, history, now)))] if status.state != "unreadable" else []
    lines.append(EMPTY)
    if (known := _known(status)) is not None:
        lines += labelled("what is known", known, width)[:3]
    if bad:
        lines += _log(status.log_tail or log, width)
    if status.state == "unreadable":
        return lines
    lines += labelled("what is safe", _safe(status, history, checkpoints), width)[:2]
    todo = _todo(info, status, checkpoints)
    lines += labelled("what to do", todo, width)[:3] if todo else []
    if status.advice and bad and status.state != "died":
        lines += labelled("" if todo else "what to do", status.advice, width)[:2]
    return lines


def _known(status: Status) -> str | None:
    """The reason as a sentence of its own; of a process that is gone what is known beyond that."""
    text = (status.reason or "").strip()
    if status.state == "died":
        text = text.partition("; ")[2] if "gone without a result" in text else text
    if not text:
        return None
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def _last_sign(status: Status, history: History, now: float) -> str:
    when = status.ended if status.ended is not None else status.since
    parts = [f"last sign {words.clock(when, now)}" if status.state == "died" else f"ended {words.clock(when, now)}"]
    steps = history.steps or status.steps
    if status.step is not None:
        share = f" of {steps:,} ({words.share(status.step, steps)})" if steps else ""
        parts.append(f"step {status.step:,}{share}")
    if status.phase:
        parts.append(f"phase {status.phase}")
    if status.seconds is not None:
        parts.append(f"after {words.duration(status.seconds)}")
    return ", ".join(parts)


def newest_whole(checkpoints: Sequence[CheckpointRecord]) -> CheckpointRecord | None:
    return next((one for one in reversed(checkpoints) if one.whole), None)


def _safe(status: Status, history: History, checkpoints: Sequence[CheckpointRecord]) -> str:
    newest = newest_whole(checkpoints)
    if newest is None:
        return "no checkpoint was written" if not checkpoints else "no checkpoint is whole"
    size = f", {words.size(newest.bytes)}" if newest.bytes else ""
    lost = max(0, max(history.step, status.step or 0) - newest.step)
    after = f"; {lost:,} step{'' if lost == 1 else 's'} after it are lost" if lost else ""
    return f"checkpoint-{newest.step}, whole{size}{after}"


def _todo(info: RunInfo, status: Status, checkpoints: Sequence[CheckpointRecord]) -> str:
    if info.kind != "train":
        return f"start the {info.kind} again"
    newest = newest_whole(checkpoints)
    if newest is None:
        return "r begins again at step 0, with the same seed"
    return f"r resumes from step {newest.step:,}; same recipe, same order of rows"


def _forecast_words(history: History) -> str:
    """How far off it was: `time +4 %, peak memory -2 %`."""
    rows = [row for row in result_rows(history.forecast_result) if row.off]
    return ", ".join(f"{row.name} {row.off}" for row in rows[:4]) + (" of what came" if rows else "")


def finished_lines(
    info: RunInfo, status: Status, history: History, has_model: bool, width: int, now: float
) -> list[Line]:
    """The result of a run that finished."""
    main = main_metric(status)
    took = f"took {words.duration(status.seconds)}, ended {words.clock(status.ended, now)} "
    if main is None:
        head = line(" ", span("✓ finished", "good", bold=True))
    else:
        name, value, split = main
        where = "test" if split == "test" else "validation"
        head = line(" ", span("✓ ", "good"), span(f"{name} {words.score(value)} on {where}", bold=True))
    lines = [ends(head, line(muted(took)), width)]
    test = {key.removeprefix("test_"): one for key, one in status.metrics.items() if key.startswith("test_")}
    other = {key: one for key, one in status.metrics.items() if not key.startswith("test_")}
    for label, found in (("test", test), ("validation", other)):
        if found:
            lines += labelled(label, metric_words(found, 8), width)
    if status.baselines:
        lines += labelled("baselines", metric_words(status.baselines, 6), width)
    if told := _forecast_words(history):
        lines += labelled("forecast", told, width)[:2]
    if has_model:
        lines.append(line(" ", muted("model".ljust(LABEL)), cut_front(str(info.paths.model), width - LABEL - 2)))
        lines += labelled("try it", f'6, or tui-finetune predict {info.short} "a text"', width)
    return lines
