"""All runs of a home: made, listed, found by what a person types, moved to the trash and back."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tui_finetune.errors import NoSuchRun, Problem, UserError, nearest
from tui_finetune.paths import Home, private_folder
from tui_finetune.runs import atomic
from tui_finetune.runs.info import RunInfo, read_info
from tui_finetune.runs.layout import STAGING_PREFIX, VERSION, RunPaths, short_id
from tui_finetune.runs.liveness import HeartbeatWatch

Infos = list[RunInfo]
_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
_SLUG_LENGTH = 40
_NUMBERED = re.compile(r"~\d+$")
"""What a move added to a name that was taken; the next move takes it off again."""
LATEST = "latest"
LISTED = 12
"""Matches that an ambiguous query names."""
SHORT_SLIP = 5
"""Letters up to which an unknown query may be a slip in the last four characters of an id."""
LIKELY = 3
"""Runs that an unknown query may have meant."""


class RunStore:
    """The runs and the trash of one home."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.watch = HeartbeatWatch()
        """Heartbeats as this process has seen them: what tells of runs on other machines."""

    def create(
        self,
        name: str,
        *,
        kind: str,
        task: str | None,
        of: Mapping[str, Any] | None,
        model: str | None = None,
        data: str | None = None,
    ) -> RunPaths:
        """A new run directory with run.json, label.json and an empty control folder: whole, or not there at all."""
        private_folder(self.home.runs)
        now = time.time()
        while True:
            paths = RunPaths(self.home.runs / self._new_id(name, now))
            staging = RunPaths(self.home.runs / f"{STAGING_PREFIX}{paths.id}")
            staging.root.mkdir(mode=0o700)
            try:
                staging.control.mkdir(mode=0o700)
                facts = {"kind": kind, "task": task, "of": of and dict(of), "model": model, "data": data}
                atomic.write_json(staging.run_json, {"v": VERSION, "id": paths.id, **facts, "created": now})
                atomic.write_json(staging.label_json, {"v": VERSION, "name": name, "tags": [], "note": ""})
                os.rename(staging.root, paths.root)
            except BaseException as error:
                shutil.rmtree(staging.root, ignore_errors=True)
                if isinstance(error, OSError) and paths.root.exists():
                    continue
                raise
            atomic.sync_folder(self.home.runs)
            return paths

    def _new_id(self, name: str, now: float) -> str:
        """Sortable, readable, and with four last characters that no other run of this home has."""
        taken = {short_id(one) for one in [*_names(self.home.runs), *_names(self.home.trash)]}
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:_SLUG_LENGTH].strip("-") or "run"
        while True:
            tail = "".join(secrets.choice(_ALPHABET) for _ in range(4))
            # A letter among them, so that nobody takes it for a step or a date.
            if tail not in taken and not tail.isdigit():
                return f"{datetime.fromtimestamp(now, UTC):%Y%m%dT%H%M%S}-{slug}-{tail}"

    def list(self) -> list[RunInfo]:
        """All runs, newest first. A directory that cannot be read is listed as what it is."""
        return _newest_first([self._info(self.home.runs / name) for name in _names(self.home.runs)])

    def _info(self, root: Path) -> RunInfo:
        return read_info(RunPaths(root), watch=self.watch)

    def get(self, run_id: str) -> RunInfo | None:
        """The run with exactly this id."""
        root = self.home.runs / run_id
        return self._info(root) if run_id in _names(self.home.runs) and root.is_dir() else None

    def find(self, query: str, accepts: Callable[[RunInfo], bool] | None = None) -> RunInfo:
        """The run that a person means: id, unique beginning, last four characters, name (its newest), or `latest`.

        `accepts` restricts `latest` and, where they leave a choice, names: the newest that the verb can act on.
        Raises NoSuchRun, with the matches of an ambiguous query, the nearest spelling of an unknown one, or where it went.
        """
        query = query.strip()
        try:
            return find_among(self.list(), query, accepts, where=str(self.home.runs))
        except NoSuchRun:
            if (gone := next((i for i in self.trashed() if query in (i.id, i.short, i.name)), None)) is None:
                raise
            hint = f"tui-finetune trash restore {gone.short} brings it back."
            raise NoSuchRun(Problem(f"{gone.title} is in the trash.", hint=hint)) from None

    def trash(self, info: RunInfo, *, force: bool = False) -> Path:
        """Moves an ended run to the trash. Raises UserError while it lives.

        force: also one that is unreachable, which may live on another machine, or that machine is gone for good.
        """
        if (problem := self.why_not_trash(info, force=force)) is not None:
            raise UserError(problem)
        return _move(info.paths.root, self.home.trash)

    def why_not_trash(self, info: RunInfo, *, force: bool = False) -> Problem | None:
        """Why a run cannot go to the trash now, or None."""
        status = info.status()
        if not status.live or (force and status.state == "unreachable"):
            return None
        hint = f"tui-finetune stop {info.short} ends it first."
        if status.state == "unreachable":
            hint = "--force removes it all the same: for a machine that is gone for good."
        return Problem(f"{info.title} is {status.words}; only ended runs go to the trash.", hint=hint)

    def trashed(self) -> Infos:
        """What is in the trash, newest first."""
        return _newest_first([self._info(self.home.trash / name) for name in _names(self.home.trash)])

    def restore(self, query: str) -> RunInfo:
        """Puts a run back from the trash."""
        trashed = self.trashed()
        if not trashed:
            raise NoSuchRun("The trash is empty.")
        info = find_among(trashed, query.strip(), None, where=str(self.home.trash))
        return self._info(_move(info.paths.root, self.home.runs))

    def empty(self) -> Infos:
        """Deletes what is in the trash for good; what could not be deleted stays and is not in the answer."""
        gone = []
        for info in self.trashed():
            shutil.rmtree(info.paths.root, ignore_errors=True)
            if not info.paths.root.exists():
                gone.append(info)
        return gone


def _names(folder: Path) -> list[str]:
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return []
    except OSError as error:
        message = f"{folder} cannot be read: {error.strerror}."
        raise UserError(Problem(message, hint="Choose another --home.")) from error
    return [name for name in names if not name.startswith(".")]


def _newest_first(infos: list[RunInfo]) -> list[RunInfo]:
    infos = [info for info in infos if info.paths.root.is_dir()]
    return sorted(infos, key=lambda info: (info.created, info.id), reverse=True)


def _move(root: Path, folder: Path) -> Path:
    """Moves a run directory without ever replacing another: where the name is taken it gets a number."""
    private_folder(folder)
    name = _NUMBERED.sub("", root.name)
    target, number = folder / name, 2
    while True:
        try:
            if target.exists():
                raise FileExistsError
            os.rename(root, target)
            return target
        except FileNotFoundError as error:
            raise NoSuchRun(f"{root.name} is not there any more.") from error
        except FileExistsError:
            target, number = folder / f"{name}~{number}", number + 1
        except OSError as error:
            raise UserError(f"{root} cannot be moved to {folder}: {error.strerror}.") from error


def find_among(infos: list[RunInfo], query: str, accepts: Callable[[RunInfo], bool] | None, *, where: str) -> RunInfo:
    """`find` over runs that are listed already, newest first."""
    if not infos:
        raise NoSuchRun(Problem(f"No runs in {where}.", hint="tui-finetune demo makes a first one."))
    if query == LATEST:
        return _latest(infos, accepts)
    for same in (
        [i for i in infos if i.id == query],
        [i for i in infos if i.short == query],
    ):
        if len(same) == 1:
            return same[0]
    named = [info for info in infos if info.name == query]
    if named:
        return next((info for info in named if accepts is None or accepts(info)), named[0])
    begun = [info for info in infos if query and (info.id.startswith(query) or info.short == query)]
    if len(begun) == 1:
        return begun[0]
    if begun:
        raise _several(query, begun)
    raise _unknown(query, infos)


def _latest(infos: list[RunInfo], accepts: Callable[[RunInfo], bool] | None) -> RunInfo:
    for info in infos:
        if info.problem is None and (accepts is None or accepts(info)):
            return info
    raise NoSuchRun(Problem("None of the runs here can be used for that.", hint="tui-finetune runs lists them."))


def _several(query: str, matches: list[RunInfo]) -> NoSuchRun:
    problems = [Problem(f"'{query}' could be any of {len(matches)} runs; its last four characters tell them apart:")]
    problems += [Problem(f"{info.short}  {info.name}  {info.id}") for info in matches[:LISTED]]
    if len(matches) > LISTED:
        problems.append(Problem(f"and {len(matches) - LISTED} more"))
    return NoSuchRun(problems)


def _unknown(query: str, infos: list[RunInfo]) -> NoSuchRun:
    known = {info.name: info for info in reversed(infos)} | {info.id: info for info in infos}
    if len(query) <= SHORT_SLIP:
        known = {info.short: info for info in infos} | known
    likely = [known[found].title] if (found := nearest(query, known)) else _named_like(query, infos)
    if not likely and nearest(query, [LATEST]):
        likely = [LATEST]
    hint = f"Did you mean {' or '.join(likely)}?" if likely else "tui-finetune runs lists them."
    return NoSuchRun(Problem(f"No run '{query}'.", hint=hint))


def _named_like(query: str, infos: list[RunInfo]) -> list[str]:
    """Runs with the query in their name: it is only part of a name, or its letters are of another size."""
    part = query.casefold()
    return [info.title for info in infos if part and part in info.name.casefold()][:LIKELY]
