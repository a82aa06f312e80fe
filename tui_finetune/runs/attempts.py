"""Attempts at a run, numbered from 1, each claimed by an exclusive mkdir: of two claims at once one wins."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from tui_finetune.runs import atomic
from tui_finetune.runs.layout import RunPaths
from tui_finetune.runs.process import is_alive


class AttemptTaken(Exception):
    """Another process works on this run, or has claimed this attempt."""


def newest_attempt(paths: RunPaths) -> int:
    """The number of the newest attempt, 0 for none."""
    try:
        names = os.listdir(paths.attempts)
    except (FileNotFoundError, NotADirectoryError):
        return 0
    return max((int(name) for name in names if name.isdecimal()), default=0)


def claim_attempt(paths: RunPaths, expected: int | None = None) -> int:
    """Claims the next attempt and returns its number; what the earlier one left moves into its folder.

    Raises AttemptTaken when `expected` is not the next one, when somebody else claims it at the same time, or while
    another process works on the run.
    """
    number = newest_attempt(paths) + 1
    if expected is not None and expected != number:
        raise AttemptTaken(f"Attempt {expected} of {paths.id} is taken: the next one is {number}.")
    _refuse_while_alive(paths)
    paths.attempts.mkdir(mode=0o700, exist_ok=True)
    try:
        paths.attempt(number).mkdir(mode=0o700)
    except FileExistsError as error:
        raise AttemptTaken(f"Attempt {number} of {paths.id} was claimed by another process.") from error
    for file in (paths.result_json, paths.process_json):
        _put_away(paths, file, number)
    with contextlib.suppress(FileNotFoundError):
        paths.heartbeat.unlink()
    atomic.sync_folder(paths.root)
    return number


def _refuse_while_alive(paths: RunPaths) -> None:
    """A process that has not written its result and is not this one still works on the run."""
    try:
        process = atomic.read_json(paths.process_json)
    except (FileNotFoundError, atomic.Unreadable):
        return
    if paths.result_json.exists() or process.get("pid") == os.getpid():
        return
    if is_alive(process):
        raise AttemptTaken(f"Process {process['pid']} works on {paths.id}.")


def _put_away(paths: RunPaths, file: Path, claimed: int) -> None:
    """Moves process.json or result.json into the folder of the attempt that wrote it."""
    try:
        owner = atomic.read_json(file).get("attempt")
    except FileNotFoundError:
        return
    except atomic.Unreadable:
        owner = None
    number = owner if isinstance(owner, int) and 0 < owner < claimed else max(claimed - 1, 1)
    folder = paths.attempt(number)
    folder.mkdir(mode=0o700, exist_ok=True)
    os.replace(file, folder / file.name)
