"""What every rule is."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any, ClassVar

from tui_finetune.live.health.facts import Idle, Measured, Now, Sample, Steps
from tui_finetune.live.health.finding import Found

Limits = Mapping[str, float | None]
"""The thresholds of `[health]`, all rules' together, by key."""


class Rule:
    """Looks at what it is told and has an opinion: `found`, or None while all is well.

    A subclass names in `kept` the attributes that are its memory: they go into a checkpoint, so that a resumed run
    judges as the uninterrupted one would.
    """

    name: ClassVar[str]
    kept: ClassVar[tuple[str, ...]] = ()

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.found: Found | None = None

    def limit(self, key: str) -> float:
        value = self.limits[f"{self.name}_{key}"]
        if value is None:
            raise KeyError(f"{self.name}_{key} has no value")
        return value

    def begin(self, now: Now) -> None:
        """The facts of the run are known."""

    def steps(self, seen: Steps, now: Now) -> None:
        """A logging interval is over."""

    def measured(self, seen: Measured, now: Now) -> None:
        """Validation has been measured."""

    def sampled(self, seen: Sample, now: Now) -> None:
        """The machine has been looked at."""

    def idle(self, seen: Idle, now: Now) -> None:
        """How long nothing went on."""

    def changed(self) -> None:
        """The shape or speed of training was changed on purpose: what was usual is so no more."""

    def state(self) -> dict[str, Any]:
        """The memory, as JSON."""
        kept = {name: _plain(getattr(self, name)) for name in self.kept}
        return {**kept, "found": self.found.as_json() if self.found else None}

    def load(self, state: Mapping[str, Any]) -> None:
        """Takes a memory back; what another version wrote and this one does not know is left out."""
        for name in self.kept:
            if name in state:
                now = getattr(self, name)
                value = state[name]
                setattr(self, name, deque(value, now.maxlen) if isinstance(now, deque) else value)
        found = state.get("found")
        self.found = Found.from_json(found) if found else None


def _plain(value: Any) -> Any:
    return [_plain(one) for one in value] if isinstance(value, deque | list | tuple) else value
