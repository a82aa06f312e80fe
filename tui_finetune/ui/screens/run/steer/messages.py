"""What the work of the Run screen's sheets tells."""

from __future__ import annotations

from dataclasses import dataclass

from tui_finetune.runs.info import RunInfo
from tui_finetune.ui.messages import Told


@dataclass
class CheckpointExported(Told):
    """A checkpoint is a model of its own in a folder."""

    step: int
    folder: str
    bytes: int
    merged: bool


@dataclass
class ExportRefused(Told):
    """It was not written, and why."""

    problem: str


@dataclass
class CheckpointRemoved(Told):
    """A checkpoint of an ended run is gone."""

    run: RunInfo
    step: int
