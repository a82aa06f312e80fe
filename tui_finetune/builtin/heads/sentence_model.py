"""An encoder whose output is a vector for each text: the library's own class with another forward, saved as it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn.functional import normalize
from transformers.modeling_outputs import SequenceClassifierOutput

from tui_finetune.builtin.heads.similarity_losses import Loss

NEARLY_NONE = 1e-9


class SentenceModel:
    """Laid over a model class by `as_sentence_model`. Texts come as [rows, texts of a row, tokens]."""

    similarity_loss: Loss | None = None

    def forward(
        self: Any,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        labels: torch.Tensor | None = None,
    ) -> Any:
        """logits: the vectors of a row's texts, each of length 1, one behind the other. Of [texts, tokens] what the class
        itself gives."""
        if input_ids.dim() == 2:
            return super().forward(input_ids=input_ids, attention_mask=attention_mask)  # type: ignore[misc]
        mask = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        by_row = text_vectors(super().forward, input_ids, mask, self.config.sentence_pooling)  # type: ignore[misc]
        loss = None if labels is None or self.similarity_loss is None else self.similarity_loss(by_row, labels)
        return SequenceClassifierOutput(loss=loss, logits=by_row.flatten(1))


def text_vectors(encode: Callable[..., Any], ids: torch.Tensor, mask: torch.Tensor, how: str) -> torch.Tensor:
    """Vectors of length 1, [rows, texts, numbers]. encode: an encoder, or its forward."""
    rows, texts, tokens = ids.shape
    flat = mask.reshape(-1, tokens)
    hidden = encode(input_ids=ids.reshape(-1, tokens), attention_mask=flat)[0].float()
    return normalize(pooled(hidden, flat, how), dim=-1).reshape(rows, texts, -1)


def pooled(hidden: torch.Tensor, mask: torch.Tensor, how: str) -> torch.Tensor:
    """One vector of those of the tokens; padding stands behind them."""
    if how == "cls":
        return hidden[:, 0]
    if how == "last":
        last = (mask.sum(dim=1) - 1).clamp(min=0)
        return hidden[torch.arange(len(hidden), device=hidden.device), last]
    there = mask.unsqueeze(-1).to(hidden.dtype)
    if how == "max":
        return hidden.masked_fill(there == 0, torch.finfo(hidden.dtype).min).amax(dim=1)
    return (hidden * there).sum(dim=1) / there.sum(dim=1).clamp(min=NEARLY_NONE)


def as_sentence_model(model: Any, pooling: str, loss: Loss) -> Any:
    """The same model with another forward. Its class keeps its name, by which it is saved and loaded."""
    kind = type(model)
    model.__class__ = type(kind.__name__, (SentenceModel, kind), {"__module__": kind.__module__})
    model.config.sentence_pooling = pooling
    model.similarity_loss = loss
    if getattr(model, "pooler", None) is not None:
        for parameter in model.pooler.parameters():
            parameter.requires_grad = False  # it takes no part
    return model
