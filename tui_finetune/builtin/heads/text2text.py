"""text2text-generation, the heavy half: AutoModelForSeq2SeqLM, measured by what it writes and by the loss of what is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tui_finetune.builtin.heads.generating_trainer import GeneratingTrainer, LossTrainer
from tui_finetune.builtin.heads.token_scores import Collator, token_scores
from tui_finetune.builtin.heads.writing import TextCollator, written_ids
from tui_finetune.builtin.tasks.generation_options import generation_settings
from tui_finetune.builtin.tasks.text2text import WRITTEN, Settings
from tui_finetune.errors import ModelError, Problem
from tui_finetune.plugin_api import HeavyTask, ModelRequest

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase, Trainer

MORE_SETTINGS = ("length_penalty", "early_stopping", "min_new_tokens")


class Text2TextHead(HeavyTask):
    model_class = "transformers:AutoModelForSeq2SeqLM"
    trains_head = False

    @property
    def settings(self) -> Settings:
        return getattr(self.task, "settings", Settings())

    @property
    def measures_in_training(self) -> bool:
        return self.settings.generate_in_training

    def load_model(self, request: ModelRequest) -> PreTrainedModel:
        """The model with the head that it has, and how it writes. Raises ModelError for what is no encoder-decoder."""
        from transformers import AutoConfig

        config = AutoConfig.from_pretrained(request.path, **request.remote)
        if not config.is_encoder_decoder:
            message = (
                f"{request.path} is a {config.model_type}, which has no decoder that reads what an encoder has read."
            )
            raise ModelError(Problem(message, "model.path", hint="Take an encoder-decoder: T5, BART, mBART …"))
        positions = getattr(config, "max_position_embeddings", None)
        wanted = self.settings.max_target_length
        if positions is not None and wanted > positions:
            message = f"is {wanted}; {request.path} has positions for {positions} tokens."
            raise ModelError(Problem(message, "task_options.max_target_length", hint=f"Set {positions} or less."))
        model = self.pretrained(request, config=config)
        settings = {"max_new_tokens": wanted, **writing_settings(request.options)}
        if positions is not None:
            settings["max_new_tokens"] = min(settings["max_new_tokens"], positions - 1)
        model.generation_config.update(**settings, **self._begins_with(request))
        return model

    def _begins_with(self, request: ModelRequest) -> dict[str, Any]:
        """Of models that write in several languages the token that a text begins with: forced behind the first, or first."""
        language = self.settings.target_language
        if language is None:
            return {}
        from transformers import AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(request.path, **request.remote)
        self.prepare_tokenizer(tokenizer)
        code = tokenizer.convert_tokens_to_ids(language)
        ids = tokenizer(text_target="a")["input_ids"]
        return {"forced_bos_token_id": code} if ids[0] == code else {"decoder_start_token_id": code}

    def prepare_tokenizer(self, tokenizer: PreTrainedTokenizerBase) -> None:
        """Sources get their language's token. Raises ModelError for languages that the tokenizer does not know, and for one that
        parts targets otherwise than sources."""
        source, target = self.settings.source_language, self.settings.target_language
        for key, language in (("source_language", source), ("target_language", target)):
            if language is not None and language not in tokenizer.get_vocab():
                known = [token for token in tokenizer.all_special_tokens if "_" in token and not token.startswith("<")]
                hint = (
                    f"It has: {', '.join(known[:12])}{' …' if len(known) > 12 else ''}."
                    if known
                    else "It has no languages."
                )
                raise ModelError(Problem(f"the tokenizer has no token {language}.", f"task_options.{key}", hint=hint))
        if source is not None:
            tokenizer.src_lang, tokenizer.tgt_lang = source, target
        elif hasattr(tokenizer, "src_lang") and hasattr(tokenizer, "lang_code_to_id"):
            hint = 'Name both: source_language = "en_XX", target_language = "de_DE".'
            raise ModelError(
                Problem("this tokenizer puts a language before its texts.", "task_options.source_language", hint=hint)
            )
        own, other = (tokenizer(**{name: "The same."})["input_ids"] for name in ("text", "text_target"))
        if sorted({*own}.symmetric_difference(other)) and source is None:
            name = type(tokenizer).__name__
            hint = "Take a model with one vocabulary for both: T5, BART, mBART …"
            raise ModelError(Problem(f"{name} parts targets otherwise than sources.", "model.path", hint=hint))

    def collator(self, tokenizer: PreTrainedTokenizerBase, *, padding: str, max_length: int) -> Collator:
        return TextCollator(tokenizer, padding, max_length)

    def trainer_class(self) -> type[Trainer]:
        return GeneratingTrainer if self.settings.generate_in_training else LossTrainer

    def score(
        self, model: PreTrainedModel, batch: Mapping[str, torch.Tensor], tokenizer: PreTrainedTokenizerBase
    ) -> list[np.ndarray]:
        losses = np.full(len(batch["input_ids"]), np.nan)
        if "labels" in batch:
            losses = token_scores(model(**batch).logits, batch["labels"])[..., 0].nanmean(dim=1).cpu().numpy()
        return _rows(_texts(written_ids(model, batch).tolist(), tokenizer), losses)

    def read(self, outputs: Sequence[np.ndarray], tokenizer: PreTrainedTokenizerBase) -> list[np.ndarray]:
        """outputs: token ids, -100 for padding."""
        ids = [[int(token) for token in row if token >= 0] for row in outputs]
        return _rows(_texts(ids, tokenizer), np.full(len(ids), np.nan))


def writing_settings(options: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of `generate`."""
    more = {name: options[name] for name in MORE_SETTINGS if options.get(name) is not None}
    return {**generation_settings(options), **more}


def _texts(ids: Sequence[Sequence[int]], tokenizer: PreTrainedTokenizerBase) -> list[str]:
    found: list[str] = tokenizer.batch_decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    return [text.strip() for text in found]


def _rows(texts: Sequence[str | None], losses: np.ndarray) -> list[np.ndarray]:
    return [np.array([(text, loss)], dtype=WRITTEN) for text, loss in zip(texts, losses, strict=True)]
