"""What a run directory keeps of earlier attempts, and its checkpoints on the disk."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tui_finetune.runs import atomic
from tui_finetune.runs.info import iso
from tui_finetune.runs.layout import RunPaths, checkpoint_step
from tui_finetune.runs.manifest import read_manifest
from tui_finetune.runs.status import RESULT_STATES, Status
from tui_finetune.runs.tail import number


@dataclass(frozen=True)
class AttemptRecord:
    """One attempt, as its process.json and result.json tell."""

    number: int
    state: str
    """An end state; `died` for an earlier attempt that left no result; the run's own state for the newest."""
    reason: str | None
    started: float | None
    ended: float | None
    step: int | None
    host: str | None

    def as_json(self) -> dict[str, Any]:
        return {
            "n": self.number,
            "state": self.state,
            "reason": self.reason,
            "started": iso(self.started),
            "ended": iso(self.ended),
            "step": self.step,
            "host": self.host,
        }


@dataclass(frozen=True)
class CheckpointRecord:
    """A checkpoint on the disk."""

    step: int
    path: Path
    whole: bool
    """Every file of its manifest is there in its size; the content is checked before it is used."""
    bytes: int | None
    best: bool

    def as_json(self) -> dict[str, Any]:
        return {**vars(self), "path": str(self.path)}


class Told(Protocol):
    """A checkpoint as an event told of it."""

    @property
    def path(self) -> str: ...

    @property
    def bytes(self) -> int | None: ...


def attempts(paths: RunPaths, status: Status) -> list[AttemptRecord]:
    """All attempts, the first one first."""
    try:
        numbers = sorted(int(name) for name in os.listdir(paths.attempts) if name.isdecimal())
    except OSError:
        numbers = []
    return [
        _newest(number, paths, status) if number == status.attempt else _earlier(number, paths) for number in numbers
    ]


def _newest(number: int, paths: RunPaths, status: Status) -> AttemptRecord:
    claimed = status.process or _read(paths.process_json)
    return AttemptRecord(
        number, status.state, status.reason, status.started, status.ended, status.step, _text(claimed.get("host"))
    )


def _earlier(n: int, paths: RunPaths) -> AttemptRecord:
    folder = paths.attempt(n)
    claimed, result = _read(folder / paths.process_json.name), _read(folder / paths.result_json.name)
    state = result.get("state")
    step = result.get("step")
    return AttemptRecord(
        n,
        state if isinstance(state, str) and state in RESULT_STATES else "died",
        _text(result.get("reason")),
        number(claimed.get("started")),
        number(result.get("ended")),
        step if isinstance(step, int) else None,
        _text(claimed.get("host")),
    )


def checkpoints(paths: RunPaths, told: Mapping[int, Told], best_step: int | None = None) -> list[CheckpointRecord]:
    """Checkpoints that are there, in order of their steps; a script's own lie where it says."""
    places: dict[int, Path] = {}
    for step, note in told.items():
        place = Path(note.path) if note.path else paths.checkpoint(step)
        places[step] = place if place.is_absolute() else paths.root / place
    try:
        found = {at: path for path in paths.checkpoints.iterdir() if (at := checkpoint_step(path)) is not None}
    except OSError:
        found = {}
    places.update(found)
    return [
        _checkpoint(step, path, told.get(step), best_step) for step, path in sorted(places.items()) if path.is_dir()
    ]


def _checkpoint(step: int, path: Path, told: Told | None, best_step: int | None) -> CheckpointRecord:
    best = step == best_step
    try:
        manifest = read_manifest(path)
    except (FileNotFoundError, atomic.Unreadable):
        return CheckpointRecord(step, path, False, told.bytes if told is not None else None, best)
    whole = all(_size(path / entry.file) == entry.size for entry in manifest.files)
    return CheckpointRecord(step, path, whole, manifest.size, best)


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def claimed(paths: RunPaths) -> dict[str, Any]:
    """process.json, empty where nobody has claimed the run."""
    return _read(paths.process_json)


def _read(path: Path) -> dict[str, Any]:
    try:
        return atomic.read_json(path)
    except (FileNotFoundError, atomic.Unreadable):
        return {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
