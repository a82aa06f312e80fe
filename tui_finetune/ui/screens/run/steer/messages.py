"""What the work of the Run screen's sheets tells."""

from __future__ import annotations

from dataclasses import dataclass

from tui_finetune.runs.info import RunInfo
from tui_finetune.ui.messages import Told


@dataclass
class CheckpointRemoved(Told):
    """A checkpoint of an ended run is gone."""

    run: RunInfo
    step: int
