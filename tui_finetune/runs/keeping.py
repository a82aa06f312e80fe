"""keeper.json: what the keeper of a run says of itself, the process that starts the next attempt where one died."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tui_finetune.runs import atomic, process
from tui_finetune.runs.layout import VERSION, RunPaths
from tui_finetune.runs.liveness import rough
from tui_finetune.runs.tail import number


@dataclass(frozen=True)
class Keeping:
    """How far a run is kept going."""

    times: int
    """`[run] auto_resume`: attempts that the keeper may start by itself."""
    made: int
    """Those that it has started."""
    next_at: float | None
    """When it starts the next one, unix seconds, while it waits to do so."""
    over: str | None
    """Why it starts none any more, once it has ended by itself; nothing where there was no need to."""
    keeper: Mapping[str, Any]
    """The identity of its process."""

    @property
    def alive(self) -> bool:
        """True while the keeper is there to start another attempt; not told from another machine."""
        return self.over is None and process.is_alive(self.keeper) is True

    @property
    def waits(self) -> bool:
        """True where another attempt begins by itself, unless somebody says no."""
        return self.alive and self.next_at is not None

    def words(self, now: float | None = None) -> str:
        """`1 of 3`, and what comes of it."""
        told = f"{self.made} of {self.times}"
        if self.over is not None:
            return f"{told}; {self.over}" if self.over else told
        if not self.alive:
            return f"{told}; its keeper is gone: the next attempt is started by hand"
        if self.next_at is not None:
            left = self.next_at - (time.time() if now is None else now)
            return f"{told}; the next attempt begins {f'in {rough(left)}' if left > 0 else 'now'}"
        return told

    def end(self) -> bool:
        """Tells the keeper to start no other attempt. False where it cannot be told."""
        if not self.alive:
            return False
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(int(self.keeper["pid"]), signal.SIGTERM)
            return True
        return False


def keeping(paths: RunPaths) -> Keeping | None:
    """What keeper.json says; None for a run without `auto_resume`."""
    try:
        raw = atomic.read_json(paths.keeper_json)
    except (FileNotFoundError, atomic.Unreadable):
        return None
    over, keeper = raw.get("over"), raw.get("keeper")
    return Keeping(
        times=_count(raw.get("times")),
        made=_count(raw.get("made")),
        next_at=number(raw.get("next_at")),
        over=over if isinstance(over, str) else None,
        keeper=keeper if isinstance(keeper, Mapping) else {},
    )


def is_keeper(paths: RunPaths, pid: int) -> bool:
    """True where keeper.json is that process's, and not a later one's."""
    found = keeping(paths)
    return found is not None and found.keeper.get("pid") == pid


def kept_by(paths: RunPaths, keeper: int) -> int | None:
    """The pid of the worker that this keeper has started, as it says itself."""
    try:
        raw = atomic.read_json(paths.keeper_json)
    except (FileNotFoundError, atomic.Unreadable):
        return None
    named, worker = raw.get("keeper"), raw.get("worker")
    same = isinstance(named, Mapping) and named.get("pid") == keeper
    return worker if same and isinstance(worker, int) else None


def write_keeping(paths: RunPaths, **values: Any) -> None:
    """The keeper's own: times, made, worker, next_at, over."""
    atomic.write_json(paths.keeper_json, {"v": VERSION, "keeper": process.this_process().as_json(), **values})


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0
