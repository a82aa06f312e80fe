"""TRL's trainers as this program's loop needs them: over rows that are encoded already, silent, told nothing twice."""

from __future__ import annotations

from typing import Any

import torch


class OverEncodedRows:
    """Laid over a Trainer of TRL."""

    columns: tuple[str, ...] = ()
    """What the collator takes."""

    def _prepare_dataset(self, dataset: Any, *args: Any, **more: Any) -> Any:
        """The rows were encoded by the task, which the screens show and predicting repeats."""
        return dataset

    def _set_signature_columns_if_needed(self: Any) -> None:
        self._signature_columns = list(self.columns)

    def _send_telemetry(self) -> None:
        """Nothing is told to anybody."""

    def train(self: Any, *args: Any, **more: Any) -> Any:
        """Pre-flight's batches are none of the run's figures."""
        self._metrics["train"].clear()
        self._total_train_tokens = 0
        return super().train(*args, **more)  # type: ignore[misc]

    def log(self: Any, logs: dict[str, float], *args: Any, **more: Any) -> None:
        """Evaluations have figures of this program: TRL's, of batches, would stand beside them under other names."""
        self._metrics["eval"].clear()
        super().log(logs, *args, **more)  # type: ignore[misc]


def no_labels(rows: int) -> torch.Tensor:
    """What stands for labels in an evaluation, which asks for some to compute metrics."""
    return torch.zeros(rows, dtype=torch.long)
