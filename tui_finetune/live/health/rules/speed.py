"""Rules on time: the device waits, steps are slower than they were, the clock is lowered."""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import Any

from tui_finetune.live import words
from tui_finetune.live.health.facts import Now, Sample, Steps
from tui_finetune.live.health.finding import Found
from tui_finetune.live.health.rule import Limits, Rule

LOOKED_AT_STEPS, LOOKED_AT_SECONDS = 20, 20.0
BUSY = 80.0
"""Percent of its time: a device that is so busy does not wait, whoever does."""
BLOCK_STEPS, BLOCK_SECONDS, BLOCKS = 100, 60.0, 3
"""Speed is compared between stretches of at least 100 steps (two groups of like length, from long to short) and a minute."""
SAMPLES, USUAL_SAMPLES = 6, 30


class SlowInput(Rule):
    """A third of the time goes into waiting for batches: without it the run would be up to 1 / (1 - 0.3) = 1.4 times as
    fast. On a GPU the device must be idle too, for there the loader runs ahead unseen."""

    name = "slow_input"

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits)
        self.intervals: deque[tuple[int, float, float]] = deque(maxlen=200)
        self.busy: deque[float] = deque(maxlen=3)

    def sampled(self, seen: Sample, now: Now) -> None:
        if seen.utilisation is not None:
            self.busy.append(seen.utilisation)

    def changed(self) -> None:
        self.intervals.clear()
        self.found = None

    def steps(self, seen: Steps, now: Now) -> None:
        if seen.seconds <= 0 or seen.count <= 0:
            return
        self.intervals.append((seen.count, seen.seconds, seen.waited))
        steps, seconds, waited = self._looked_at()
        if steps < LOOKED_AT_STEPS or seconds < LOOKED_AT_SECONDS:
            return
        share, limit = 100 * waited / seconds, self.limit("percent")
        busy = now.facts.device != "cpu" and bool(self.busy) and median(self.busy) >= BUSY
        if self.found is not None:
            self.found = None if busy or share < 2 / 3 * limit else self.found
        elif share >= limit and not busy:
            self.found = self._waits(share, waited / steps, seen.step - steps + 1)

    def _looked_at(self) -> tuple[int, float, float]:
        """Steps, seconds and waited seconds of as many of the newest intervals as are enough."""
        steps, seconds, waited = 0, 0.0, 0.0
        for count, took, idle in reversed(self.intervals):
            steps, seconds, waited = steps + count, seconds + took, waited + idle
            if steps >= LOOKED_AT_STEPS and seconds >= LOOKED_AT_SECONDS:
                break
        return steps, seconds, waited

    def _waits(self, share: float, a_step: float, since: int) -> Found:
        busy = median(self.busy) if self.busy else None
        return Found(
            rule=self.name,
            what=f"{share:.0f} % of the time goes into waiting for batches",
            since=max(1, since),
            figures={"waited_percent": share, "a_step_seconds": a_step, "device_busy_percent": busy},
            helps="More loader workers (train.dataloader_num_workers, it does not change the result); on a network disk a copy "
            "of the data here.",
        )


class SlowSteps(Rule):
    """Half the speed of before, over a minute and more: the time left has doubled."""

    name = "slow_steps"

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits)
        self.block: list[float] = [0.0, 0.0, 0.0]
        """Steps, seconds, tokens."""
        self.speeds: deque[float] = deque(maxlen=50)
        self.unit = "tokens/s"

    def changed(self) -> None:
        self.block, self.found = [0.0, 0.0, 0.0], None
        self.speeds.clear()

    def steps(self, seen: Steps, now: Now) -> None:
        if seen.seconds <= 0 or seen.count <= 0:
            return
        self.block = [self.block[0] + seen.count, self.block[1] + seen.seconds, self.block[2] + seen.tokens]
        steps, seconds, tokens = self.block
        if steps < BLOCK_STEPS or seconds < BLOCK_SECONDS:
            return
        self.unit = "tokens/s" if tokens else "steps/s"
        speed = (tokens or steps) / seconds
        self.block = [0.0, 0.0, 0.0]
        self._judge(speed, seen.step - int(steps) + 1)
        if self.found is None:
            self.speeds.append(speed)

    def _judge(self, speed: float, since: int) -> None:
        if len(self.speeds) < BLOCKS:
            return
        usual, limit = median(self.speeds), self.limit("percent") / 100
        if self.found is not None:
            self.found = None if speed >= min(1.0, 1.4 * limit) * usual else self.found
        elif speed < limit * usual:
            self.found = Found(
                rule=self.name,
                what=f"{_said(speed)} {self.unit}, before {_said(usual)}",
                since=max(1, since),
                figures={"speed": speed, "usual": usual, "unit": self.unit},
                helps="Something else may use the device, the processor or the disk: look at the machine. Training itself is "
                "the same, only later.",
            )


def _said(speed: float) -> str:
    return words.count(round(speed)) if speed >= 1000 else f"{speed:.3g}"


class Throttled(Rule):
    """The device says that it lowers its clock for heat or a power brake; or the clock is far below the usual one while
    it is busy. A cap of the power supply alone (`power cap`) is how many GPUs work all day, and is not told."""

    name = "throttled"

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits)
        self.reasons: deque[tuple[str, ...]] = deque(maxlen=SAMPLES)
        self.usual: list[float] = []
        """Clock of the first samples while busy."""
        self.newest: deque[float] = deque(maxlen=SAMPLES)

    def sampled(self, seen: Sample, now: Now) -> None:
        self.reasons.append(seen.slowed_by)
        busy = seen.utilisation if now.facts.device != "cpu" else seen.cpu_percent
        if seen.clock_mhz is not None and busy is not None and busy >= BUSY:
            if len(self.usual) < USUAL_SAMPLES:
                self.usual.append(seen.clock_mhz)
            self.newest.append(seen.clock_mhz)
        said = [one for one in self.reasons if one]
        slow = self._slow()
        if self.found is not None:
            if not said and not slow:
                self.found = None
        elif len(said) >= SAMPLES // 2 or slow:
            why = ", ".join(dict.fromkeys(reason for one in said for reason in one))
            self.found = self._finding(why, seen, now)

    def _slow(self) -> bool:
        enough = len(self.usual) == USUAL_SAMPLES and len(self.newest) == SAMPLES
        return enough and 100 * median(self.newest) < self.limit("percent") * median(self.usual)

    def _finding(self, why: str, seen: Sample, now: Now) -> Found:
        figures: dict[str, Any] = {"clock_mhz": seen.clock_mhz, "temperature": seen.temperature, "reason": why or None}
        usual = f", usual {median(self.usual):.0f} MHz" if len(self.usual) == USUAL_SAMPLES else ""
        clock = f"{seen.clock_mhz:.0f} MHz{usual}" if seen.clock_mhz is not None else "a lower clock"
        return Found(
            rule=self.name,
            what=f"the device runs at {clock}" + (f", for {why}" if why else ""),
            since=max(1, now.step),
            figures=figures,
            helps="Heat: fans, filters, the room, a neighbour on the same machine. Training is the same, only later.",
        )
