"""Rules on room: memory that creeps, a disk that fills. What counts is whether it is full before the run ends."""

from __future__ import annotations

import math
from collections import deque
from itertools import pairwise
from statistics import median

from tui_finetune.live import words
from tui_finetune.live.health.facts import Now, Sample
from tui_finetune.live.health.finding import Act, Found
from tui_finetune.live.health.robust import slope
from tui_finetune.live.health.rule import Limits, Rule

BLOCK_SECONDS, BLOCKS = 60.0, 6
"""Six minutes, each fuller than the one before: an evaluation or a checkpoint takes its room in one leap, and a cache that
grows to its size does so ever slower."""


class Trend:
    """Medians of minutes, and how fast they change."""

    def __init__(self) -> None:
        self._minute: list[tuple[float, float]] = []
        self.blocks: deque[tuple[float, float]] = deque(maxlen=BLOCKS)

    def add(self, t: float, value: float) -> bool:
        """True where a minute is complete."""
        self._minute.append((t, value))
        if t - self._minute[0][0] < BLOCK_SECONDS:
            return False
        self.blocks.append((median(at for at, _ in self._minute), median(one for _, one in self._minute)))
        self._minute = []
        return True

    def a_second(self) -> float:
        """Growth a second in the last minutes, where every minute was above the one before and it does not slow down; else 0."""
        if len(self.blocks) < BLOCKS or any(b <= a for (_, a), (_, b) in pairwise(self.blocks)):
            return 0.0
        there = list(self.blocks)
        before, now = slope(there[: BLOCKS // 2]), slope(there[BLOCKS // 2 :])
        return now if now >= 0.5 * before else 0.0


class MemoryCreep(Rule):
    """Memory of this process or of the device has grown every minute, and at that rate is full before the end."""

    name = "memory_creep"

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits)
        self.trends = {"main memory": Trend(), "device memory": Trend()}
        self.of: str | None = None
        """Which of them the finding is about."""

    def changed(self) -> None:
        self.trends = {name: Trend() for name in self.trends}

    def sampled(self, seen: Sample, now: Now) -> None:
        self._look("main memory", seen.t, seen.host_bytes, seen.host_free_bytes, now)
        self._look("device memory", seen.t, seen.device_bytes, seen.device_free_bytes, now)

    def _look(self, name: str, t: float, used: float | None, free: float | None, now: Now) -> None:
        if used is None or free is None or not self.trends[name].add(t, used):
            return
        rate = self.trends[name].a_second()
        full_in = free / rate if rate > 0 else math.inf
        ends_in = now.seconds_left
        if self.found is not None:
            self.found = None if self.of == name and (ends_in is None or full_in > ends_in) else self.found
        elif ends_in is not None and full_in < ends_in:
            self.of = name
            self.found = self._finding(name, used, rate, full_in, now)

    def _finding(self, name: str, used: float, rate: float, full_in: float, now: Now) -> Found:
        what = f"{name} grows by {words.size(60 * rate)} a minute: full in about {words.coarse(full_in)}"
        return Found(
            rule=self.name,
            what=what,
            since=max(1, now.step),
            figures={"used_bytes": used, "a_minute_bytes": 60 * rate, "full_in_seconds": full_in},
            helps="Something keeps what it should let go: a callback or metric of a plugin that collects tensors, or loader "
            "workers. A checkpoint now, stop, resume: that begins with an empty memory and is the same run.",
            act=Act("save", {"reason": what}),
        )


class DiskFilling(Rule):
    """The next checkpoint has no room, or the disk has become fuller every minute and is full before the end."""

    name = "disk_filling"

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits)
        self.trend = Trend()

    def sampled(self, seen: Sample, now: Now) -> None:
        free = seen.disk_free_bytes
        if free is None:
            return
        minute = self.trend.add(seen.t, -free)
        need = now.checkpoint_bytes
        if need is not None and free < need:
            if self.found is None:
                self.found = self._next_checkpoint(free, need, now)
            return
        if not minute:
            return
        rate = self.trend.a_second()
        full_in = free / rate if rate > 0 else math.inf
        ends_in = now.seconds_left
        if self.found is not None:
            self.found = None if ends_in is None or full_in > ends_in else self.found
        elif ends_in is not None and full_in < ends_in:
            self.found = self._filling(free, rate, full_in, now)

    def _next_checkpoint(self, free: float, need: int, now: Now) -> Found:
        return Found(
            rule=self.name,
            what=f"disk: {words.size(free)} free, the next checkpoint needs {words.size(need)}",
            since=max(1, now.step),
            severity="bad",
            figures={"free_bytes": free, "needed_bytes": float(need)},
            helps="Make room (tui-finetune trash empty), or keep fewer checkpoints (save_total_limit).",
        )

    def _filling(self, free: float, rate: float, full_in: float, now: Now) -> Found:
        return Found(
            rule=self.name,
            what=f"disk: {words.size(free)} free, {words.size(60 * rate)} less a minute: full in about {words.coarse(full_in)}",
            since=max(1, now.step),
            figures={"free_bytes": free, "a_minute_bytes": 60 * rate, "full_in_seconds": full_in},
            helps="Make room (tui-finetune trash empty), keep fewer checkpoints (save_total_limit), or see what else writes "
            "there.",
        )
