"""What language models' raw output is made of: each token's loss, and whether it was the likeliest. Reduced on the device."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch

from tui_finetune.builtin.tasks.token_losses import IGNORED
from tui_finetune.errors import ModelError, Problem, first_line

if TYPE_CHECKING:
    import numpy as np
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

TOKENS_AT_ONCE = 4096
"""Whose scores of the whole vocabulary are held in single precision at once: of 128,000 words 2 GB."""


def token_scores(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """[rows, tokens, 2]: nats of each label and 1 where it was the likeliest; nan where there is no label.

    logits: [rows, tokens, vocabulary], those at a place for the label at the same place.
    """
    found = torch.full((*labels.shape, 2), torch.nan, device=logits.device)
    asked = (labels != IGNORED).nonzero()
    for start in range(0, len(asked), TOKENS_AT_ONCE):
        rows, places = asked[start : start + TOKENS_AT_ONCE].T
        scores, gold = logits[rows, places].float(), labels[rows, places]
        nats = torch.nn.functional.cross_entropy(scores, gold, reduction="none")
        found[rows, places] = torch.stack([nats, (scores.argmax(-1) == gold).float()], dim=-1)
    return found


def shifted_scores(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """`token_scores` of a causal model, whose logits at a place are for the token after it."""
    first = torch.full((len(labels), 1, 2), torch.nan, device=logits.device)
    return torch.cat([first, token_scores(logits[:, :-1], labels[:, 1:])], dim=1)


def scored(
    model: PreTrainedModel,
    batch: Mapping[str, torch.Tensor],
    scores: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
) -> list[np.ndarray]:
    """`HeavyTask.score` of a language model: its logits by `token_scores` or `shifted_scores`, a row without its padding."""
    inputs = {name: value for name, value in batch.items() if name != "labels"}
    kept = batch["attention_mask"].bool().cpu().numpy()
    found = scores(model(**inputs).logits, batch["labels"]).float().cpu().numpy()
    return [row[one] for row, one in zip(found, kept, strict=True)]


class TokenCollator:
    """Pads rows of tokens and their labels on the right. A row without a token becomes one of padding that counts nothing."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, padding: str, max_length: int) -> None:
        self.pad = int(tokenizer.pad_token_id)
        self.length = max_length if padding == "max_length" else None

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
        length = self.length or max(1, *(len(row["input_ids"]) for row in rows))
        fill = {"input_ids": self.pad, "labels": IGNORED, "token_type_ids": 0}
        batch = {
            name: torch.tensor([[*row[name], *[value] * (length - len(row[name]))] for row in rows])
            for name, value in fill.items()
            if name in rows[0]
        }
        sizes = torch.tensor([max(1, len(row["input_ids"])) for row in rows])
        batch["attention_mask"] = (torch.arange(length) < sizes[:, None]).long()
        return batch


def unfit(path: str, config: Any, error: ValueError, kind: str, hint: str) -> ModelError:
    """What is told where the library has no such model for a configuration; other errors in their own words."""
    if "Unrecognized configuration class" not in str(error):
        return ModelError(Problem(f"{path}: {first_line(error)}", "model.path"))
    return ModelError(
        Problem(f"{path} is a {config.model_type} model, of which there is no {kind}.", "model.path", hint=hint)
    )


Collator = Callable[[list[dict[str, Any]]], dict[str, Any]]
