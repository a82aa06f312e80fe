"""Trainers of encoder-decoders: an evaluation writes a text for every row, or gives the loss alone."""

from __future__ import annotations

from typing import Any

import torch
from transformers import Trainer

from tui_finetune.builtin.heads.writing import written_ids


class LossTrainer(Trainer):  # type: ignore[misc]
    """Evaluates by the loss."""

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """Label smoothing takes the labels away, of which the decoder's input is made."""
        if self.label_smoother is not None and "labels" in inputs:
            made = self.accelerator.unwrap_model(model).prepare_decoder_input_ids_from_labels(labels=inputs["labels"])
            inputs = {**inputs, "decoder_input_ids": made}
        return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)

    def prediction_step(
        self, model: Any, inputs: Any, prediction_loss_only: bool, ignore_keys: Any = None
    ) -> tuple[Any, Any, Any]:
        """The loss; what was written, no token here; the labels."""
        inputs = self._prepare_inputs(inputs)
        with torch.no_grad(), self.compute_loss_context_manager():
            loss = self.compute_loss(model, dict(inputs)).detach().mean()
            return loss, self.written(model, inputs), inputs["labels"]

    def written(self, model: Any, inputs: Any) -> torch.Tensor:
        return torch.full((len(inputs["labels"]), 1), -100, device=inputs["labels"].device)


class GeneratingTrainer(LossTrainer):
    """Evaluates by what the model writes as well."""

    def written(self, model: Any, inputs: Any) -> torch.Tensor:
        return written_ids(self.accelerator.unwrap_model(model), inputs)
