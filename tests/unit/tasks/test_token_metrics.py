"""Metrics of tokens: beside scikit-learn's log loss over the same tokens, and where they are undefined."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import log_loss

from tui_finetune.builtin.tasks.text_classification import log_softmax
from tui_finetune.builtin.token_metrics import TOKEN_METRICS
from tui_finetune.evaluation.measure import mean_loss, measure
from tui_finetune.plugin_api import Decoded, LabelSet

NONE = LabelSet.of(())


def decoded_of(nats: list[list[float]], right: list[int], sizes: list[int]) -> Decoded:
    losses = np.array([np.mean(row) if row else 0.0 for row in nats])
    return Decoded(NONE, right, [len(row) for row in nats], None, losses, np.array(sizes))


def test_a_long_row_counts_by_its_tokens() -> None:
    found = decoded_of([[1.0], [3.0, 3.0, 2.0], []], [1, 0, 0], [4, 8, 0])
    assert mean_loss(found) == pytest.approx(9 / 4)
    figures = measure(found, TOKEN_METRICS)
    assert figures["perplexity"] == pytest.approx(math.exp(9 / 4))
    assert figures["bits_per_byte"] == pytest.approx(9 / math.log(2) / 12)
    assert figures["accuracy"] == 0.25


def test_perplexity_is_e_to_the_log_loss_of_scikit_learn() -> None:
    draw = np.random.default_rng(0)
    logits, gold = draw.normal(size=(20, 7)), draw.integers(0, 7, 20)
    scores = log_softmax(logits)
    each = (-scores[np.arange(20), gold]).tolist()
    right = (logits.argmax(-1) == gold).tolist()
    found = decoded_of([each[:3], each[3:]], [sum(right[:3]), sum(right[3:])], [9, 51])
    figures = measure(found, TOKEN_METRICS)
    expected = log_loss(gold, np.exp(scores), labels=range(7))
    assert figures["perplexity"] == pytest.approx(math.exp(expected), rel=1e-9)
    assert figures["accuracy"] == sum(right) / 20


def test_nothing_to_foretell_is_undefined_and_a_huge_loss_is_infinite() -> None:
    assert all(math.isnan(value) for value in measure(decoded_of([[], []], [0, 0], [0, 0]), TOKEN_METRICS).values())
    no_bytes = measure(decoded_of([[2.0]], [0], [0]), TOKEN_METRICS)
    assert math.isnan(no_bytes["bits_per_byte"])
    assert measure(decoded_of([[5000.0]], [0], [1]), TOKEN_METRICS)["perplexity"] == math.inf
    assert math.isnan(mean_loss(decoded_of([[]], [0], [0])) or 0.0)
    assert mean_loss(Decoded(NONE, [1], [1])) is None
