"""Where a steered run is within its epoch, for every callback."""

from __future__ import annotations

from typing import Any

from transformers import TrainerCallback


class PositionCallback(TrainerCallback):  # type: ignore[misc]
    """First of all callbacks: the epoch as a fraction, where the library reckons with a segment as if it were an epoch."""

    def __init__(self, trainer: Any) -> None:
        self._trainer = trainer

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        segment = self._trainer.segment
        if segment is not None and segment.start_row > 0:
            state.epoch = segment.position(state.global_step, self._trainer.epochs)
