"""What the home screen says: a row of the list, the lines below it, the machine's line, the choices of an empty home."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tui_finetune.live import words
from tui_finetune.live.columns import Column, fit, row_line
from tui_finetune.live.lines import metric_words
from tui_finetune.live.listing import ENDED_BADLY, main_metric, progress_words, result_words, started_words
from tui_finetune.live.marks import state_span
from tui_finetune.live.reader import RunRow, falling
from tui_finetune.live.spans import EMPTY, Line, Span, clip, ends, line, muted, span, width_of, wrap
from tui_finetune.text import cut_front, cut_middle

COLUMNS: tuple[Column, ...] = (
    Column("state", "state", 13),
    Column("run", "run", 16, stretch=32),
    Column("id", "id", 4),
    Column("result", "result", 19, stretch=24),
    Column("progress", "progress", 14, stretch=22, free=True),
    Column("trend", "loss", 12, optional=1),
    Column("model", "model", 18, optional=2, stretch=30),
    Column("tags", "tags", 12, optional=3, stretch=20),
    Column("data", "data", 18, optional=4, stretch=40),
    Column("device", "device", 14, optional=5, stretch=30, free=True),
    Column("started", "started", 6, right=True),
)


@dataclass(frozen=True)
class MachineFigures:
    """Sampled now and then, never on the way to a paint."""

    disk_free: int | None = None
    device_words: str = "cpu"
    """`cuda:0 9.1 of 24.1 GB`, `cpu, 2 cores`."""


AMPLE = 10e9
"""Bytes from which the room on the disk is told in whole GB: nobody decides by less, and each change is painted."""


def steady(before: MachineFigures | None, now: MachineFigures) -> MachineFigures:
    """What is told now: room on the disk that has hardly changed stays as it was told, since an idle screen paints nothing."""
    if before is None or before.disk_free is None or now.disk_free is None:
        return now
    least = 1e9 if now.disk_free >= AMPLE else 1e8
    return replace(now, disk_free=before.disk_free) if abs(now.disk_free - before.disk_free) < least else now


def free_words(free: int) -> str:
    """`412 GB free`, `8.3 GB free`."""
    return (
        f"{words.size(round(free / 1e9) * 1e9).replace('.0 ', ' ') if AMPLE <= free < 1e12 else words.size(free)} free"
    )


SPARKS = "▁▂▃▄▅▆▇█"
BAR = 40


def columns(width: int) -> tuple[Column, ...]:
    """The columns that the list has at this width."""
    return fit(COLUMNS, width)


def list_line(row: RunRow, shown: Sequence[Column], now: float) -> Line:
    """A run as one line of the list, without cursor and mark."""
    info, status, figures = row.info, row.status, row.figures
    wide = {column.name: column.width for column in shown}
    cells: dict[str, Span | Line] = {
        "state": state_span(status),
        "run": span(info.name),
        "id": span(info.short),
        "result": span(result_words(status)),
        "progress": span(_shorter(progress_words(row, now), wide.get("progress", 14))),
        "trend": span(sparks(figures.trend) if figures is not None else ""),
        "model": span(hub_id(info.model, wide.get("model", 18))),
        "data": span(hub_id(info.data, wide.get("data", 18))),
        "tags": span(" ".join(info.tags)),
        "device": span((figures.device if figures is not None else None) or ""),
        "started": span(started_words(info.created, now)),
    }
    return row_line(shown, cells)


def _shorter(text: str, width: int) -> str:
    """Without `about` where the column is narrow: the mark of a guess gives way before the figure does."""
    return text.replace("about ", "") if len(text) > width else text


def hub_id(name: str | None, width: int) -> str:
    """A Hub id without its owner where there is no room for it; of a path its last part."""
    if not name:
        return words.NOTHING
    return name if len(name) <= width else name.rstrip("/").rpartition("/")[2]


def sparks(values: Sequence[float]) -> str:
    """Twelve values as bars of an eighth's height each; a gap where one is not finite."""
    finite = [value for value in values if math.isfinite(value)]
    if len(finite) < 2:
        return ""
    low, high = min(finite), max(finite)
    reach = (high - low) or 1.0
    steps = len(SPARKS) - 1
    return "".join(SPARKS[round((value - low) / reach * steps)] if math.isfinite(value) else " " for value in values)


def bar(share: float | None, width: int) -> str:
    """`████░░░░`; empty where nothing is known."""
    full = 0 if share is None else max(0, min(width, round(share * width)))
    return "█" * full + "░" * (width - full)


def detail_lines(row: RunRow, width: int, now: float) -> list[Line]:
    """The four lines and more that say how the run under the cursor goes."""
    lines = [_name_line(row, width)]
    lines += _live(row, width, now) if row.status.live else _over(row, width, now)
    if row.info.note:
        lines += [line(" ", muted("note  "), part[0]) for part in wrap(row.info.note, width - 7)[:2]]
    if row.info.tags:
        lines.append(line(" ", muted("tags  "), span(" ".join(row.info.tags))))
    return lines


def _name_line(row: RunRow, width: int) -> Line:
    info = row.info
    name = cut_middle(info.name, 32)
    room = width - len(name) - 10
    of = info.of.get("run") if info.of else None
    about = f"of {str(of)[-4:]}" if of else None
    what = " on ".join(part for part in (hub_id(info.model, room // 2), hub_id(info.data, room // 2)) if part)
    parts = ", ".join(part for part in (about, what, info.task or info.kind) if part)
    left = line(" ", span(name), " ", muted(info.short))
    return ends(left, clip(line(muted(parts)), width - width_of(left) - 2), width, gap=2)


def _live(row: RunRow, width: int, now: float) -> list[Line]:
    status, figures = row.status, row.figures
    if figures is None:
        return [line(" ", span(status.words))]
    lines = []
    if status.state in ("stalled", "unreachable"):
        lines.append(line(" ", span(f"! {status.reason}", "warn", bold=True)))
    now_at = figures.progress
    if now_at.steps and now_at.step is not None:
        head = f" step {now_at.step:,} of {now_at.steps:,}  "
        share = words.share(now_at.step, now_at.steps)
        well = status.state not in ("stalled", "unreachable")
        lines.append(line(head, span(bar(now_at.share, min(BAR, width - len(head) - 8)), "accent"), "  ",
                          span(share, bold=well)))  # fmt: skip
    else:
        lines.append(line(" ", span(_doing(row), bold=not lines)))
    lines.append(_loss_line(row, width))
    lines.append(ends(_health_line(row), _ends_line(row, now), width))
    return lines


def _doing(row: RunRow) -> str:
    figures, status = row.figures, row.status
    parts = [status.words]
    if figures is not None and figures.doing is not None:
        doing = figures.doing
        parts.append(f"{doing.what} {doing.done:,}" + (f" of {doing.total:,}" if doing.total else ""))
    elif figures is not None and figures.detail:
        parts.append(figures.detail)
    return ", ".join(parts)


def _loss_line(row: RunRow, width: int) -> Line:
    figures = row.figures
    if figures is None or figures.loss is None:
        return EMPTY
    trend = falling(figures.trend)
    left = [f" loss {words.score(figures.loss)}{f', {trend}' if trend else ''}"]
    if (newest := figures.evaluated) is not None:
        name, value = next(((n, v) for n, v in newest.metrics.items() if n != "loss"), ("loss", math.nan))
        left.append(f"  validation {name} {words.score(value)} at step {newest.step:,}")
    speed = words.speed(figures.progress.steps_per_second)
    return ends(line("".join(left)), line(speed, " ") if speed != words.NOTHING else EMPTY, width)


def _health_line(row: RunRow) -> Line:
    """What the health watch has found, then what was warned of; else that there is nothing."""
    told = [*row.figures.findings, *reversed(row.figures.warnings)] if row.figures is not None else []
    if not told:
        return line(" ", span("✓", "good"), " health: nothing to report")
    more = f" and {len(told) - 1} more" if len(told) > 1 else ""
    return line(" ", span("!", "warn"), f" {told[0]}{more}")


def _ends_line(row: RunRow, now: float) -> Line:
    figures = row.figures
    left = figures.progress.left if figures is not None else None
    if left is None:
        return EMPTY
    return line(f"ends about {words.clock(now + left, now)} ")


def _over(row: RunRow, width: int, now: float) -> list[Line]:
    status = row.status
    lines: list[Line] = []
    if status.state in ENDED_BADLY or status.state == "unreadable":
        lines += [line(" ", *part) for part in wrap(status.words, width - 2, token="bad")[:3]]
        lines[0] = tuple(one._replace(bold=True) for one in lines[0])
        if status.advice:
            lines += [line(" ", *part) for part in wrap(status.advice, width - 2)[:2]]
        return lines
    lines.append(ends(_result_line(row), line(muted(f"{_when(row, now)} ")), width))
    if status.baselines:
        lines.append(line(" ", muted("baselines  "), metric_words(status.baselines)))
    if status.reason:
        lines.append(line(" ", span(status.reason)))
    if status.state != "finished" and row.info.kind == "train":
        lines.append(line(" ", muted("r goes on from its newest whole checkpoint")))
    if row.has_model:
        lines.append(line(" ", muted("model  "), span(cut_front(str(row.info.paths.model), width - 9))))
    return lines


def _result_line(row: RunRow) -> Line:
    status = row.status
    found = main_metric(status)
    if found is None:
        return line(" ", span(status.words, bold=True))
    name, value, split = found
    rest = {key: one for key, one in status.metrics.items() if key.startswith("test_") == (split == "test")}
    shown = {key.removeprefix("test_"): one for key, one in rest.items() if key.removeprefix("test_") != name}
    others = f", {metric_words(shown, 3)}" if shown else ""
    where = "test" if split == "test" else "validation"
    return line(" ", span(f"{name} {words.score(value)}", bold=True), f"{others} on {where}")


def _when(row: RunRow, now: float) -> str:
    status = row.status
    took = f"took {words.duration(status.seconds)}, " if status.seconds is not None else ""
    whole = status.step == status.steps
    step = f"step {status.step:,} of {status.steps:,}, " if status.step and status.steps and not whole else ""
    return f"{step}{took}ended {words.clock(status.ended, now)}"


def machine_line(host: str, place: str, figures: MachineFigures | None, count: int, width: int) -> Line:
    """` gpu1  …/runs      9 runs · 412 GB free · cuda:0 9.1 of 24.1 GB`."""
    left = line(" ", span(host), "  ", muted(cut_front(place, 24)))
    parts = [f"{count:,} run{'' if count == 1 else 's'}"] if count else []
    if figures is not None:
        parts += [free_words(figures.disk_free)] if figures.disk_free is not None else []
        parts += [figures.device_words]
    return ends(left, line(muted(" · ".join(parts)), " "), width)


WAYS: tuple[tuple[str, str, str], ...] = (
    (
        "Try the demo",
        "Train a small classifier on this machine and use it.",
        "Two or three minutes; nothing is downloaded.",
    ),
    (
        "Train on my data",
        "A file or folder (CSV, JSON, Parquet, text, CoNLL …)",
        "or a dataset of the Hub. Looked at first, trained later.",
    ),
    (
        "Start from a recipe",
        "Text classification, tagging, pairs; the guide's own; or",
        "a file. A form says what is wrong while you type.",
    ),
)
"""What an empty home offers."""
_LEVELS = {"ok": ("✓", "good"), "warning": ("!", "warn"), "problem": ("✗", "bad")}


def machine_lines(findings: Sequence[tuple[str, str, str]], width: int) -> list[Line]:
    """What this machine is, one line a finding; nothing before it has been looked at."""
    if not findings:
        return [line(" ", muted("This machine")), line(" ", muted("–"))]
    lines = [line(" ", muted("This machine"))]
    for level, name, text in findings:
        sign, token = _LEVELS.get(level, ("·", "muted"))
        lines.append(clip(line(" ", span(sign, token), " ", muted(name.ljust(13)), " ", text), width))
    return lines


def small_lines(rows: Sequence[RunRow], now: float) -> list[Line]:
    """Where there is no room for the list: the live runs alone, one line each."""
    live = [row for row in rows if row.status.live]
    lines: list[Line] = []
    for row in live:
        lines.append(line(span(row.info.name), " ", muted(row.info.short), "  ", state_span(row.status)))
        lines.append(line(progress_words(row, now)))
    if not live:
        lines.append(line(f"{len(rows):,} runs, none is running."))
    return [*lines, line(muted("Needs 80x24 for the rest. Runs go on."))]
