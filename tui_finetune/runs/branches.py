"""Runs that stand on another run: which of its checkpoints they begin from, or are measuring."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tui_finetune.runs import atomic
from tui_finetune.runs.layout import RunPaths

KEEP = "keep"
"""`of.optimizer` of a run that goes on from a checkpoint with optimizer, schedule, generators and position."""


@dataclass(frozen=True)
class Origin:
    """What a run came from."""

    run: str
    checkpoint: int | None = None
    keeps: bool = False
    """True where it went on from the checkpoint as a resume would; else it took the weights alone."""


def origin(of: Mapping[str, Any] | None) -> Origin | None:
    """The `of` of a run.json; None where it is about no other run."""
    if of is None or not isinstance(of.get("run"), str):
        return None
    step = of.get("checkpoint")
    return Origin(of["run"], step if isinstance(step, int) else None, of.get("optimizer") == KEEP)


@dataclass(frozen=True)
class Line:
    """A run in a line of descent, and the step at which the run that is asked for left it."""

    run: str
    left: int | None
    """None for the run itself."""


def descent(paths: RunPaths, of: Mapping[str, Any] | None) -> list[Line]:
    """The run itself, then the runs that it goes on from with everything kept, the nearest first, as far as they are here."""
    found, about = [Line(paths.id, None)], origin(of)
    while about is not None and about.keeps and about.checkpoint is not None:
        left = about.checkpoint if found[-1].left is None else min(found[-1].left, about.checkpoint)
        if any(line.run == about.run for line in found):
            break
        found.append(Line(about.run, left))
        about = origin(_of(RunPaths(paths.root.parent / about.run)))
    return found


def branches(paths: RunPaths) -> list[tuple[str, Origin]]:
    """Training runs of this home that begin from this one, by id, with where they begin."""
    found = []
    for other, run in _others(paths):
        about = origin(run.get("of") if isinstance(run.get("of"), Mapping) else None)
        if about is not None and about.run == paths.id and run.get("kind") == "train":
            found.append((other.id, about))
    return sorted(found, key=lambda one: one[0])


def _of(paths: RunPaths) -> Mapping[str, Any] | None:
    try:
        of = atomic.read_json(paths.run_json).get("of")
    except (FileNotFoundError, atomic.Unreadable):
        return None
    return of if isinstance(of, Mapping) else None


def steps_in_use(paths: RunPaths) -> set[int]:
    """Steps of this run's checkpoints that other runs of the home begin from, or are being measured with."""
    found = set()
    for other, run in _others(paths):
        about = origin(run.get("of") if isinstance(run.get("of"), Mapping) else None)
        if about is None or about.run != paths.id or about.checkpoint is None:
            continue
        if run.get("kind") == "train" or not other.result_json.exists():
            found.add(about.checkpoint)
    return found


def _others(paths: RunPaths) -> Iterator[tuple[RunPaths, Mapping[str, Any]]]:
    runs = paths.root.parent
    try:
        names = os.listdir(runs)
    except OSError:
        return
    for name in names:
        if name == paths.id or name.startswith("."):
            continue
        other = RunPaths(Path(runs, name))
        try:
            yield other, atomic.read_json(other.run_json)
        except (FileNotFoundError, atomic.Unreadable):
            continue
