"""What is added to the training loss by `[regularize]`: R-Drop, multi-sample dropout, a teacher, adversarial embeddings.

Validation's loss stays what it is without. Nothing of them has a state: a resumed run draws the same dropout and is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from tui_finetune.worker.refit import IGNORED

if TYPE_CHECKING:
    from tui_finetune.config.schema import RegularizeTable


def softened(table: RegularizeTable) -> float:
    return 2.0 if table.temperature is None else table.temperature


def weight(table: RegularizeTable) -> float:
    """The teacher's share of the loss."""
    return 0.5 if table.teacher_weight is None else table.teacher_weight


@dataclass
class Teacher:
    """A trained model whose answers are learnt beside the labels."""

    model: Any
    order: list[int]
    """For each of the run's labels the teacher's output."""

    def logits(self, inputs: dict[str, Any]) -> torch.Tensor:
        if next(self.model.parameters()).device != inputs["input_ids"].device:
            self.model.to(inputs["input_ids"].device)
        with torch.no_grad():
            found: torch.Tensor = self.model(**inputs).logits
        return found[..., self.order]


class Added:
    """The recipe's `[regularize]`, as far as it changes loss and gradient."""

    def __init__(self, table: RegularizeTable, teacher: Teacher | None) -> None:
        self._table = table
        self._teacher = teacher

    @property
    def changes_loss(self) -> bool:
        table = self._table
        return table.r_drop is not None or table.multi_sample_dropout is not None or self._teacher is not None

    def repeated(self, model: Any, once: Callable[[], tuple[torch.Tensor, Any]]) -> tuple[torch.Tensor, Any]:
        """A pass over a batch: its loss and outputs. With multi-sample dropout the mean loss of several passes through the
        head, of one through the encoder; outputs are those of the first."""
        if (samples := self._table.multi_sample_dropout) is None:
            return once()
        with _remembered(inner_model(model).base_model):
            total, outputs = once()
            for _ in range(samples - 1):
                total = total + once()[0]
        return total / samples, outputs

    def loss(
        self,
        inputs: dict[str, Any],
        first: torch.Tensor,
        outputs: Any,
        again: Callable[[], tuple[torch.Tensor, Any]],
        divide: Any,
    ) -> torch.Tensor:
        """The loss of a batch, from that of its first pass. again: another pass with other dropout. divide: what a sum over
        rows (or labels) is divided by; None for their number here."""
        labels, logits = inputs["labels"], outputs["logits"]
        total = first
        if (alpha := self._table.r_drop) is not None:
            second, other = again()
            apart = _divergence(logits, other["logits"]) + _divergence(other["logits"], logits)
            total = (first + second) / 2 + alpha * _mean(apart / 2, labels, divide)
        if self._teacher is not None:
            heat, share = softened(self._table), weight(self._table)
            theirs = self._teacher.logits({name: value for name, value in inputs.items() if name != "labels"})
            apart = _divergence(theirs / heat, logits / heat) * heat * heat
            total = (1 - share) * total + share * _mean(apart, labels, divide)
        return total

    @contextmanager
    def disturbed(self, embedding: Any, before: torch.Tensor | None) -> Iterator[bool]:
        """Within it the embeddings are moved by `adversarial` in the direction in which the batch's loss rises: FGM.

        before: the gradient of the step's earlier batches. False where there is none of this one."""
        weight, size = embedding.weight, self._table.adversarial
        gradient = weight.grad if weight.grad is None or before is None else weight.grad - before
        if size is None or gradient is None:
            yield False
            return
        own = weight.detach().clone()
        norm = torch.linalg.vector_norm(gradient)
        with torch.no_grad():
            weight.add_(torch.where(norm > 0, size * gradient / norm, torch.zeros_like(gradient)))
        try:
            yield True
        finally:
            with torch.no_grad():
                weight.copy_(own)

    @property
    def disturbs(self) -> bool:
        return self._table.adversarial is not None


def inner_model(model: Any) -> Any:
    """The model itself, where an adapter is around it."""
    return model.get_base_model() if hasattr(model, "get_base_model") else model


@contextmanager
def _remembered(encoder: Any) -> Iterator[None]:
    """Within it the encoder answers once, and what it said then every time."""
    own = encoder.forward
    said: list[Any] = []

    def forward(*arguments: Any, **more: Any) -> Any:
        if not said:
            said.append(own(*arguments, **more))
        return said[0]

    encoder.forward = forward
    try:
        yield
    finally:
        encoder.forward = own


def _divergence(target: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
    """KL(target || logits) of each row, or each token."""
    wanted, found = (functional.log_softmax(one.float(), dim=-1) for one in (target, logits))
    return functional.kl_div(found, wanted, reduction="none", log_target=True).sum(-1)


def _mean(apart: torch.Tensor, labels: torch.Tensor, divide: Any) -> torch.Tensor:
    """Over those that have a label."""
    counts = (labels != IGNORED).to(apart.dtype)
    return (apart * counts).sum() / (counts.sum().clamp(min=1) if divide is None else divide)
