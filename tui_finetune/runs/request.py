"""A request to a running job, as a sender leaves it and the worker takes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Request:
    """One request, and the attempt that it is meant for: another attempt refuses it."""

    id: str
    action: str
    """stop, abort, pause, set …"""
    attempt: int
    values: Mapping[str, Any] = field(default_factory=dict)
    by: str = ""
    """Who asks: `ann@gpu1:pts/3`, without the terminal where there is none."""
    t: float = 0.0
    path: Path | None = None
    """Where it lies, for the reader."""
    problem: str | None = None
    """Why it cannot be obeyed, whatever it asks: it is refused with these words."""
