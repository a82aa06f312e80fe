"""One of the things that can be chosen in a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Pick:
    """One of the things that can be chosen: what it is called, what there is to know of it, and what it makes of `[data]`."""

    name: str
    about: str = ""
    values: Mapping[str, Any] | None = None
    """Keys of `[data]` or `max_length`, None where one is to be taken out; None as a whole where a value is asked for."""
    now: bool = False
