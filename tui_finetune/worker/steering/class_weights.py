"""Weights of labels, and of rows by how sure the model is, in the training loss; validation is measured without them.

`focal_gamma`: a row counts (1 - p)^gamma, p being what the model gives the right answer: Lin, Goyal, Girshick, He and Dollár,
Focal loss for dense object detection, 2017, arXiv:1708.02002.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.nn import functional

from tui_finetune.plugin_api.tasks import LabelSet

BALANCED, NONE = "balanced", "none"


class ClassWeights:
    """The weights in force; changed while a run goes on."""

    def __init__(
        self,
        task: str,
        labels: LabelSet | None,
        counts: Sequence[int],
        rows: int | None = None,
        focal_gamma: float | None = None,
    ) -> None:
        """labels: None where the task's head takes no weights. counts: rows of train by label. rows: how many there are,
        where each has any number of labels: then a weight is that of the rows which have the label."""
        self._task = task
        self._gamma = focal_gamma or 0.0
        self._rows = rows
        self._labels = labels
        self._counts = counts
        self._weights: torch.Tensor | None = None
        self.current: Any = None
        """As it was asked for; None without weights."""

    def refusal(self, value: Any) -> str | None:
        """Why `value` cannot be in force: `balanced`, `none`, or label to weight."""
        if self._labels is None:
            return f"{self._task} takes no class weights."
        unknown = [name for name in value if self._labels.id_of(name) is None] if isinstance(value, Mapping) else []
        if unknown:
            return f"{unknown[0]} is no label of this run. There are: {', '.join(self._labels.names)}."
        return None

    def set(self, value: Any) -> None:
        if value is None or value == NONE or self._labels is None:
            self.current, self._weights = None, None
            return
        self.current = value
        self._weights = torch.tensor(self._as_list(value, self._labels), dtype=torch.float32)

    def _as_list(self, value: Any, labels: LabelSet) -> list[float]:
        """In the order of the labels; a label that is not named has 1. Balanced: over train's rows the mean is 1; of several
        labels a row those with the label weigh together as much as those without."""
        if value == BALANCED and self._rows is not None:
            return [(self._rows - count) / count if 0 < count < self._rows else 1.0 for count in self._counts]
        if value == BALANCED:
            present, rows = sum(1 for count in self._counts if count), sum(self._counts)
            return [rows / (present * count) if count else 1.0 for count in self._counts]
        weights = [1.0] * len(labels)
        for name, weight in value.items():
            index = labels.id_of(name)
            assert index is not None
            weights[index] = float(weight)
        return weights

    @property
    def weighs(self) -> bool:
        """True where the loss is another one than the model's own."""
        return self._weights is not None or self._gamma > 0

    def loss(self, logits: torch.Tensor, labels: torch.Tensor, smoothing: float, items: Any) -> torch.Tensor:
        """Mean over the rows of a step (`items`, where Trainer counts them), else of the micro-batch."""
        several = self._rows is not None
        each = self._binary(logits, labels) if several else self._one_of(logits, labels, smoothing)
        return each.sum() / (labels.numel() if items is None else items)

    def _one_of(self, logits: torch.Tensor, labels: torch.Tensor, smoothing: float) -> torch.Tensor:
        """Cross entropy of each row, of which one label is right."""
        logits, labels = logits.view(-1, logits.shape[-1]), labels.view(-1)
        weights = self._on(logits)
        each = functional.cross_entropy(logits, labels, weight=weights, label_smoothing=smoothing, reduction="none")
        if not self._gamma:
            return each
        right = functional.softmax(logits, dim=-1).gather(1, labels[:, None]).squeeze(1)
        return each * (1 - right) ** self._gamma

    def _binary(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Binary cross entropy of each row and label."""
        labels = labels.to(logits.dtype)
        each = functional.binary_cross_entropy_with_logits(
            logits, labels, pos_weight=self._on(logits), reduction="none"
        )
        if not self._gamma:
            return each
        right = torch.sigmoid(logits * (2 * labels - 1))
        return each * (1 - right) ** self._gamma

    def _on(self, logits: torch.Tensor) -> torch.Tensor | None:
        return None if self._weights is None else self._weights.to(logits.device, logits.dtype)
