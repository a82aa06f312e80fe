"""token-classification, the heavy half: AutoModelForTokenClassification and a collator that pads the labels too."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tui_finetune.builtin.tasks.token_classification import IGNORED
from tui_finetune.plugin_api import HeavyTask

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


class TokenClassificationHead(HeavyTask):
    model_class = "transformers:AutoModelForTokenClassification"

    def collator(
        self,
        tokenizer: PreTrainedTokenizerBase,
        *,
        padding: str,
        max_length: int,
    ) -> Callable[[list[dict[str, Any]]], dict[str, Any]]:
        from transformers import DataCollatorForTokenClassification

        return DataCollatorForTokenClassification(  # type: ignore[no-any-return]
            tokenizer,
            padding=padding,
            max_length=max_length,
            label_pad_token_id=IGNORED,
        )
