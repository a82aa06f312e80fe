"""multiple-choice, the heavy half: AutoModelForMultipleChoice, of rows with any number of choices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn.functional import cross_entropy
from transformers import PreTrainedModel, PreTrainedTokenizerBase
from transformers.modeling_outputs import MultipleChoiceModelOutput

from tui_finetune.builtin.tasks.sentence_texts import ENCODED, texts_in_order, types_in_order
from tui_finetune.plugin_api import HeavyTask, ModelRequest

INPUTS = (*ENCODED, "other_types", "token_type_ids")


class MultipleChoiceHead(HeavyTask):
    model_class = "transformers:AutoModelForMultipleChoice"
    inputs = INPUTS

    def load_model(self, request: ModelRequest) -> PreTrainedModel:
        model: Any = super().load_model(request)
        kind = type(model)
        model.__class__ = type(kind.__name__, (OfAnyNumber, kind), {"__module__": kind.__module__})
        found: PreTrainedModel = model
        return found

    def collator(
        self, tokenizer: PreTrainedTokenizerBase, *, padding: str, max_length: int
    ) -> Callable[[list[dict[str, Any]]], dict[str, Any]]:
        return ChoiceCollator(int(tokenizer.pad_token_id), padding, max_length)

    def score(
        self, model: PreTrainedModel, batch: Mapping[str, torch.Tensor], tokenizer: PreTrainedTokenizerBase
    ) -> list[np.ndarray]:
        """Of every choice that the batch's largest row has: decoding knows how many a row has."""
        inputs = {name: value for name, value in batch.items() if name not in ("labels", "choice_count")}
        return self.split_logits(model(**inputs).logits, batch["attention_mask"])


class OfAnyNumber:
    """Laid over a model class: choices that a row does not have are never right. Otherwise the library's own forward."""

    def forward(
        self: Any,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        token_type_ids: torch.Tensor | None = None,
        labels: torch.Tensor | None = None,
        choice_count: torch.Tensor | None = None,
    ) -> MultipleChoiceModelOutput:
        types = {} if token_type_ids is None else {"token_type_ids": token_type_ids}
        found = super().forward(input_ids=input_ids, attention_mask=attention_mask, **types)  # type: ignore[misc]
        logits = found.logits
        if choice_count is not None:
            absent = torch.arange(logits.shape[1], device=logits.device) >= choice_count[:, None]
            logits = logits.masked_fill(absent, torch.finfo(logits.dtype).min)
        loss = None if labels is None else cross_entropy(logits, labels)
        return MultipleChoiceModelOutput(loss=loss, logits=logits)


@dataclass(frozen=True)
class ChoiceCollator:
    """Pads tokens at their end and rows to the largest number of choices."""

    padding_id: int
    padding: str
    max_length: int

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, torch.Tensor]:
        texts = [texts_in_order(row) for row in rows]
        longest = max(1, *(len(ids) for row in texts for ids in row))
        tokens = self.max_length if self.padding == "max_length" else longest
        shape = (len(rows), max(map(len, texts)), tokens)
        batch = {"input_ids": _filled(shape, texts, self.padding_id)}
        batch["attention_mask"] = _filled(shape, [[[1] * len(ids) for ids in row] for row in texts], 0)
        batch["attention_mask"][..., 0] = 1  # a choice that is not there: nothing to look at would be no number
        if "token_type_ids" in rows[0]:
            batch["token_type_ids"] = _filled(shape, [types_in_order(row) for row in rows], 0)
        batch["choice_count"] = torch.tensor([len(row) for row in texts])
        if "labels" in rows[0]:
            batch["labels"] = torch.tensor([int(row["labels"]) for row in rows])
        return batch


def _filled(shape: tuple[int, ...], values: Sequence[Sequence[Sequence[int]]], rest: int) -> torch.Tensor:
    found = torch.full(shape, rest, dtype=torch.long)
    for row, several in enumerate(values):
        for at, one in enumerate(several):
            found[row, at, : len(one)] = torch.tensor(one, dtype=torch.long)
    return found
