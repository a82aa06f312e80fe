"""fill-mask, the heavy half: AutoModelForMaskedLM; what is hidden is drawn by text and epoch when a batch is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tui_finetune.builtin.heads.token_scores import Collator, TokenCollator, scored, token_scores, unfit
from tui_finetune.builtin.tasks.fill_mask import FILLS
from tui_finetune.builtin.tasks.masking import masked
from tui_finetune.errors import ModelError, Problem
from tui_finetune.plugin_api import HeavyTask, ModelRequest, Task

if TYPE_CHECKING:
    import numpy as np
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase, TrainerCallback

TRAINED = "trained"
"""Column of what is trained on: its words are hidden otherwise in each epoch. What is measured is hidden in one way."""
ENCODERS = "Take an encoder: BERT, RoBERTa, DeBERTa, ModernBERT …; for a decoder there is the task causal-lm."
CANDIDATES = 5
"""Tokens that are named for a mask."""


@dataclass
class Turn:
    """The epoch, as the collator has to know it."""

    epoch: int = 0


class FillMaskHead(HeavyTask):
    model_class = "transformers:AutoModelForMaskedLM"
    inputs = ("words", TRAINED)
    trains_head = False

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self.turn = Turn()
        self.options: Mapping[str, Any] = {}

    def load_model(self, request: ModelRequest) -> PreTrainedModel:
        """The model with the head that it has, or a new one where it has none."""
        from transformers import AutoConfig

        self.options = request.options
        try:
            return self.pretrained(request)
        except ValueError as error:
            config = AutoConfig.from_pretrained(request.path, **request.remote)
            raise unfit(request.path, config, error, "masked language model", ENCODERS) from error

    def collator(self, tokenizer: PreTrainedTokenizerBase, *, padding: str, max_length: int) -> Collator:
        if tokenizer.mask_token_id is None:
            message = "the tokenizer has no mask token: no word can be hidden."
            raise ModelError(Problem(message, "model.path", hint=ENCODERS))
        return MaskingCollator(TokenCollator(tokenizer, padding, max_length), tokenizer, self)

    def packed(
        self,
        batches: Iterator[dict[str, list[Any]]],
        tokenizer: PreTrainedTokenizerBase,
        max_length: int,
        options: Mapping[str, Any],
    ) -> Iterator[dict[str, list[Any]]]:
        return ({**batch, TRAINED: [1] * len(batch["input_ids"])} for batch in batches)

    def reduced(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return token_scores(logits, labels)

    def score(
        self, model: PreTrainedModel, batch: Mapping[str, torch.Tensor], tokenizer: PreTrainedTokenizerBase
    ) -> list[np.ndarray]:
        return scored(model, batch, token_scores)

    def said(
        self,
        model: PreTrainedModel,
        encoded: Mapping[str, Sequence[Any]],
        tokenizer: PreTrainedTokenizerBase,
        options: Mapping[str, Any],
        batch_rows: int,
    ) -> dict[str, list[Any]]:
        """The likeliest tokens at each mask of a text, at its last window; of those windows alone that have one."""
        from tui_finetune.plugin_api.windows import features_of_rows

        mask = tokenizer.mask_token_id
        places = [place for place, ids in enumerate(encoded["input_ids"]) if mask in ids]
        found: list[list[Any]] = [[] for _ in encoded["input_ids"]]
        for place in places:
            found[place] = _candidates(model, encoded, place, tokenizer)
        for features in features_of_rows(encoded["row_index"]):
            found[features[-1]] = [one for place in features for one in found[place]]
        return {FILLS: found}

    def callbacks(self) -> list[TrainerCallback]:
        from transformers import TrainerCallback

        turn = self.turn

        class Counting(TrainerCallback):  # type: ignore[misc]
            """Tells the collator the epoch; also of one that is gone on with in its middle."""

            def on_epoch_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
                turn.epoch = int((state.epoch or 0) + 1e-6)

        return [Counting()]


class MaskingCollator:
    """Batches in which words are hidden; `labels` has what they were."""

    def __init__(self, inner: TokenCollator, tokenizer: PreTrainedTokenizerBase, head: FillMaskHead) -> None:
        self.inner, self.turn = inner, head.turn
        self.mask, self.vocabulary = int(tokenizer.mask_token_id), len(tokenizer)
        self.share = float(head.options.get("mlm_probability") or 0.15)
        self.whole_words = bool(head.options.get("whole_words", True))

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
        return self.inner([self._hidden(row) for row in rows])

    def _hidden(self, row: Mapping[str, Any]) -> dict[str, Any]:
        turn = 1 + self.turn.epoch if row.get(TRAINED) else 0
        ids, labels = masked(
            row["input_ids"],
            row["words"],
            share=self.share,
            whole_words=self.whole_words,
            mask=self.mask,
            vocabulary=self.vocabulary,
            turn=turn,
        )
        kept = {name: value for name, value in row.items() if name not in ("words", TRAINED)}
        return {**kept, "input_ids": ids, "labels": labels}


def _candidates(
    model: PreTrainedModel, encoded: Mapping[str, Sequence[Any]], place: int, tokenizer: PreTrainedTokenizerBase
) -> list[list[dict[str, Any]]]:
    """At each mask of a feature the likeliest tokens: text and score."""
    import torch

    names = [name for name in ("input_ids", "token_type_ids") if name in encoded]
    batch = {name: torch.tensor([encoded[name][place]], device=model.device) for name in names}
    logits = model(**batch).logits[0]
    at = (batch["input_ids"][0] == tokenizer.mask_token_id).nonzero()[:, 0]
    best = logits[at].float().softmax(-1).topk(min(CANDIDATES, logits.shape[-1]), dim=-1)
    return [
        [{"text": tokenizer.decode([token]), "score": float(score)} for token, score in zip(ids, scores, strict=True)]
        for ids, scores in zip(best.indices.tolist(), best.values.tolist(), strict=True)
    ]
