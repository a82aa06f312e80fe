"""Reading events: whole lines only, from where the last reading ended. What is unknown or broken is kept, never fatal."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from tui_finetune.runs.layout import RunPaths

CHUNK = 8_388_608
"""Bytes read at once, so that a file of gigabytes is never in memory whole."""
POINTS = frozenset({"step", "values", "evaluation", "checkpoint", "checkpoint_removed"})
"""Events that belong to a step: those of an earlier attempt beyond the step where the next one began are dropped."""


class Event(NamedTuple):
    """One line of events.jsonl. A tuple, because a long run has a million of them."""

    name: str
    """step, evaluation, phase …; empty for a broken line."""
    t: float = 0.0
    seq: int = 0
    attempt: int = 0
    fields: Mapping[str, Any] = MappingProxyType({})
    """Everything else that the line says."""
    v: int = 1
    broken: str | None = None
    """The line itself where it is no event."""

    @property
    def step(self) -> int | None:
        step = self.fields.get("step")
        return step if isinstance(step, int) else None

    def get(self, key: str, default: Any = None) -> Any:
        return self.fields.get(key, default)

    def number(self, key: str) -> float | None:
        """A number, also one written as "nan", "inf" or "-inf"; None for anything else."""
        return number(self.fields.get(key))


def number(value: Any) -> float | None:
    """A number of an event or result: "nan", "inf" and "-inf" are numbers too."""
    if type(value) is float:
        return value
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        try:
            return float(value)
        except OverflowError:  # an integer of hundreds of digits: JSON has no limit
            return float("inf") if value > 0 else float("-inf")
    return float(value) if isinstance(value, str) and value in ("nan", "inf", "-inf") else None


def as_event(raw: Any) -> Event:
    """The event that a JSON document is, which is used up; raises one of a handful of errors where it is none."""
    fields: dict[str, Any] = raw if type(raw) is dict else {}
    name, t = fields.pop("event"), fields.pop("t", 0.0)
    if type(name) is not str:
        raise TypeError("event")
    if type(t) is not float:
        t = float(t or 0.0)
    seq, attempt, v = int(fields.pop("seq", 0)), int(fields.pop("attempt", 0)), int(fields.pop("v", 1))
    return Event(name, t, seq, attempt, fields, v)


def parse(line: bytes) -> Event:
    """A line as an event; one that is none comes back as it is, with `broken` set."""
    try:
        return as_event(json.loads(line.decode("utf-8")))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError, IndexError):
        return Event("", broken=line.decode("utf-8", "backslashreplace"))


class EventTail:
    """New events of a file since the last poll. The file may not exist yet, and may be replaced."""

    def __init__(self, path: Path | RunPaths) -> None:
        self.path = path.events if isinstance(path, RunPaths) else path
        self.offset = 0
        """Bytes consumed: always the end of a whole line."""
        self.begun = 0
        """Bytes consumed before the last poll."""
        self._identity: tuple[int, int] | None = None

    def poll(self, limit: int | None = None) -> list[Event]:
        """New whole lines, in order; at most about `limit` bytes of them where one is given. A torn last line waits."""
        self.begun = self.offset
        try:
            with self.path.open("rb") as file:
                self._notice_replacement(os.fstat(file.fileno()))
                return self._read(file.fileno(), limit)
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            return []

    def skip(self) -> None:
        """Past all whole lines that are there now: only what comes from now on is told."""
        self.offset = whole_lines(self.path)

    def go_on_from(self, offset: int) -> None:
        """After what somebody else has read, up to the end of a whole line."""
        self.offset = self.begun = offset
        stat = self.path.stat()
        self._identity = (stat.st_dev, stat.st_ino)

    def _notice_replacement(self, stat: os.stat_result) -> None:
        identity = (stat.st_dev, stat.st_ino)
        if stat.st_size < self.offset or (self._identity is not None and identity != self._identity):
            self.offset = self.begun = 0
        self._identity = identity

    def _read(self, handle: int, limit: int | None) -> list[Event]:
        events: list[Event] = []
        begun, want = self.offset, CHUNK
        while limit is None or self.offset - begun < limit:
            data = os.pread(handle, want, self.offset)
            end = data.rfind(b"\n") + 1
            if end == 0:
                if len(data) < want:
                    break
                want *= 4  # a line longer than a chunk: not ours, but not a reason to stop here for ever
                continue
            events.extend(parse(line) for line in data[:end].split(b"\n")[:-1] if line.strip())
            self.offset += end
        return events


def whole_lines(path: Path) -> int:
    """Bytes up to the end of the last whole line."""
    try:
        with path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            start = max(0, end - 65_536)
            file.seek(start)
            return start + file.read(end - start).rfind(b"\n") + 1
    except OSError:
        return 0


def read_events(paths: RunPaths) -> list[Event]:
    """All events of a run, of every attempt, in order."""
    return EventTail(paths).poll()


BULK = frozenset({"step", "values", "device", "progress"})
"""Events of which a long run has most."""
RECENT_BYTES = 262_144


def brief_events(paths: RunPaths, end: int | None = None) -> list[Event]:
    """All events but the bulk of a long run, of which only the recent ones: quick for a million, enough for a summary.

    end: only what stands before that byte, where a tail goes on.
    """
    try:
        with paths.events.open("rb") as file:
            recent = file.seek(0, os.SEEK_END) - RECENT_BYTES
            file.seek(0)
            kept, at = [], 0
            for line in file:
                at += len(line)
                if end is not None and at > end:
                    break
                if line.endswith(b"\n") and (at > recent or _name_at_a_glance(line) not in BULK) and line.strip():
                    kept.append(parse(line[:-1]))
            return kept
    except OSError:
        return []


def history(paths: RunPaths) -> list[Event]:
    """All events, without the points of earlier attempts that a later one went back behind."""
    return collapse(read_events(paths))


def collapse(events: Iterable[Event]) -> list[Event]:
    """`events` without points of earlier attempts beyond the step from which a later attempt went on."""
    kept: list[Event] = []
    for event in events:
        if event.name == "attempt":
            start = event.get("from_step") or 0
            number_of = event.get("n") or event.attempt
            if isinstance(start, int) and isinstance(number_of, int) and number_of > 1:
                kept = [one for one in kept if not _beyond(one, start)]
        kept.append(event)
    return kept


def _beyond(event: Event, step: int) -> bool:
    return event.name in POINTS and event.step is not None and event.step > step


def last_events(path: Path, size: int = 262_144, *, only: frozenset[str] | None = None) -> list[Event]:
    """The events in the last `size` bytes, the first torn one left out: for a state, not for a history.

    only: names of interest; of `step` the last one alone is read then, for it says all that the others would.
    """
    try:
        with path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            start = max(0, end - size)
            file.seek(start)
            data = file.read(end - start)
    except OSError:
        return []
    if start:
        data = data[data.find(b"\n") + 1 :]
    lines = data[: data.rfind(b"\n") + 1].split(b"\n")[:-1]
    if only is None:
        return [parse(line) for line in lines if line.strip()]
    return _of_interest(lines, only)


def _of_interest(lines: list[bytes], only: frozenset[str]) -> list[Event]:
    found: list[Event] = []
    step_seen = False
    for line in reversed(lines):
        name = _name_at_a_glance(line)
        if name is not None and (name not in only or (name == "step" and step_seen)):
            continue
        event = parse(line)
        if event.name in only:
            found.append(event)
            step_seen = step_seen or event.name == "step"
    return found[::-1]


def _name_at_a_glance(line: bytes) -> str | None:
    """The event's name as our own writer puts it, without reading the whole line; None where it does not look so."""
    head = line[:160]
    start = head.find(b'"event":"')
    end = head.find(b'"', start + 9)
    return head[start + 9 : end].decode("ascii", "replace") if start > 0 and end > 0 else None
