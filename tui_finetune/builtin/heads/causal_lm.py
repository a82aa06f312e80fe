"""causal-lm, the heavy half: AutoModelForCausalLM, trained on packed blocks, measured token by token, writing on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tui_finetune.builtin.heads.packing import Columns, ended_texts, packed_blocks
from tui_finetune.builtin.heads.token_scores import Collator, TokenCollator, scored, shifted_scores, unfit
from tui_finetune.builtin.tasks.causal_lm import CONTINUATION
from tui_finetune.builtin.tasks.generation_options import MAX_NEW_TOKENS, generation_settings
from tui_finetune.errors import ModelError, Problem, RecipeError
from tui_finetune.plugin_api import HeavyTask, ModelRequest

if TYPE_CHECKING:
    import numpy as np
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

SEED = 0
"""Of what is drawn with do_sample: the same prompt is written on in the same way."""
DECODERS = "Take a decoder: GPT-2, Llama, Qwen, Gemma …; for an encoder there is the task fill-mask."
LOOKS_AHEAD = 1e-3
"""Above this a change of a later token has changed what is said of an earlier one."""


class CausalLmHead(HeavyTask):
    model_class = "transformers:AutoModelForCausalLM"
    trains_head = False

    def load_model(self, request: ModelRequest) -> PreTrainedModel:
        """The model with the head that it has. An encoder is read as a decoder where it can be; else ModelError."""
        from transformers import AutoConfig

        config = AutoConfig.from_pretrained(request.path, **request.remote)
        if hasattr(config, "is_decoder"):
            config.is_decoder = True
        try:
            model = self.pretrained(request, config=config)
        except ValueError as error:
            raise unfit(request.path, config, error, "causal language model", DECODERS) from error
        if looks_ahead(model):
            message = f"{request.path} is a {type(model).__name__} that sees the tokens that it is to foretell."
            raise ModelError(Problem(message, "model.path", hint=DECODERS))
        return model

    def collator(self, tokenizer: PreTrainedTokenizerBase, *, padding: str, max_length: int) -> Collator:
        return TokenCollator(tokenizer, padding, max_length)

    def packed(
        self,
        batches: Iterable[Columns],
        tokenizer: PreTrainedTokenizerBase,
        max_length: int,
        options: Mapping[str, Any],
    ) -> Iterator[dict[str, Any]]:
        end = [] if tokenizer.eos_token_id is None else [int(tokenizer.eos_token_id)]
        if not options.get("packing", True):
            return ended_texts(batches, end, max_length) if end else iter(map(dict, batches))
        separator = options.get("separator")
        between = end if separator is None else tokenizer.encode(separator, add_special_tokens=False)
        if not between and separator is None and tokenizer.sep_token_id is None:  # which ends a text already
            message = "the tokenizer has no end-of-text token to put between texts."
            raise RecipeError(
                Problem(message, "task_options.separator", hint='Name a text instead: separator = "\\n\\n".')
            )
        return packed_blocks(batches, between, max_length)

    def reduced(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return shifted_scores(logits, labels)

    def score(
        self, model: PreTrainedModel, batch: Mapping[str, torch.Tensor], tokenizer: PreTrainedTokenizerBase
    ) -> list[np.ndarray]:
        return scored(model, batch, shifted_scores)

    def said(
        self,
        model: PreTrainedModel,
        encoded: Mapping[str, Sequence[Any]],
        tokenizer: PreTrainedTokenizerBase,
        options: Mapping[str, Any],
        batch_rows: int,
    ) -> dict[str, list[Any]]:
        """`continuation` of each text, at its last window; nothing of an empty one."""
        from tui_finetune.plugin_api.windows import ROW_INDEX, features_of_rows

        last = [places[-1] for places in features_of_rows(encoded[ROW_INDEX])]
        prompts = {place: _prompt(encoded["input_ids"][place], tokenizer) for place in last}
        asked = sorted((place for place in last if prompts[place]), key=lambda place: -len(prompts[place]))
        found = [""] * len(encoded["input_ids"])
        for start in range(0, len(asked), batch_rows):
            chosen = asked[start : start + batch_rows]
            written = written_on(model, [prompts[place] for place in chosen], tokenizer, options)
            for place, text in zip(chosen, written, strict=True):
                found[place] = text
        return {CONTINUATION: found}


def _prompt(ids: Sequence[int], tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Without what the tokenizer puts after a text: nothing would be written on after its end."""
    ends = {tokenizer.eos_token_id, tokenizer.sep_token_id} - {tokenizer.bos_token_id}
    found = list(ids)
    while found and found[-1] in ends:
        found.pop()
    return found


def written_on(
    model: PreTrainedModel,
    prompts: Sequence[Sequence[int]],
    tokenizer: PreTrainedTokenizerBase,
    options: Mapping[str, Any],
) -> list[str]:
    """What the model writes after each prompt. A prompt that leaves no room loses its beginning."""
    import torch

    settings = {"max_new_tokens": MAX_NEW_TOKENS, **generation_settings(options)}
    positions = (
        getattr(model.config, "max_position_embeddings", None) or max(map(len, prompts)) + settings["max_new_tokens"]
    )
    settings["max_new_tokens"] = min(settings["max_new_tokens"], max(1, positions // 2))
    room = max(1, positions - settings["max_new_tokens"])
    cut = [list(one)[-room:] for one in prompts]
    length = max(map(len, cut))
    pad = int(tokenizer.pad_token_id)
    ids = torch.tensor([[*[pad] * (length - len(one)), *one] for one in cut], device=model.device)
    mask = torch.tensor([[0] * (length - len(one)) + [1] * len(one) for one in cut], device=model.device)
    if settings.get("do_sample"):
        torch.manual_seed(SEED)
    written = model.generate(input_ids=ids, attention_mask=mask, pad_token_id=pad, **settings)
    # With what stands before it: alone a first piece would lose the blank that it begins with.
    before = tokenizer.batch_decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    whole = tokenizer.batch_decode(written, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    return [after.removeprefix(prompt) for prompt, after in zip(before, whole, strict=True)]


def looks_ahead(model: PreTrainedModel) -> bool:
    """True where another last token changes what is said before it: no causal model."""
    import torch

    training = model.training
    ids = torch.arange(1, 9, device=model.device).remainder(model.config.vocab_size).repeat(2, 1)
    ids[1, -1] = 0
    with torch.no_grad():
        logits = model.eval()(input_ids=ids).logits[:, :-1].float()
    model.train(training)
    return bool((logits[0] - logits[1]).abs().max() > LOOKS_AHEAD * logits.abs().max().clamp(min=1e-6))
