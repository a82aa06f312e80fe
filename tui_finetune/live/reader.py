"""All runs of a home, read again and again: ended ones only when their directory changed, live ones with their figures."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tui_finetune.live.points import Doing, Evaluation
from tui_finetune.live.progress import Progress, progress
from tui_finetune.live.series import History, said
from tui_finetune.paths import Home
from tui_finetune.runs.info import RunInfo, read_info
from tui_finetune.runs.layout import RunPaths
from tui_finetune.runs.liveness import HeartbeatWatch
from tui_finetune.runs.status import Status
from tui_finetune.runs.tail import EventTail, brief_events

SETTLED_SECONDS = 2.0
"""A directory that changed less than so long ago may change once more within the same tick of the file system's clock."""
TREND_POINTS = 12


@dataclass(frozen=True)
class Figures:
    """What the events of a live run tell beside its status."""

    progress: Progress
    loss: float | None = None
    trend: tuple[float, ...] = ()
    """Loss, the newest points last."""
    evaluated: Evaluation | None = None
    """The newest of validation."""
    doing: Doing | None = None
    detail: str | None = None
    """Of the phase."""
    device: str | None = None
    warnings: tuple[str, ...] = ()
    evaluations: int = 0
    """How often it was measured so far."""
    findings: tuple[str, ...] = ()
    """What the health watch has found and holds now, the gravest first."""


@dataclass(frozen=True)
class RunRow:
    """A run as the list shows it, frozen: made in a thread, read by the screen."""

    info: RunInfo
    status: Status
    figures: Figures | None = None
    """Of live runs."""
    has_recipe: bool = False
    has_model: bool = False

    @property
    def id(self) -> str:
        return self.info.id


@dataclass(frozen=True)
class Listing:
    """All runs at one moment, newest first."""

    rows: tuple[RunRow, ...] = ()
    t: float = 0.0
    whole: bool = False
    """False while only the newest have been read."""
    problem: str | None = None
    """Why the folder cannot be read now; the rows are those of the last time then."""

    def get(self, run_id: str | None) -> RunRow | None:
        return next((row for row in self.rows if row.id == run_id), None) if run_id else None


@dataclass
class _Followed:
    """A live run's events, read on from where the last look ended."""

    tail: EventTail
    history: History


class RunsReader:
    """Reads a home's runs. Not for several threads at once."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._watch = HeartbeatWatch()
        self._settled: dict[str, tuple[int, RunRow]] = {}
        self._followed: dict[str, _Followed] = {}
        self._last = Listing()

    def read(self, newest: int | None = None) -> Listing:
        """Every run; with `newest` at most so many, for a first look."""
        now = time.time()
        try:
            names = sorted((name for name in os.listdir(self.home.runs) if not name.startswith(".")), reverse=True)
        except FileNotFoundError:
            if not self._last.rows:
                return Listing(t=now, whole=True)
            return self._unreadable(now, "is gone")
        except OSError as error:
            return self._unreadable(now, f"cannot be read: {error.strerror}")
        wanted = names if newest is None else names[:newest]
        rows = [row for name in wanted if (row := self._row(self.home.runs / name, now)) is not None]
        if names and not self.home.runs.is_dir():  # it went while it was read: what was known of its runs stays
            return self._unreadable(now, "is gone")
        self._forget(set(names))
        rows.sort(key=lambda row: (row.info.created, row.id), reverse=True)
        self._last = Listing(tuple(rows), now, len(wanted) == len(names))
        return self._last

    def _unreadable(self, now: float, why: str) -> Listing:
        self._last = Listing(self._last.rows, now, True, f"{self.home.runs} {why}")
        return self._last

    def _row(self, root: Path, now: float) -> RunRow | None:
        try:
            changed = root.stat().st_mtime_ns
        except OSError:
            return None
        settled = self._settled.get(root.name)
        if settled is not None and settled[0] == changed:
            return settled[1]
        if not root.is_dir():
            return None
        info = read_info(RunPaths(root), watch=self._watch)
        status = info.status()
        if status.live:
            self._settled.pop(root.name, None)
            return row_of(info, status, self._figures(info, status, now))
        row = row_of(info, status)
        self._followed.pop(root.name, None)
        if status.state != "unreadable" and now - changed / 1e9 > SETTLED_SECONDS:
            self._settled[root.name] = (changed, row)
        return row

    def _figures(self, info: RunInfo, status: Status, now: float) -> Figures:
        followed = self._followed.get(info.id)
        if followed is None:
            followed = self._followed[info.id] = begin(info.paths)
        followed.history.feed(followed.tail.poll())
        return figures(followed.history, status, now)

    def _forget(self, names: set[str]) -> None:
        self._settled = {name: one for name, one in self._settled.items() if name in names}
        self._followed = {name: one for name, one in self._followed.items() if name in names}


def row_of(info: RunInfo, status: Status, figures: Figures | None = None) -> RunRow:
    """A row with what it takes a look at the disk to know: not to be made where a screen is painted."""
    paths = info.paths
    return RunRow(info, status, figures, paths.recipe_toml.is_file(), (paths.model / "config.json").is_file())


def begin(paths: RunPaths) -> _Followed:
    """A history that is brief of what was, and a tail at its end."""
    tail = EventTail(paths)
    tail.skip()
    return _Followed(tail, History(brief_events(paths, tail.offset)))


def figures(history: History, status: Status, now: float) -> Figures:
    """The figures of a run at this moment."""
    loss = history.get("loss")
    return Figures(
        progress=progress(history, status, now),
        loss=loss.last,
        trend=tuple(loss.values[-TREND_POINTS:]),
        evaluated=history.last("validation"),
        doing=history.doing,
        detail=history.phase_detail,
        device=device_name(history.plan, status.process),
        warnings=tuple(said(event) for event in history.warnings),
        evaluations=len(history.evaluations),
        findings=tuple(one.what for one in history.open_findings),
    )


def device_name(plan: Mapping[str, object], process: Mapping[str, object]) -> str | None:
    """Where it runs, as the plan says; before that as it was asked for."""
    return next((name for name in (plan.get("device"), process.get("device")) if isinstance(name, str)), None)


def falling(trend: Sequence[float]) -> str | None:
    """`falling`, `rising` or `level`, from the halves of the newest points; None where there are too few."""
    points = [value for value in trend if value == value]
    if len(points) < 4:
        return None
    half = len(points) // 2
    before, after = sum(points[:half]) / half, sum(points[-half:]) / half
    margin = 0.02 * abs(before)
    return "falling" if after < before - margin else "rising" if after > before + margin else "level"
