"""changes.json: every change of a run's settings, at the step from which it holds. Written by the worker before it is applied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from tui_finetune.runs import atomic
from tui_finetune.runs.layout import VERSION, RunPaths
from tui_finetune.runs.tail import number


@dataclass(frozen=True)
class Change:
    """One change: several keys of one request hold from the same step."""

    at_step: int
    """The first optimizer step that uses the new values."""
    set: Mapping[str, Any]
    """Key to value as it was asked for, factors as `x0.5`."""
    stretch: bool = True
    """Whether a schedule follows a new length of the run."""
    reason: str | None = None
    by: str = ""
    """user@host:terminal; "recipe", "resume" or "health" where no person asked."""
    t: float = 0.0
    attempt: int = 0
    id: str | None = None
    """Of the request; null where there was none."""
    dropped: str | None = None
    """Why it counts no more: `rollback to 1407`."""


def read_changes(paths: RunPaths) -> tuple[Change, ...]:
    """All changes in order of their steps, dropped ones too; none where there is no file that can be read."""
    try:
        return _changes(paths)
    except atomic.Unreadable:
        return ()


def add_change(paths: RunPaths, change: Change) -> None:
    """Writes `change` behind the others. Raises OSError, also where the file that is there cannot be read."""
    _write(paths, [*_ours(paths), change])


def drop_beyond(paths: RunPaths, step: int, why: str) -> list[Change]:
    """Drops the changes that hold only from a step after `step`, and returns them. Raises OSError as `add_change` does.

    A change `at_step` = `step` + 1 was not in force when step `step` was done: a checkpoint of that step lacks it.
    """
    there = _ours(paths)
    kept = [replace(one, dropped=why) if one.dropped is None and one.at_step > step else one for one in there]
    gone = [new for old, new in zip(there, kept, strict=True) if old != new]
    if gone:
        _write(paths, kept)
    return gone


def in_force(changes: Iterable[Change], *, beyond: int = 0) -> list[Change]:
    """Those that count, from the steps after `beyond`, in the order in which they are applied."""
    return sorted((one for one in changes if one.dropped is None and one.at_step > beyond), key=lambda one: one.at_step)


def _changes(paths: RunPaths) -> tuple[Change, ...]:
    try:
        found = atomic.read_json(paths.changes_json).get("changes")
    except FileNotFoundError:
        return ()
    if not isinstance(found, list):
        raise atomic.Unreadable(f"{paths.changes_json.name}: changes is no list")
    return tuple(sorted(_read(found), key=lambda one: one.at_step))


def _ours(paths: RunPaths) -> Sequence[Change]:
    try:
        return _changes(paths)
    except atomic.Unreadable as error:
        raise OSError(str(error)) from error


def _read(found: Iterable[Any]) -> Iterator[Change]:
    """What is no change is passed over: a newer program may write more."""
    for raw in found:
        if not isinstance(raw, Mapping):
            continue
        at, values = raw.get("at_step"), raw.get("set")
        if isinstance(at, bool) or not isinstance(at, int) or at < 0 or not isinstance(values, Mapping):
            continue
        attempt = raw.get("attempt")
        yield Change(
            at_step=at,
            set=dict(values),
            stretch=raw.get("stretch") is not False,
            reason=_text(raw.get("reason")),
            by=_text(raw.get("by")) or "",
            t=number(raw.get("t")) or 0.0,
            attempt=attempt if isinstance(attempt, int) else 0,
            id=_text(raw.get("id")),
            dropped=_text(raw.get("dropped")),
        )


def _write(paths: RunPaths, changes: Iterable[Change]) -> None:
    ordered = sorted(changes, key=lambda one: one.at_step)
    atomic.write_json(paths.changes_json, {"v": VERSION, "changes": [asdict(one) for one in ordered]})


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
