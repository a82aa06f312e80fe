"""reward, the heavy half: AutoModelForSequenceClassification with one output, trained by TRL's RewardTrainer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

from tui_finetune.builtin.heads.answering import with_template
from tui_finetune.builtin.heads.pairs import ENCODED, PairCollator, as_trl
from tui_finetune.builtin.tasks.reward import Reward
from tui_finetune.plugin_api import HeavyTask

if TYPE_CHECKING:
    import numpy as np
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase, Trainer


class RewardHead(HeavyTask):
    model_class = "transformers:AutoModelForSequenceClassification"
    inputs = ENCODED

    def prepare_tokenizer(self, tokenizer: PreTrainedTokenizerBase) -> None:
        with_template(tokenizer, cast("Reward", self.task).template)

    def collator(
        self, tokenizer: PreTrainedTokenizerBase, *, padding: str, max_length: int
    ) -> Callable[[list[dict[str, Any]]], dict[str, Any]]:
        return PairCollator(int(tokenizer.pad_token_id), padding, max_length)

    def score(
        self, model: PreTrainedModel, batch: Mapping[str, torch.Tensor], tokenizer: PreTrainedTokenizerBase
    ) -> list[np.ndarray]:
        """The rating of each answer of a row."""
        answers = batch["input_ids"].shape[1]
        inputs = as_trl({name: batch[name] for name in ("input_ids", "attention_mask")})
        rated = model(**inputs).logits.squeeze(-1).reshape(answers, -1).T
        return list(rated.float().cpu().numpy())

    def split_logits(self, logits: torch.Tensor, attention_mask: torch.Tensor) -> list[np.ndarray]:
        return list(logits.detach().float().cpu().numpy())

    def trainer_class(self) -> type[Trainer]:
        from tui_finetune.builtin.heads.trl_reward import PairRewardTrainer

        return PairRewardTrainer
