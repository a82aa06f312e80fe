"""How a training goes, in sentences with their mark: what is well is said too, in few words."""

from __future__ import annotations

import math
from statistics import quantiles
from typing import Literal

from tui_finetune.live import words
from tui_finetune.live.reader import falling
from tui_finetune.live.series import History, said
from tui_finetune.runs.status import Status

Level = Literal["ok", "warning"]
ENOUGH = 8
"""Points below which nothing is usual yet."""


def health(history: History, status: Status) -> list[tuple[Level, str]]:
    """Findings that hold first, the gravest one first, then warnings, the newest one first; then what is well."""
    found: list[tuple[Level, str]] = []
    if status.state in ("stalled", "unreachable") and status.reason:
        found.append(("warning", status.reason))
    loss = history.get("loss").values
    there = history.open_findings
    if loss and not math.isfinite(loss[-1]) and not any(one.rule == "loss_nan" for one in there):
        found.append(("warning", f"loss is {words.score(loss[-1])}"))
    found += [("warning", one.what) for one in there]
    found += [("warning", said(event)) for event in reversed(history.warnings)]
    if loss and math.isfinite(loss[-1]):
        trend = falling(loss[-12:])
        found.append(("ok", f"loss finite{f', {trend}' if trend else ''}"))
    if (norm := gradient_words(history)) is not None:
        found.append(("ok", norm))
    if status.live and status.state == "running":
        found.append(("ok", "no stall"))
    return found


def gradient_words(history: History) -> str | None:
    """`gradient norm 2.6 (usual 1.8-3.9)`: the newest, and where four fifths of the recent ones lay."""
    values = [value for value in history.get("grad_norm").values[-200:] if math.isfinite(value)]
    if not values:
        return None
    newest = f"gradient norm {words.rate(values[-1])}"
    if len(values) < ENOUGH:
        return newest
    tenths = quantiles(values, n=10)
    return f"{newest} (usual {tenths[0]:.2g}-{tenths[-1]:.2g})"


def health_line(history: History, status: Status) -> tuple[Level, str]:
    """One line of it: the gravest, else all that is well."""
    found = health(history, status)
    warnings = [text for level, text in found if level == "warning"]
    if warnings:
        more = f" and {len(warnings) - 1} more (tab shows them)" if len(warnings) > 1 else ""
        return "warning", f"{warnings[0]}{more}"
    return "ok", ", ".join(text for _, text in found) or "nothing to report"
