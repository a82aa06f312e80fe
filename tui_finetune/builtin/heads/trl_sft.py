"""TRL's SFTTrainer over rows as this program encodes them. Imports trl: by the worker of such a run only."""

from __future__ import annotations

from typing import Any

import torch
from trl import SFTTrainer

from tui_finetune.builtin.heads.trl_base import OverEncodedRows


class EncodedSFTTrainer(OverEncodedRows, SFTTrainer):  # type: ignore[misc]
    columns = ("input_ids", "labels")

    def prediction_step(
        self, model: Any, inputs: Any, prediction_loss_only: bool, ignore_keys: list[str] | None = None
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The loss, and of each token its loss and whether it was the likeliest: the scores of no whole vocabulary."""
        inputs = self._prepare_inputs(inputs)
        with torch.no_grad(), self.compute_loss_context_manager():
            returned = model(**inputs, use_cache=False, fused_lm_head=True)
        labels = inputs["labels"]
        asked = returned.label_mask
        raw = torch.full((*labels.shape, 2), torch.nan, device=labels.device)
        raw[:, 1:, 0][asked] = -returned.log_probs[asked].float()
        raw[:, 1:, 1][asked] = returned.is_top1[asked].float()
        loss = -returned.log_probs.sum() / asked.sum().clamp(min=1)
        return loss, raw, labels
