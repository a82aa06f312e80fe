"""What a look at this machine found: how it is, what will not work, and how to mend it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Level = Literal["ok", "warning", "problem"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    name: str
    """Short, the same on every machine: `torch`, `disk`."""
    level: Level
    """problem: nothing, or not what was asked, can run. warning: something will not work, or not well."""
    text: str
    """What is there, in a sentence."""
    fix: str | None = None
    """What mends it, a sentence; every warning and problem has one."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """The same as values, for programs."""

    def as_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {"name": self.name, "level": self.level, "text": self.text}
        if self.fix is not None:
            found["fix"] = self.fix
        if self.facts:
            found["facts"] = dict(self.facts)
        return found


def ok(name: str, text: str, /, **facts: Any) -> Finding:
    return Finding(name, "ok", text, None, facts)


def warning(name: str, text: str, fix: str, /, **facts: Any) -> Finding:
    return Finding(name, "warning", text, fix, facts)


def problem(name: str, text: str, fix: str, /, **facts: Any) -> Finding:
    return Finding(name, "problem", text, fix, facts)


@dataclass(frozen=True)
class Machine:
    """Where facts are read: the real machine, or a folder and variables that stand for one in a test."""

    root: Path = Path("/")
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    def read(self, path: str) -> str | None:
        """Text of a file below the root, `proc/meminfo`; None where it is not there or may not be read."""
        try:
            return (self.root / path).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None

    def has(self, path: str) -> bool:
        return (self.root / path).exists()


def gigabytes(size: float) -> str:
    """`24.1 GB`, `3,400.0 GB`."""
    return f"{size / 1e9:,.1f} GB"
