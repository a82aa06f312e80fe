"""HOME/queue/queue.json: the runs that wait for a device, in their order, and those that work on one. No daemon.

An entry counts while its process lives (pid, start ticks, boot id), so that a dead holder frees its device whatever it left
open. The lock is held for the moment of a change, never while a run waits or works: forked data loaders would inherit it.
Entries of another machine that shares the home are kept and mean nothing here: its devices are others.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from tui_finetune.runs import atomic, process
from tui_finetune.runs.layout import VERSION, RunPaths
from tui_finetune.runs.liveness import STALE_SECONDS

LOCK, FILE = "queue.lock", "queue.json"
LOCK_SECONDS = 10.0


@dataclass(frozen=True)
class Entry:
    """One run that waits, or that works on a device."""

    run: str
    devices: tuple[str, ...]
    """Any of which it can work on: `cpu`, `cuda:0` …; of one that works, the one it has."""
    process: Mapping[str, Any]
    since: float
    after: str | None = None
    """Waits for another run first, and is behind nobody for a device until then."""
    keeper: Mapping[str, Any] | None = None
    """Its keeper, which holds the device for the next attempt where this one dies."""

    @property
    def alive(self) -> bool:
        kept = self.keeper is not None and process.is_alive(self.keeper) is True
        return kept or process.is_alive(self.process) is True

    @property
    def elsewhere(self) -> bool:
        """On another machine, or of a namespace of processes that cannot be looked into."""
        return process.is_alive(self.process) is None

    @property
    def here(self) -> bool:
        """On this boot of this machine, as far as its entry tells: its devices are ours."""
        return bool(self.process.get("boot_id")) and self.process.get("boot_id") == process.boot_id()

    @property
    def counts(self) -> bool:
        """Whether it has, or waits for, a device of this machine now."""
        return self.alive or (self.elsewhere and self.here)


@dataclass(frozen=True)
class Line:
    """The queue of a home at one moment."""

    waiting: tuple[Entry, ...] = ()
    """In the order in which they get a device."""
    working: tuple[Entry, ...] = ()

    def place(self, run: str) -> int | None:
        """1 for the next; None for a run that does not wait."""
        waiting = [entry.run for entry in self.waiting if entry.counts]
        return waiting.index(run) + 1 if run in waiting else None

    def free_for(self, run: str) -> str | None:
        """The device that this waiting run can have now: free, and wanted by nobody before it."""
        taken = {device for entry in self.working if entry.counts and entry.run != run for device in entry.devices}
        for entry in self.waiting:
            if not entry.counts or (entry.after is not None and entry.run != run):
                continue
            free = [device for device in entry.devices if device not in taken]
            if entry.run == run:
                return free[0] if free else None
            taken.update(free[:1])
        return None

    def behind(self, run: str) -> tuple[str, ...]:
        """What stands between a waiting run and a device: runs that have one it could use, then those before it."""
        me = next((entry for entry in self.waiting if entry.run == run), None)
        if me is None:
            return ()
        ahead = []
        for entry in self.waiting:
            if entry.run == run:
                break
            if entry.counts and entry.after is None and set(entry.devices) & set(me.devices):
                ahead.append(entry.run)
        holders = [one.run for one in self.working if one.counts and set(one.devices) & set(me.devices)]
        return (*(run_id for run_id in holders if run_id != run), *ahead)


def read_line(folder: Path) -> Line:
    """The queue as it stands. Raises Unreadable for a file that is none; one that is not there is an empty queue."""
    try:
        raw = atomic.read_json(folder / FILE)
    except FileNotFoundError:
        return Line()
    runs = folder.parent / "runs"
    return Line(_entries(raw.get("waiting"), runs), _entries(raw.get("working"), runs))


def join(folder: Path, entry: Entry, *, first: bool = False) -> None:
    """Stands in line, at its end or `first`; a run that stands there already is put anew."""

    def stand(line: Line) -> Line:
        rest = _without(line.waiting, entry.run)
        return replace(line, waiting=(entry, *rest) if first else (*rest, entry))

    _change(folder, stand)


def arrived(folder: Path, run: str) -> None:
    """What it waited for has ended: it waits for a device only."""
    _change(folder, lambda line: replace(line, waiting=tuple(_arrived(line.waiting, run))))


def _arrived(entries: Sequence[Entry], run: str) -> Iterator[Entry]:
    for entry in entries:
        yield replace(entry, after=None) if entry.run == run else entry


def take(folder: Path, run: str) -> str | None:
    """The device that is free for this waiting run, its own from now on; None where it has to wait."""
    got: list[str] = []

    def taking(line: Line) -> Line:
        me = next((entry for entry in line.waiting if entry.run == run), None)
        device = line.free_for(run) if me is not None else None
        if me is None or device is None:
            return line
        got.append(device)
        mine = replace(me, devices=(device,), since=time.time())
        return Line(_without(line.waiting, run), (*_without(line.working, run), mine))

    _change(folder, taking)
    return got[0] if got else None


def hold(folder: Path, entry: Entry) -> None:
    """Works on a device without having waited for it."""
    _change(folder, lambda line: Line(_without(line.waiting, entry.run), (*_without(line.working, entry.run), entry)))


def leave(folder: Path, run: str) -> None:
    """Stands in line no more."""
    _change(folder, lambda line: replace(line, waiting=_without(line.waiting, run)))


def move(folder: Path, run: str, *, before: str | None = None, last: bool = False) -> Line:
    """Puts a waiting run first, before another, or last. Raises KeyError for a run that does not wait."""

    def moved(line: Line) -> Line:
        me = next((entry for entry in line.waiting if entry.run == run), None)
        if me is None:
            raise KeyError(run)
        rest = list(_without(line.waiting, run))
        names = [entry.run for entry in rest]
        if before is not None and before not in names:
            raise KeyError(before)
        at = len(rest) if last else names.index(before) if before is not None else 0
        return replace(line, waiting=(*rest[:at], me, *rest[at:]))

    return _change(folder, moved)


def _change(folder: Path, change: Callable[[Line], Line]) -> Line:
    """Reads, changes and writes under the lock; entries whose process is gone are left out."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _locked(folder / LOCK):
        try:
            line = read_line(folder)
        except atomic.Unreadable:
            line = Line()  # a torn disk: whoever waits or works says so again
        new = change(Line(_there(line.waiting), _there(line.working)))
        if new != line:
            content = {"waiting": [asdict(e) for e in new.waiting], "working": [asdict(e) for e in new.working]}
            atomic.write_json(folder / FILE, {"v": VERSION, **content})
        return new


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _lock(handle, path)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, path: Path) -> None:
    """A lock is held for milliseconds; one that does not come is a disk that cannot lock, and no reason to wait for ever."""
    end = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError as error:
            if time.monotonic() > end:
                raise OSError(error.errno, f"locked by another process for {LOCK_SECONDS:g} s", str(path)) from error
        time.sleep(0.01)


def _there(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    return tuple(entry for entry in entries if entry.alive or entry.elsewhere)


def _without(entries: tuple[Entry, ...], run: str) -> tuple[Entry, ...]:
    return tuple(entry for entry in entries if entry.run != run)


def _entries(raw: Any, runs: Path) -> tuple[Entry, ...]:
    """Entries that can be read; left out are others, and those of a container that is gone."""
    found = []
    for one in raw if isinstance(raw, list) else ():
        with contextlib.suppress(AttributeError, KeyError, TypeError, ValueError):
            after, keeper = one.get("after"), one.get("keeper")
            found.append(
                Entry(
                    run=str(one["run"]),
                    devices=tuple(map(str, one["devices"])),
                    process=dict(one["process"]),
                    since=float(one["since"]),
                    after=str(after) if after else None,
                    keeper=dict(keeper) if isinstance(keeper, Mapping) else None,
                )
            )
    return tuple(one for one in found if not (one.elsewhere and one.here) or _beats(runs / one.run))


def _beats(run: Path) -> bool:
    """Of a process that cannot be looked for, on this machine: whether its run's heartbeat is fresh."""
    try:
        return time.time() - RunPaths(run).heartbeat.stat().st_mtime < STALE_SECONDS
    except OSError:
        return False
