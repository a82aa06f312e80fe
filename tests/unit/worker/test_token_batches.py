"""Batches by tokens: within the budget, hardly any padding, and every row counts as much as every other."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch

from tui_finetune.worker.choices import padding_share
from tui_finetune.worker.order import EpochOrder, RestOfEpoch
from tui_finetune.worker.token_batches import Batches, Flattened, OfEpoch, TokenBatches

LENGTHS = [int(n) for n in np.clip(np.random.default_rng(3).lognormal(3.0, 0.6, 1000), 4, 128)]
"""As short chat texts have them."""
BUDGET = 512


def batches_of(batches: TokenBatches, epoch: int) -> list[list[int]]:
    return [batches.rows(epoch, number).tolist() for number in range(len(batches))]


def test_each_row_is_once_in_an_epoch_and_no_batch_exceeds_the_budget() -> None:
    batches = TokenBatches(LENGTHS, BUDGET, seed=1)
    for epoch in range(3):
        found = batches_of(batches, epoch)
        assert Counter(row for rows in found for row in rows) == Counter(range(len(LENGTHS)))
        assert all(len(rows) * max(LENGTHS[row] for row in rows) <= BUDGET for rows in found)
    assert padding_share(LENGTHS, batches.layout()) < 0.05


def test_epochs_have_other_batches_of_the_same_sizes_and_the_same_seed_the_same_ones() -> None:
    batches, again = (TokenBatches(LENGTHS, BUDGET, seed=1) for _ in range(2))
    first, second = batches_of(batches, 0), batches_of(batches, 1)
    assert first != second
    assert [len(rows) for rows in first] == [len(rows) for rows in second]
    assert batches_of(again, 1) == second
    assert batches_of(batches, 0) == first


def test_every_row_has_the_weight_that_uniform_sampling_gives_it() -> None:
    """A step takes one batch of all with the same chance; of a row its mean loss counts 1/n, times the batch's weight."""
    batches = TokenBatches(LENGTHS, BUDGET, seed=1)
    share = np.zeros(len(LENGTHS))
    for rows in batches_of(batches, 0):
        share[rows] += batches.weight(len(rows)) / len(rows) / len(batches)
    assert np.allclose(share, 1 / len(LENGTHS))
    assert np.mean([batches.weight(len(rows)) for rows in batches_of(batches, 0)]) == pytest.approx(1.0)


@pytest.mark.parametrize("by_tokens", [False, True], ids=["mean over rows", "mean over tokens"])
def test_the_expected_gradient_is_that_of_all_rows(by_tokens: bool) -> None:
    torch.manual_seed(0)
    model = torch.nn.Linear(8, 3).double()
    counts = torch.tensor(LENGTHS) if by_tokens else torch.ones(len(LENGTHS), dtype=torch.long)
    row = torch.repeat_interleave(torch.arange(len(LENGTHS)), counts)
    inputs = torch.randn(len(row), 8, dtype=torch.double)
    labels = torch.randint(0, 3, (len(row),))

    def gradient(of: torch.Tensor) -> torch.Tensor:
        """Of the mean loss, as a model's own head takes it."""
        model.zero_grad()
        torch.nn.functional.cross_entropy(model(inputs[of]), labels[of]).backward()
        return model.weight.grad.clone()

    batches = TokenBatches(LENGTHS, BUDGET, seed=1, counts=LENGTHS if by_tokens else None)
    expected = torch.zeros_like(model.weight)
    for rows in batches_of(batches, 0):
        items = int(counts[rows].sum())
        expected += batches.weight(items) * gradient(torch.isin(row, torch.tensor(rows))) / len(batches)
    assert torch.allclose(expected, gradient(torch.ones(len(row), dtype=torch.bool)), atol=1e-12)


def test_a_collated_batch_weighs_by_its_rows_or_by_the_labels_that_count() -> None:
    ids = torch.zeros(3, 4)
    assert TokenBatches([4] * 6, 8, seed=1).weight_of({"input_ids": ids}) == pytest.approx(3 / 2)
    tags = TokenBatches([4] * 6, 8, seed=1, counts=[2] * 6)
    labels = torch.tensor([[1, 2, -100, -100], [0, -100, -100, -100], [-100] * 4])
    assert tags.weight_of({"input_ids": ids, "labels": labels}) == pytest.approx(3 / 4)


def test_an_epoch_goes_on_in_the_middle_with_the_same_rows() -> None:
    batches = TokenBatches(LENGTHS, BUDGET, seed=1)
    rows = Batches([{"row": row} for row in range(len(LENGTHS))], batches)
    order = EpochOrder("random", range(len(batches)), seed=1, group=1)
    order.set_epoch(2)
    whole = [rows[index] for index in OfEpoch(order, len(batches), lambda: order.epoch)]
    order.set_epoch(2)
    rest = OfEpoch(RestOfEpoch(order, 5), len(batches), lambda: order.epoch)
    assert [rows[index] for index in rest] == whole[5:]
    assert len(rest) == len(batches) - 5
    assert Flattened(len)(whole) == len(LENGTHS)
