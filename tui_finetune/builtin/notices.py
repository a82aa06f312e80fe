"""Notices of a run: builtin's own `run_event`, which tells what `[run] notify` names when a run ends or a finding comes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tui_finetune.launch.notices import Notice, send_all
from tui_finetune.runs.channels import wanted_channels
from tui_finetune.runs.info import read_info
from tui_finetune.runs.layout import RunPaths

TOLD = frozenset({"ending", "finding"})
"""Events that deserve a notice. `ending` comes before `end`, after which nothing is written any more."""


def tell(run: str, event: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Sends the notice that an event deserves; what became of it on each channel, as fields of `notice` events."""
    if event.get("event") not in TOLD:
        return []
    paths = RunPaths(Path(run))
    channels = wanted_channels(paths)
    if not channels:
        return []
    return [outcome.as_fields() for outcome in send_all(channels, notice_of(paths, event))]


def notice_of(paths: RunPaths, event: Mapping[str, Any]) -> Notice:
    """The words for an event."""
    info = read_info(paths)
    facts: dict[str, Any] = {"run": info.id, "name": info.name, "step": event.get("step"), "directory": str(paths.root)}
    if event.get("event") == "finding":
        title = f"{info.title}: {event.get('what')}"
        return Notice(title, str(event.get("helps") or ""), {**facts, "state": "finding", "reason": event.get("what")})
    state, reason = str(event.get("state")), event.get("reason")
    step = f" at step {event['step']:,}" if isinstance(event.get("step"), int) and state != "finished" else ""
    return Notice(f"{info.title} {state}{step}", str(reason or ""), {**facts, "state": state, "reason": reason})
