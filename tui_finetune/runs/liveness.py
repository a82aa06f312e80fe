"""Signs of life: how old a heartbeat is by a clock that can be trusted, and what is known of a process that is gone."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tui_finetune.runs import process
from tui_finetune.runs.heartbeat import uptime
from tui_finetune.runs.layout import RunPaths
from tui_finetune.runs.tail import number

STALE_SECONDS = 90.0
"""Seconds without a heartbeat before a live run is shown as stalled: a thread beats every five, also while a model loads."""


class HeartbeatWatch:
    """When each heartbeat last changed, by the reader's own clock. Keep one for as long as you look at runs."""

    def __init__(self) -> None:
        self._seen: dict[Path, tuple[tuple[Any, ...], float, bool]] = {}

    def age(self, path: Path, beat: Mapping[str, Any], *, same_boot: bool, now: float, up: float) -> float:
        """Seconds since the last beat.

        On this boot of this machine the uptime in the beat tells. Elsewhere the reader's own clock does, once a change
        has been seen; before that the two machines' clocks are compared, which is all that a single look has.
        """
        if same_boot and (beaten := number(beat.get("uptime"))) is not None:
            return max(0.0, up - beaten)
        content = (beat.get("t"), beat.get("attempt"), beat.get("uptime"), beat.get("step"))
        by_clocks = max(0.0, now - (number(beat.get("t")) or 0.0))
        seen = self._seen.get(path)
        if seen is None:
            self._seen[path] = (content, up, False)
            return by_clocks
        if seen[0] != content:
            self._seen[path] = (content, up, True)
            return 0.0
        return up - seen[1] if seen[2] else max(by_clocks, up - seen[1])


def beat_age(paths: RunPaths, claimed: Mapping[str, Any], beat: Mapping[str, Any], watch: HeartbeatWatch) -> float:
    now, up = time.time(), uptime()
    same_boot = bool(claimed.get("boot_id")) and claimed.get("boot_id") == process.boot_id()
    if not beat:
        return max(0.0, now - (number(claimed.get("started")) or now))
    return watch.age(paths.heartbeat, beat, same_boot=same_boot, now=now, up=up)


def idle_at(beat: Mapping[str, Any]) -> float:
    """Seconds without progress at the time of the beat, by the writer's clock alone."""
    beaten, progress = number(beat.get("t")), number(beat.get("progress_t"))
    return max(0.0, beaten - progress) if beaten is not None and progress is not None else 0.0


def memory_hint(claimed: Mapping[str, Any]) -> str | None:
    """What can be known of an end by signal 9: the kernel's log by pid, else the counter of the control group."""
    pid, before, after = claimed.get("pid"), claimed.get("oom_kills"), process.oom_kills()
    if isinstance(pid, int) and process.killed_for_memory(pid):
        return "the kernel's log says that it was killed for want of memory"
    if isinstance(before, int) and after is not None and after > before:
        return "since its start the kernel has killed a process here for want of memory, perhaps this one"
    return None


def rough(seconds: float) -> str:
    """`95 s`, `4 m`, `3 h`."""
    if seconds < 180:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} m" if seconds < 10_800 else f"{seconds / 3600:.0f} h"
