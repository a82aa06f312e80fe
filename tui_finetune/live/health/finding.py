"""What a rule finds: what, since when, the figures, what usually helps, one act."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tui_finetune.live import words

Severity = Literal["warn", "bad"]
HALF = {"learning_rate": "x0.5"}


@dataclass(frozen=True)
class Act:
    """A request that may help, as it is sent."""

    action: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {"action": self.action, "values": dict(self.values)}


@dataclass(frozen=True)
class Found:
    """A rule's opinion while it holds."""

    rule: str
    what: str
    """A short sentence without its full stop: `loss is nan`."""
    since: int
    """The first step of which it is true, as far as one can tell."""
    severity: Severity = "warn"
    figures: Mapping[str, float | str | None] = field(default_factory=dict)
    helps: str = ""
    act: Act | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "rule": self.rule,
            "what": self.what,
            "since": self.since,
            "severity": self.severity,
            "figures": dict(self.figures),
            "helps": self.helps,
            "act": self.act.as_json() if self.act else None,
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Found:
        act = raw.get("act")
        return cls(
            rule=raw["rule"],
            what=raw["what"],
            since=raw["since"],
            severity=raw.get("severity", "warn"),
            figures=dict(raw.get("figures") or {}),
            helps=raw.get("helps", ""),
            act=Act(act["action"], dict(act.get("values") or {})) if act else None,
        )


def roll_back(whole: int | None, reason: str) -> Act:
    """Back to that checkpoint with half the rate; without one half the rate from here on."""
    if whole is None:
        return Act("set", {"set": dict(HALF), "reason": reason})
    return Act("rollback", {"checkpoint": whole, "set": dict(HALF), "reason": reason})


def figure_words(key: str, value: Any) -> str:
    """`full in 40 m`, `used 4.2 GB`, `learning rate 2e-5`: a figure by its key, whose ending is its unit."""
    name, _, unit = key.rpartition("_")
    known = isinstance(value, int | float) and not isinstance(value, bool)
    if value is None:
        return f"{key.replace('_', ' ')} {words.NOTHING}"
    if known and unit in _UNITS and name:
        return f"{name.replace('_', ' ')} {_UNITS[unit](value)}"
    if known:
        return f"{key.replace('_', ' ')} {words.rate(value) if value < 1000 else words.count(value)}"
    return f"{key.replace('_', ' ')} {value}"


_UNITS: Mapping[str, Callable[[float], str]] = {
    "bytes": words.size,
    "seconds": words.duration,
    "percent": lambda value: f"{value:.0f} %",
    "share": lambda value: words.share(value, 1),
    "mhz": lambda value: f"{value:.0f} MHz",
}
