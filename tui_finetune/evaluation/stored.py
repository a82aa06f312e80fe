"""Evaluations that lie in run directories: which there are, and what their reports say. Light: it reads JSON alone."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tui_finetune.errors import Problem, UserError
from tui_finetune.live.evaluation_page import Measured
from tui_finetune.runs.branches import origin
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.layout import PREDICTIONS, REPORT
from tui_finetune.runs.states import Status

SPLITS = ("test", "validation")
"""The order in which a run's own splits are looked at."""
VERSION = 1


@dataclass(frozen=True)
class Stored:
    """One evaluation of a run directory."""

    info: RunInfo
    """The run whose directory it is in."""
    split: str
    about: str
    """Id of the run whose model was measured; the run's own where it measured itself."""
    t: float
    """When it was written."""
    checkpoint: int | None = None
    """The step of the checkpoint that was measured; None for the run's final model."""

    @property
    def folder(self) -> Path:
        return self.info.paths.evaluation(self.split)

    @property
    def key(self) -> str:
        """Unlike that of any other evaluation."""
        return f"{self.info.id}/{self.split}"

    @property
    def predictions(self) -> Path:
        return self.folder / PREDICTIONS


def evaluations_of(info: RunInfo) -> list[Stored]:
    """Those in one run directory: test first, then validation, then others."""
    found = []
    try:
        names = sorted(os.listdir(info.paths.evaluations))
    except OSError:
        return []
    for name in names:
        try:
            t = (info.paths.evaluation(name) / REPORT).stat().st_mtime
        except OSError:
            continue
        about = origin(info.of) if info.kind == "evaluate" else None
        measured = (info.id, None) if about is None else (about.run, about.checkpoint)
        found.append(Stored(info, name, measured[0], t, measured[1]))
    return sorted(found, key=lambda one: (SPLITS.index(one.split) if one.split in SPLITS else len(SPLITS), one.split))


def all_evaluations(infos: Sequence[RunInfo]) -> list[Stored]:
    """Those of many runs, in the order of the runs."""
    return [one for info in infos for one in evaluations_of(info)]


def best_for(stored: Sequence[Stored], run_id: str | None, split: str | None = None) -> Stored | None:
    """The evaluation that stands for a run: its own, else the newest job that measured it. split: only of this one."""
    fitting = [one for one in stored if split is None or one.split == split]
    own = next((one for one in fitting if one.info.id == run_id), None)
    jobs = [one for one in fitting if one.about == run_id and one.checkpoint is None]
    about = max(jobs, key=lambda one: one.t, default=None)
    return own or about


def read_stored(stored: Stored) -> dict[str, Any]:
    """Its report. Raises UserError where it cannot be read."""
    import json

    path = stored.folder / REPORT
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read: {error}.") from error
    if not isinstance(found, dict) or not isinstance(found.get("metrics"), dict):
        raise UserError(f"{path} is no report of an evaluation.")
    if isinstance(found.get("v"), int) and found["v"] > VERSION:
        problem = Problem(f"{path} is of version {found['v']}; this program reads up to {VERSION}.")
        raise UserError(problem)
    return found


def baselines_beside(stored: Stored, report: Mapping[str, Any], others: Sequence[Stored]) -> dict[str, Any]:
    """What trivial methods reach on the same rows: the report's own, else those that the measured run itself has."""
    own = report.get("baselines")
    if own:
        return dict(own)
    run = next((one for one in others if one.info.id == stored.about and one.split == stored.split), None)
    if run is None or run.key == stored.key:
        return {}
    try:
        found = read_stored(run)
    except UserError:
        return {}
    return dict(found.get("baselines") or {}) if found.get("rows") == report.get("rows") else {}


def measured_of(
    stored: Stored, others: Sequence[Stored], run: RunInfo | None = None, status: Status | None = None
) -> Measured:
    """An evaluation as screens and verbs show it. run, status: of the run whose model was measured, where it is here."""
    report = read_stored(stored)
    info = run if run is not None else stored.info
    step = (status.best_step or status.step) if status is not None else None
    return Measured(
        stored.key, stored.info.id, stored.about, info.name, info.short, stored.split, stored.t, report,
        baselines_beside(stored, report, others), step, str(stored.folder),
    )  # fmt: skip
