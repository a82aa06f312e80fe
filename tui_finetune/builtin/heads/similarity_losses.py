"""Losses over the vectors of a batch's texts, as sentence-transformers defines them; vectors have the length 1."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch.nn.functional import cross_entropy, relu

SCALE, MARGIN = 20.0, 0.5
"""Defaults of sentence-transformers; its triplet loss has another margin, for another distance."""
DEFAULT = {"scored": "cosent", "pairs": "multiple_negatives", "triplets": "multiple_negatives"}
UNORDERED = 1e12
"""Taken from what does not count in a sum of exponentials."""
Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""Of vectors [rows, texts, numbers] and the rows' scores."""


def loss_of(options: Mapping[str, Any]) -> Loss:
    """The loss that the `[task_options]` want."""
    name = options.get("loss") or DEFAULT[options.get("rows") or "scored"]
    scale, margin = float(options.get("scale") or SCALE), float(options.get("margin") or MARGIN)
    symmetric = bool(options.get("symmetric"))
    losses: dict[str, Loss] = {
        "cosent": lambda vectors, scores: cosent(cosines(vectors), scores, scale),
        "cosine": lambda vectors, scores: (cosines(vectors) - scores).square().mean(),
        "contrastive": lambda vectors, scores: contrastive(cosines(vectors), scores, margin),
        "multiple_negatives": lambda vectors, scores: multiple_negatives(vectors, scale, symmetric=symmetric),
        "triplet": lambda vectors, scores: triplet(vectors, margin),
    }
    return losses[name]


def cosines(vectors: torch.Tensor) -> torch.Tensor:
    """Of the first two texts of each row."""
    return (vectors[:, 0] * vectors[:, 1]).sum(dim=-1)


def cosent(similar: torch.Tensor, scores: torch.Tensor, scale: float) -> torch.Tensor:
    """Every pair of rows whose similarities are not in the order of their scores costs."""
    scaled = similar * scale
    apart = scaled[:, None] - scaled[None, :]
    ordered = (scores[:, None] < scores[None, :]).to(apart.dtype)
    counted = apart - (1 - ordered) * UNORDERED
    return torch.logsumexp(torch.cat([counted.new_zeros(1), counted.flatten()]), dim=0)


def contrastive(similar: torch.Tensor, scores: torch.Tensor, margin: float) -> torch.Tensor:
    apart = 1 - similar
    return (scores * apart.square() + (1 - scores) * relu(margin - apart).square()).mean() / 2


def multiple_negatives(vectors: torch.Tensor, scale: float, *, symmetric: bool = False) -> torch.Tensor:
    """The right text among the second and third texts of all rows of the batch."""
    found = vectors[:, 0] @ vectors[:, 1:].transpose(0, 1).flatten(0, 1).T * scale
    right = torch.arange(len(vectors), device=vectors.device)
    loss = cross_entropy(found, right)
    return (loss + cross_entropy(found[:, : len(vectors)].T, right)) / 2 if symmetric else loss


def triplet(vectors: torch.Tensor, margin: float) -> torch.Tensor:
    right, wrong = cosines(vectors), (vectors[:, 0] * vectors[:, 2]).sum(dim=-1)
    return relu(wrong - right + margin).mean()
