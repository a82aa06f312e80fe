"""dpo, the heavy half: AutoModelForCausalLM, trained by TRL's DPOTrainer against what it said before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from tui_finetune.builtin.heads.answering import answers_to, with_template
from tui_finetune.builtin.heads.causal_lm import CausalLmHead
from tui_finetune.builtin.heads.pairs import ENCODED, REFERENCE, PairCollator, answer_logps
from tui_finetune.builtin.tasks.dpo import CONTINUATION, DirectPreference
from tui_finetune.plugin_api import HeavyTask

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase, Trainer


class DirectPreferenceHead(CausalLmHead):
    inputs = (*ENCODED, *REFERENCE)
    reference_columns = REFERENCE

    packed = HeavyTask.packed  # type: ignore[assignment]
    reduced = HeavyTask.reduced

    def prepare_tokenizer(self, tokenizer: PreTrainedTokenizerBase) -> None:
        with_template(tokenizer, cast("DirectPreference", self.task).template)

    def collator(
        self, tokenizer: PreTrainedTokenizerBase, *, padding: str, max_length: int
    ) -> Callable[[list[dict[str, Any]]], dict[str, Any]]:
        return PairCollator(int(tokenizer.pad_token_id), padding, max_length)

    def reference(
        self, model: PreTrainedModel, batch: Mapping[str, torch.Tensor], tokenizer: PreTrainedTokenizerBase
    ) -> list[np.ndarray]:
        """Log probabilities of both answers."""
        return list(answer_logps(model, batch).float().cpu().numpy())

    def score(
        self, model: PreTrainedModel, batch: Mapping[str, torch.Tensor], tokenizer: PreTrainedTokenizerBase
    ) -> list[np.ndarray]:
        """Log probabilities of both answers, and the reference's; of a prompt alone nothing: it is answered by `said`."""
        if batch["input_ids"].shape[1] < 2:
            return [np.zeros(1, dtype=np.float32)] * len(batch["input_ids"])
        ours = answer_logps(model, batch).float().cpu().numpy()
        theirs = np.stack([batch[name].float().cpu().numpy() for name in REFERENCE], axis=1)
        return list(np.concatenate([ours, theirs], axis=1))

    def split_logits(self, logits: torch.Tensor, attention_mask: torch.Tensor) -> list[np.ndarray]:
        return list(logits.detach().float().cpu().numpy())

    def said(
        self,
        model: PreTrainedModel,
        encoded: Mapping[str, Sequence[Any]],
        tokenizer: PreTrainedTokenizerBase,
        options: Mapping[str, Any],
        batch_rows: int,
    ) -> dict[str, list[Any]]:
        """`continuation`: the answer to each prompt."""
        if "other_ids" in encoded:
            return {}
        return {CONTINUATION: answers_to(model, encoded["input_ids"], tokenizer, options, batch_rows)}

    def trainer_class(self) -> type[Trainer]:
        from tui_finetune.builtin.heads.trl_dpo import PairDPOTrainer

        beta = cast("DirectPreference", self.task).beta
        return type("PairDPOTrainer", (PairDPOTrainer,), {"own_beta": beta})
