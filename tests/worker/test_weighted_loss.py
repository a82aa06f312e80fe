"""Class weights and the focal loss, for one label a row and for several, against their formulas."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tui_finetune.plugin_api import LabelSet

LABELS = LabelSet.of(["a", "b", "c"])


def made(*, rows: int | None = None, gamma: float | None = None, weights: Any = None) -> Any:
    from tui_finetune.worker.steering.class_weights import ClassWeights

    found = ClassWeights("text-classification", LABELS, [6, 3, 1], rows, gamma)
    found.set(weights)
    return found


def test_without_weights_and_gamma_the_model_has_its_own_loss() -> None:
    assert not made().weighs
    assert not made(gamma=0.0).weighs
    assert made(gamma=2.0).weighs
    assert made(weights="balanced").weighs


@pytest.mark.parametrize("gamma", [0.0, 1.0, 2.0])
def test_a_row_counts_the_less_the_surer_the_model_is(gamma: float) -> None:
    import torch

    logits, gold = torch.tensor([[2.0, 0.0, 0.0], [0.0, 0.5, 1.0]]), torch.tensor([0, 1])
    right = torch.softmax(logits, dim=-1)[torch.arange(2), gold]
    expected = (-((1 - right) ** gamma) * right.log()).mean()
    assert made(gamma=gamma, weights={"a": 1.0}).loss(logits, gold, 0.0, None).item() == pytest.approx(expected.item())


def test_label_smoothing_stays_in_force_beside_it() -> None:
    import torch
    from torch.nn import functional

    logits, gold = torch.tensor([[2.0, 0.0, 0.0]]), torch.tensor([0])
    right = torch.softmax(logits, dim=-1)[0, 0]
    smoothed = functional.cross_entropy(logits, gold, label_smoothing=0.1)
    found = made(gamma=2.0).loss(logits, gold, 0.1, None)
    assert found.item() == pytest.approx(((1 - right) ** 2 * smoothed).item())


def test_several_labels_a_row() -> None:
    import torch

    logits, gold = torch.tensor([[0.0, math.log(3), 0.0]]), torch.tensor([[1.0, 1.0, 0.0]])
    plain = made(rows=10, weights={"a": 2.0}).loss(logits, gold, 0.0, None).item()
    assert plain == pytest.approx((2 * math.log(2) + math.log(4 / 3) + math.log(2)) / 3)
    focal = made(rows=10, gamma=1.0).loss(logits, gold, 0.0, None).item()
    assert focal == pytest.approx((0.5 * math.log(2) + 0.25 * math.log(4 / 3) + 0.5 * math.log(2)) / 3)


def test_balanced_weights_of_several_labels_make_those_with_and_without_weigh_alike() -> None:
    assert made(rows=10, weights="balanced")._weights.tolist() == pytest.approx([4 / 6, 7 / 3, 9.0])


def test_a_loss_of_micro_batches_is_that_of_the_whole_batch() -> None:
    import torch

    logits, gold = torch.randn(4, 3), torch.tensor([0, 1, 2, 0])
    weights = made(gamma=2.0, weights="balanced")
    parts = [weights.loss(logits[i : i + 2], gold[i : i + 2], 0.0, 4) for i in (0, 2)]
    assert sum(parts).item() == pytest.approx(weights.loss(logits, gold, 0.0, None).item(), rel=1e-5)
