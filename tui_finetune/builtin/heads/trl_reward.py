"""TRL's RewardTrainer over pairs as this program encodes them. Imports trl: by the worker of such a run only."""

from __future__ import annotations

from typing import Any

import torch
from trl import RewardTrainer

from tui_finetune.builtin.heads.pairs import ENCODED, as_trl
from tui_finetune.builtin.heads.trl_base import OverEncodedRows, no_labels


class PairRewardTrainer(OverEncodedRows, RewardTrainer):  # type: ignore[misc]
    columns = ("input_ids", *ENCODED)

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        batch = as_trl({name: inputs[name] for name in ("input_ids", "attention_mask")})
        return super().compute_loss(model, batch, return_outputs, num_items_in_batch)

    def prediction_step(
        self, model: Any, inputs: Any, prediction_loss_only: bool, ignore_keys: list[str] | None = None
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The loss, and the ratings of both answers. Shape [rows, 2]."""
        inputs = self._prepare_inputs(inputs)
        with torch.no_grad(), self.compute_loss_context_manager():
            loss, outputs = self.compute_loss(model, inputs, return_outputs=True)
        ratings = torch.stack(outputs.logits.squeeze(-1).chunk(2), dim=1)
        return loss.detach(), ratings, no_labels(len(ratings)).to(ratings.device)
