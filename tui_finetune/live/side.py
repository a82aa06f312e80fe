"""Beside the charts of a wide screen: health, device, evaluations, checkpoints, in short."""

from __future__ import annotations

from collections.abc import Sequence

from tui_finetune.live import words
from tui_finetune.live.health import health
from tui_finetune.live.series import History
from tui_finetune.live.spans import EMPTY, Line, clip, line, muted, span, wrap
from tui_finetune.runs.records import CheckpointRecord
from tui_finetune.runs.status import Status

ROWS = 6
"""Evaluations and checkpoints that are listed, the newest ones."""


def side_lines(
    history: History, status: Status, checkpoints: Sequence[CheckpointRecord], width: int, now: float
) -> list[Line]:
    """All of it, one below the other."""
    parts = [
        _health(history, status, width),
        _device(history, now),
        _evaluations(history),
        _checkpoints(history, checkpoints),
    ]
    lines: list[Line] = []
    for part in parts:
        if part:
            lines += [EMPTY] if lines else []
            lines += part
    return [clip(one, width) for one in lines]


def _health(history: History, status: Status, width: int) -> list[Line]:
    lines: list[Line] = [line(muted("Health"))]
    for level, text in health(history, status)[:8]:
        sign = span("✓", "good") if level == "ok" else span("!", "warn")
        parts = wrap(text, width - 4)[:3]
        lines.append(line(" ", sign, " ", *parts[0]))
        lines += [line("   ", *part) for part in parts[1:]]
    return lines if len(lines) > 1 else []


def _device(history: History, now: float) -> list[Line]:
    found = history.device
    if not found:
        return []
    name = history.plan.get("device")
    lines = [line(muted("Device")), line(" ", str(name))] if isinstance(name, str) else [line(muted("Device"))]
    used, total = found.get("memory_bytes"), found.get("memory_total_bytes")
    if isinstance(used, int | float):
        lines.append(line(f" memory     {words.part_of(used, total)}"))
    for key, label, unit in (("utilisation", "busy", "%"), ("cpu_percent", "processor", "%")):
        if isinstance(found.get(key), int | float):
            lines.append(line(f" {label.ljust(10)} {found[key]:.0f} {unit}"))
    for key, label in (("rss_bytes", "host"), ("disk_free_bytes", "disk free")):
        if isinstance(found.get(key), int | float):
            lines.append(line(f" {label.ljust(10)} {words.size(found[key])}"))
    return lines


def _evaluations(history: History) -> list[Line]:
    """Step, loss and the main metric of each."""
    found = list({one.step: one for one in history.evaluations if one.split == "validation"}.values())
    if not found:
        return []
    name = next((key for key in found[-1].metrics if key != "loss"), None)
    head = f"  step    loss  {(name or '').rjust(10)}"
    lines = [line(muted("Evaluations, validation")), line(muted(head))]
    for one in found[-ROWS:]:
        value = words.score(one.metrics.get(name)) if name else ""
        lines.append(line(f"{one.step:>6,}  {words.score(one.metrics.get('loss')):>6}  {value.rjust(10)}"))
    return lines


def _checkpoints(history: History, checkpoints: Sequence[CheckpointRecord]) -> list[Line]:
    if not checkpoints:
        return []
    lines = [line(muted("Checkpoints"))]
    for one in checkpoints[-ROWS:]:
        words_of = "whole" if one.whole else "not whole"
        best = ", best" if one.best else ""
        lines.append(
            line(
                f"{one.step:>6,}  {words.size(one.bytes):>8}  ",
                span(f"{words_of}{best}", "text" if one.whole else "warn"),
            )
        )
    return lines
