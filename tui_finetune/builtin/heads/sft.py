"""sft, the heavy half: AutoModelForCausalLM, trained by TRL's SFTTrainer, measured on what it learns to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from tui_finetune.builtin.heads.answering import answers_to, with_template
from tui_finetune.builtin.heads.causal_lm import CausalLmHead
from tui_finetune.builtin.tasks.chat_tokens import JOINED
from tui_finetune.builtin.tasks.sft import CONTINUATION, Sft
from tui_finetune.plugin_api import HeavyTask

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase, Trainer


class SftHead(CausalLmHead):
    packed = HeavyTask.packed  # type: ignore[assignment]
    reduced = HeavyTask.reduced

    def prepare_tokenizer(self, tokenizer: PreTrainedTokenizerBase) -> None:
        template = cast("Sft", self.task).template
        if template != JOINED:
            with_template(tokenizer, template)

    def said(
        self,
        model: PreTrainedModel,
        encoded: Mapping[str, Sequence[Any]],
        tokenizer: PreTrainedTokenizerBase,
        options: Mapping[str, Any],
        batch_rows: int,
    ) -> dict[str, list[Any]]:
        """`continuation`: the answer to what stands before the last answer."""
        prompts = [ids[:asked] for ids, asked in zip(encoded["input_ids"], encoded["asked"], strict=True)]
        return {CONTINUATION: answers_to(model, prompts, tokenizer, options, batch_rows)}

    def trainer_class(self) -> type[Trainer]:
        from tui_finetune.builtin.heads.trl_sft import EncodedSFTTrainer

        return EncodedSFTTrainer
