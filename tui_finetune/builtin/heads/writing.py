"""Batches of sources and targets, and what a model writes after them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch

from tui_finetune.builtin.tasks.token_losses import IGNORED

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

SEED = 0
"""Of what is drawn with do_sample: the same batch is answered in the same way."""
READ = ("input_ids", "attention_mask")


class TextCollator:
    """Pads sources as the tokenizer does, targets on the right with what counts nothing."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, padding: str, max_length: int) -> None:
        self.tokenizer, self.padding, self.max_length = tokenizer, padding, max_length

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
        read = [{name: value for name, value in row.items() if name != "labels"} for row in rows]
        batch = dict(
            self.tokenizer.pad(
                read, padding=self.padding, max_length=self.max_length, return_attention_mask=True, return_tensors="pt"
            )
        )
        if "labels" in rows[0]:
            length = max(len(row["labels"]) for row in rows)
            batch["labels"] = torch.tensor(
                [[*row["labels"], *[IGNORED] * (length - len(row["labels"]))] for row in rows]
            )
        return batch


def written_ids(model: PreTrainedModel, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """Tokens that the model writes for each row, by its own generation config. What it draws costs the run no draw."""
    read = {name: batch[name] for name in READ}
    if not model.generation_config.do_sample:
        return model.generate(**read)
    devices = [model.device] if model.device.type == "cuda" else []
    with torch.random.fork_rng(devices):
        torch.manual_seed(SEED)
        return model.generate(**read)
