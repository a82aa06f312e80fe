"""Metrics of numbers against scipy and scikit-learn, and where they are undefined."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as sklearn_metrics

from tui_finetune.builtin.metrics import METRICS
from tui_finetune.plugin_api import Decoded, LabelSet

NUMBERS = {metric.name: metric for metric in METRICS if metric.shape == "numbers"}
REFERENCES: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "pearson": lambda gold, said: float(stats.pearsonr(gold, said).statistic),
    "spearman": lambda gold, said: float(stats.spearmanr(gold, said).statistic),
    "mse": sklearn_metrics.mean_squared_error,
    "mae": sklearn_metrics.mean_absolute_error,
    "r2": sklearn_metrics.r2_score,
}


def value(name: str, gold: Sequence[float] | np.ndarray, said: Sequence[float] | np.ndarray) -> float:
    return NUMBERS[name].compute(Decoded(LabelSet.of(()), list(said), list(gold)))


def test_there_is_a_reference_for_each() -> None:
    assert set(NUMBERS) == set(REFERENCES)


@pytest.mark.parametrize("name", REFERENCES)
@pytest.mark.parametrize("scale", [1.0, 1e-9, 1e9])
@pytest.mark.parametrize("ties", [False, True])
def test_equal_to_the_reference(name: str, scale: float, ties: bool) -> None:
    draw = np.random.default_rng(7)
    for rows in (2, 3, 10, 500):
        gold = draw.normal(3, 1, rows)
        said = 0.6 * gold + draw.normal(0, 0.5, rows)
        if ties:
            gold, said = np.round(gold), np.round(said)
            gold[0], said[0] = 9, -9  # neither side is one number throughout
        found, expected = value(name, gold * scale, said * scale), REFERENCES[name](gold * scale, said * scale)
        assert found == pytest.approx(expected, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("name", ["pearson", "spearman"])
@pytest.mark.parametrize(("gold", "said"), [([1, 1, 1], [1, 2, 3]), ([1, 2, 3], [2, 2, 2]), ([1], [1])])
def test_no_correlation_with_what_does_not_vary(name: str, gold: list[float], said: list[float]) -> None:
    assert math.isnan(value(name, gold, said))


def test_correlation_of_very_large_numbers() -> None:
    assert value("pearson", [1e200, 2e200, 3e200], [1.0, 2.0, 3.0]) == pytest.approx(1.0)


@pytest.mark.parametrize(("gold", "said", "expected"), [([2, 2], [2, 2], 1.0), ([2, 2], [2, 3], 0.0)])
def test_r2_of_constant_gold_is_that_of_scikit_learn(gold: list[float], said: list[float], expected: float) -> None:
    assert value("r2", gold, said) == expected == sklearn_metrics.r2_score(gold, said)


def test_r2_of_one_row_is_undefined() -> None:
    assert math.isnan(value("r2", [1.0], [1.0]))


@pytest.mark.parametrize("name", REFERENCES)
@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
def test_undefined_where_a_number_is_not_finite(name: str, broken: float) -> None:
    assert math.isnan(value(name, [1.0, 2.0, 3.0], [1.0, broken, 2.0]))
    assert math.isnan(value(name, [1.0, broken, 3.0], [1.0, 2.0, 2.0]))
