"""sentence-similarity, the heavy half: AutoModel, a vector a text, and losses over the vectors of a batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoConfig, PreTrainedModel, PreTrainedTokenizerBase

from tui_finetune.builtin.heads.sentence_files import pooling_of, write_sentence_files
from tui_finetune.builtin.heads.sentence_model import as_sentence_model, text_vectors
from tui_finetune.builtin.heads.similarity_losses import loss_of
from tui_finetune.builtin.tasks.sentence_texts import ENCODED, texts_in_order
from tui_finetune.errors import ModelError, Problem
from tui_finetune.plugin_api import HeavyTask, ModelRequest


class SentenceSimilarityHead(HeavyTask):
    model_class = "transformers:AutoModel"
    inputs = ENCODED
    trains_head = False

    def load_model(self, request: ModelRequest) -> PreTrainedModel:
        config = AutoConfig.from_pretrained(request.path, **request.remote)
        if config.is_encoder_decoder:
            hint = "Take an encoder: MiniLM, BERT, MPNet, ModernBERT …"
            raise ModelError(
                Problem(f"{request.path} is an encoder with a decoder: texts have no vector.", "model.path", hint=hint)
            )
        own = getattr(config, "sentence_pooling", None) or pooling_of(request.path, request.revision)
        model = self.pretrained(request)
        names = request.labels.names
        model.config.id2label, model.config.label2id = dict(enumerate(names)), {n: at for at, n in enumerate(names)}
        pooling = request.options.get("pooling") or own or "mean"
        found: PreTrainedModel = as_sentence_model(model, pooling, loss_of(request.options))
        return found

    def collator(
        self, tokenizer: PreTrainedTokenizerBase, *, padding: str, max_length: int
    ) -> Callable[[list[dict[str, Any]]], dict[str, Any]]:
        return TextsCollator(int(tokenizer.pad_token_id), padding, max_length)

    def score(
        self, model: PreTrainedModel, batch: Mapping[str, torch.Tensor], tokenizer: PreTrainedTokenizerBase
    ) -> list[np.ndarray]:
        """The vectors of a row's texts, one behind the other; of the library's own class too."""
        found = text_vectors(model, batch["input_ids"], batch["attention_mask"], model.config.sentence_pooling)
        return list(found.flatten(1).cpu().numpy())

    def write_beside(self, folder: Path, max_length: int) -> None:
        write_sentence_files(folder, max_length)


@dataclass(frozen=True)
class TextsCollator:
    """Pads the texts of all rows to one length, at their end."""

    padding_id: int
    padding: str
    max_length: int

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, torch.Tensor]:
        texts = [texts_in_order(row) for row in rows]
        needed = max(1, *(len(ids) for row in texts for ids in row))
        shape = (len(rows), len(texts[0]), self.max_length if self.padding == "max_length" else needed)
        ids, mask = torch.full(shape, self.padding_id, dtype=torch.long), torch.zeros(shape, dtype=torch.long)
        for place, row in enumerate(texts):
            for side, one in enumerate(row):
                ids[place, side, : len(one)] = torch.tensor(one, dtype=torch.long)
                mask[place, side, : len(one)] = 1
        # Rows without a score have something in its place: an evaluation asks for labels to be measured.
        scores = torch.tensor([float(row.get("labels", 0)) for row in rows], dtype=torch.float32)
        return {"input_ids": ids, "attention_mask": mask, "labels": scores}
