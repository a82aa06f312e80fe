"""TRL's DPOTrainer over pairs as this program encodes and rates them. Imports trl: by the worker of such a run only."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional
from trl import DPOTrainer

from tui_finetune.builtin.heads.pairs import ENCODED, REFERENCE, answer_logps, as_trl
from tui_finetune.builtin.heads.trl_base import OverEncodedRows, no_labels


class PairDPOTrainer(OverEncodedRows, DPOTrainer):  # type: ignore[misc]
    columns = ("input_ids", *ENCODED, *REFERENCE)
    own_beta = 0.1
    """The task's."""

    def __init__(self, *args: Any, **more: Any) -> None:
        more["args"].beta = self.own_beta
        super().__init__(*args, **more)

    def _precompute_ref_logps(self, dataset: Any, name: str, batch_size: int) -> Any:
        """The rows have them."""
        return dataset

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        loss = super().compute_loss(model, as_trl(inputs), False, num_items_in_batch)
        return (loss, {}) if return_outputs else loss

    def prediction_step(
        self, model: Any, inputs: Any, prediction_loss_only: bool, ignore_keys: list[str] | None = None
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The loss by which validation is compared, DPO's own whatever is trained by; and log probabilities. Shape [rows, 4]."""
        inputs = self._prepare_inputs(inputs)
        with torch.no_grad(), self.compute_loss_context_manager():
            ours = answer_logps(model, inputs)
        theirs = torch.stack([inputs[name] for name in REFERENCE], dim=1).to(ours.dtype)
        apart = self.own_beta * (ours - theirs)
        loss = -functional.logsigmoid(apart[:, 0] - apart[:, 1]).mean()
        return loss, torch.cat([ours, theirs], dim=1), no_labels(len(ours)).to(ours.device)
