"""The health watch: tells every rule what happens, and says which findings begin and end with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tui_finetune.live.health.facts import Idle, Measured, Now, RunFacts, Sample, Steps
from tui_finetune.live.health.finding import Found
from tui_finetune.live.health.rule import Limits, Rule
from tui_finetune.live.health.rules.data import AllTruncated, LabelsIgnored
from tui_finetune.live.health.rules.gradients import GradientExplosion, GradientVanishing
from tui_finetune.live.health.rules.hanging import Hanging
from tui_finetune.live.health.rules.learning import OneClass, Overfitting
from tui_finetune.live.health.rules.loss import LossFlat, LossNan, LossSpike
from tui_finetune.live.health.rules.room import DiskFilling, MemoryCreep
from tui_finetune.live.health.rules.speed import SlowInput, SlowSteps, Throttled

RULES: tuple[type[Rule], ...] = (
    LossNan, LossSpike, GradientExplosion, GradientVanishing, LossFlat, Overfitting, OneClass, AllTruncated, LabelsIgnored,
    SlowInput, SlowSteps, Throttled, MemoryCreep, DiskFilling, Hanging,
)  # fmt: skip


@dataclass(frozen=True)
class Change:
    """A finding that begins, or is over."""

    rule: str
    found: Found | None
    """None where it is over."""


class Watch:
    """All rules of one run. Not for several threads at once.

    limits: the thresholds of `[health]`. off: rules that are not asked.
    """

    def __init__(self, limits: Limits, off: frozenset[str] = frozenset()) -> None:
        self.now = Now()
        self._limits = dict(limits)
        self.rules = {rule.name: rule(self._limits) for rule in RULES}
        self.off = off

    def begin(self, facts: RunFacts) -> list[Change]:
        self.now.facts = facts
        return self._tell(lambda rule: rule.begin(self.now))

    def steps(self, seen: Steps) -> list[Change]:
        now = self.now
        now.step = max(now.step, seen.step)
        if seen.seconds > 0 and seen.count > 0:
            speed = seen.seconds / seen.count
            # A tenth of the newest: of use for hours, and not moved by one long interval.
            now.seconds_a_step = speed if now.seconds_a_step is None else 0.9 * now.seconds_a_step + 0.1 * speed
        return self._tell(lambda rule: rule.steps(seen, now))

    def measured(self, seen: Measured) -> list[Change]:
        return self._tell(lambda rule: rule.measured(seen, self.now))

    def sampled(self, seen: Sample) -> list[Change]:
        return self._tell(lambda rule: rule.sampled(seen, self.now))

    def idle(self, seen: Idle) -> list[Change]:
        return self._tell(lambda rule: rule.idle(seen, self.now))

    def saved(self, steps: Iterable[int], size: int | None = None) -> None:
        """The checkpoints that are whole now, and the size of the newest."""
        self.now.whole = sorted(steps)
        self.now.checkpoint_bytes = size or self.now.checkpoint_bytes

    def changed(self) -> list[Change]:
        return self._tell(lambda rule: rule.changed())

    def switch(self, rule: str, on: bool) -> list[Change]:
        """Asks a rule from now on, or no more: what it had found is over then."""
        self.off = self.off - {rule} if on else self.off | {rule}
        if on or self.rules[rule].found is None:
            return []
        self.rules[rule].found = None
        return [Change(rule, None)]

    @property
    def open(self) -> list[Found]:
        return [rule.found for rule in self.rules.values() if rule.found is not None and rule.name not in self.off]

    def set_limit(self, key: str, value: float | None) -> float | None:
        """Another threshold from now on; the one before."""
        before = self._limits[key]
        self._limits[key] = value
        return before

    def state(self) -> dict[str, Any]:
        """The memory of the rules that look at steps and evaluations, for a checkpoint."""
        return {"v": 1, "rules": {name: rule.state() for name, rule in self.rules.items() if rule.kept}}

    def load(self, state: Mapping[str, Any], step: int) -> None:
        """Takes up the memory that a checkpoint of `step` has; rules of which it has none begin anew.

        Those that look at the machine go on as they are: it is the same one.
        """
        self.now.step = step
        kept = state.get("rules") or {}
        for name, rule in self.rules.items():
            if not rule.kept:
                continue
            self.rules[name] = fresh = type(rule)(self._limits)
            fresh.begin(self.now)
            if name in kept:
                fresh.load(kept[name])

    def _tell(self, tell: Callable[[Rule], None]) -> list[Change]:
        changes = []
        for name, rule in self.rules.items():
            if name in self.off:
                continue
            before = rule.found
            tell(rule)
            if rule.found is before:
                continue
            if before is not None:
                changes.append(Change(name, None))
            if rule.found is not None:
                changes.append(Change(name, rule.found))
        return changes
