"""resume.json: what was accepted and set by whoever resumed a run; the launcher writes it, the `attempt` event tells it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tui_finetune.runs import atomic
from tui_finetune.runs.layout import VERSION, RunPaths


@dataclass(frozen=True)
class Resumption:
    """What a person accepted and set."""

    attempt: int
    """The attempt that it is meant for; of another it says nothing."""
    accepted: Sequence[Mapping[str, Any]] = ()
    """Differences that were told (launch.differences.Difference as JSON)."""
    set: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    """Dotted key to the value before and the new one."""
    by: str = ""

    def event(self) -> dict[str, Any]:
        """What of it the `attempt` event tells."""
        told = {"accepted": [_short(one) for one in self.accepted], "set": dict(self.set), "by": self.by}
        return {key: value for key, value in told.items() if value}


def _short(difference: Mapping[str, Any]) -> dict[str, Any]:
    return {key: difference.get(key) for key in ("name", "before", "now", "effect")}


def write_resumption(paths: RunPaths, found: Resumption) -> None:
    """Raises OSError where the run directory cannot be written."""
    atomic.write_json(paths.resume_json, {"v": VERSION, **vars(found)})


def read_resumption(paths: RunPaths, attempt: int) -> Resumption:
    """What was accepted and set for that attempt; nothing where there is no file of it that can be read."""
    try:
        raw = atomic.read_json(paths.resume_json)
    except (FileNotFoundError, atomic.Unreadable):
        return Resumption(attempt)
    accepted, values = raw.get("accepted"), raw.get("set")
    if raw.get("attempt") != attempt or not isinstance(accepted, list) or not isinstance(values, Mapping):
        return Resumption(attempt)
    return Resumption(attempt, [one for one in accepted if isinstance(one, Mapping)], values, str(raw.get("by") or ""))
