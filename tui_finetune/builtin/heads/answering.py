"""What heads that answer have in common: prompts answered in batches of like length, the template kept with the tokenizer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tui_finetune.builtin.heads.causal_lm import written_on
from tui_finetune.builtin.tasks.chat_texts import template_of
from tui_finetune.inference.encoders import chat_of

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


def answers_to(
    model: PreTrainedModel,
    prompts: Sequence[Sequence[int]],
    tokenizer: PreTrainedTokenizerBase,
    options: Mapping[str, Any],
    batch_rows: int,
) -> list[str]:
    """What the model writes after each prompt; nothing after an empty one."""
    asked = sorted((place for place, ids in enumerate(prompts) if ids), key=lambda place: -len(prompts[place]))
    found = [""] * len(prompts)
    for start in range(0, len(asked), batch_rows):
        chosen = asked[start : start + batch_rows]
        written = written_on(model, [prompts[place] for place in chosen], tokenizer, options)
        for place, text in zip(chosen, written, strict=True):
            found[place] = text
    return found


def with_template(tokenizer: PreTrainedTokenizerBase, option: str | None) -> None:
    """Gives the tokenizer the template that the option names, so that it is saved with the model."""
    tokenizer.chat_template = template_of(chat_of(tokenizer), option)
