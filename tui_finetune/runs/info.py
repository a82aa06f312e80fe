"""One run as lists and verbs see it: what run.json and label.json say. A directory that cannot be read says so itself."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tui_finetune.runs import atomic
from tui_finetune.runs.layout import VERSION, RunPaths, short_id
from tui_finetune.runs.liveness import HeartbeatWatch
from tui_finetune.runs.status import Status, derive
from tui_finetune.runs.tail import number


@dataclass(frozen=True)
class RunInfo:
    """A run directory. `status()` looks anew each time."""

    paths: RunPaths
    id: str
    name: str
    kind: str
    task: str | None
    of: Mapping[str, Any] | None
    created: float
    tags: tuple[str, ...] = ()
    note: str = ""
    model: str | None = None
    """What the run starts from, as the recipe names it."""
    data: str | None = None
    problem: str | None = None
    """Why the directory cannot be read, where it cannot."""
    newer: bool = False
    """True where that is because a newer version of the program wrote it."""
    watch: HeartbeatWatch = field(default_factory=HeartbeatWatch, repr=False, compare=False)

    @property
    def short(self) -> str:
        """The last four characters, as shown and typed."""
        return short_id(self.id)

    @property
    def title(self) -> str:
        """`imdb-bert (k3f9)`."""
        return f"{self.name} ({self.short})"

    @property
    def way_out(self) -> str:
        """What a person may do about a directory that cannot be read."""
        if self.newer:
            return "Update tui-finetune to use it."
        return f"tui-finetune rm {self.short} moves it to the trash."

    def status(self) -> Status:
        """The state now. Never raises for what is in the directory."""
        if self.problem is not None:
            return Status("unreadable", f"unreadable: {self.problem}", reason=self.problem, advice=self.way_out)
        return derive(self.paths, created=self.created, watch=self.watch)

    def fresh(self) -> RunInfo:
        """The same run, its label read again."""
        return read_info(self.paths, watch=self.watch)

    def as_json(self, status: Status | None = None) -> dict[str, Any]:
        """One object of `runs --json`."""
        status = status or self.status()
        return {
            "id": self.id,
            "short": self.short,
            "name": self.name,
            "kind": self.kind,
            "task": self.task,
            "state": status.state,
            "phase": status.phase,
            "step": status.step,
            "steps": status.steps,
            "metrics": dict(status.metrics),
            "reason": status.reason,
            "created": iso(self.created),
            "ended": iso(status.ended),
            "seconds": status.seconds,
            "model": self.model,
            "data": self.data,
            "of": self.of and dict(self.of),
            "tags": list(self.tags),
            "note": self.note,
            "path": str(self.paths.root),
        }


def iso(when: float | None) -> str | None:
    """Unix seconds as ISO 8601 in UTC."""
    if when is None:
        return None
    try:
        return datetime.fromtimestamp(when, UTC).isoformat(timespec="seconds")
    except (OverflowError, ValueError, OSError):
        return None


def read_info(paths: RunPaths, *, watch: HeartbeatWatch | None = None) -> RunInfo:
    """What a directory says of itself; `problem` is set where run.json is missing, broken or of a newer version."""
    run, problem = _run_json(paths)
    label = _label(paths)
    of = run.get("of")
    created = number(run.get("created"))
    return RunInfo(
        paths=paths,
        id=paths.id,
        name=_text(label.get("name")) or _name_in(paths.id),
        kind=_text(run.get("kind")) or "?",
        task=_text(run.get("task")),
        of=of if isinstance(of, Mapping) else None,
        created=created if created is not None else _made(paths),
        tags=tuple(tag for tag in _list(label.get("tags")) if isinstance(tag, str)),
        note=_text(label.get("note")) or "",
        model=_text(run.get("model")),
        data=_text(run.get("data")),
        problem=problem,
        newer=problem is not None and _version(run) > VERSION,
        watch=watch or HeartbeatWatch(),
    )


def _run_json(paths: RunPaths) -> tuple[dict[str, Any], str | None]:
    try:
        run = atomic.read_json(paths.run_json)
    except FileNotFoundError:
        return {}, "run.json is missing"
    except atomic.Unreadable as error:
        return {}, str(error)
    version = _version(run)
    if not version:
        return run, "run.json has no version"
    if version > VERSION:
        return run, f"written by a newer version of the program (run directory {version}, this one reads {VERSION})"
    return run, None


def _version(run: Mapping[str, Any]) -> int:
    """0 where it is not said."""
    version = run.get("v")
    return version if isinstance(version, int) else 0


def _label(paths: RunPaths) -> dict[str, Any]:
    try:
        return atomic.read_json(paths.label_json)
    except (FileNotFoundError, atomic.Unreadable):
        return {}


def write_label(
    info: RunInfo, *, name: str | None = None, tags: Sequence[str] | None = None, note: str | None = None
) -> RunInfo:
    """Changes name, tags or note; what is None stays. Two editors at once: the last one wins."""
    now = info.fresh()
    label = {
        **_label(info.paths),
        "v": VERSION,
        "name": now.name if name is None else name,
        "tags": list(now.tags if tags is None else tags),
        "note": now.note if note is None else note,
        "edited": time.time(),
    }
    atomic.write_json(info.paths.label_json, label)
    return info.fresh()


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _name_in(run_id: str) -> str:
    """`imdb-bert` of `20261123T091502-imdb-bert-k3f9`; another name as it is."""
    head, _, rest = run_id.partition("-")
    name, _, _tail = rest.rpartition("-")
    return name if len(head) == 15 and name else run_id


def _made(paths: RunPaths) -> float:
    """When a directory that does not say it was made: by its id, else by its time in the file system."""
    try:
        return datetime.strptime(paths.id[:15], "%Y%m%dT%H%M%S").replace(tzinfo=UTC).timestamp()
    except ValueError:
        pass
    try:
        return paths.root.stat().st_mtime
    except OSError:
        return 0.0
