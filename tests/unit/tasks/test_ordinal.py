"""ordinal: levels, the conditional probabilities, metrics against scikit-learn."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tui_finetune.builtin.ordinal_metrics import ORDINAL_METRICS, mean_distance, quadratic_kappa
from tui_finetune.builtin.tasks.ordinal import Ordinal
from tui_finetune.errors import DataError
from tui_finetune.plugin_api import Decoded, LabelSet
from tui_finetune.plugin_api.testing import PieceEncoder, check_metric, check_task

TASK = Ordinal()
LEVELS = LabelSet.of([1, 2, 3, 4])


def test_it_holds_what_every_task_holds() -> None:
    check_task(TASK)


@pytest.mark.parametrize("metric", ORDINAL_METRICS, ids=lambda m: m.name)
def test_its_metrics_hold_what_every_metric_holds(metric: Any) -> None:
    check_metric(metric)


def test_levels_are_in_order_of_their_numbers_and_texts_have_none() -> None:
    assert TASK.infer_labels(pa.chunked_array([[10, 2, 2]]), None).values == (2, 10)
    assert TASK.infer_labels(pa.chunked_array([[0, 1]]), ["low", "high"]).names == ("low", "high")
    with pytest.raises(DataError, match="which is higher"):
        TASK.infer_labels(pa.chunked_array([["low", "high"]]), None)


def test_gold_is_encoded_as_the_levels_that_it_reaches() -> None:
    encoded = TASK.encode({"text": ["a", "b"], "label": [1, 3]}, PieceEncoder(), LEVELS)
    assert encoded["labels"] == [[1.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 0.0]]
    assert TASK.decode([np.zeros(4)] * 2, {"labels": encoded["labels"]}, LEVELS, {}).gold == [0, 2]


def logit(p: float) -> float:
    return math.log(p / (1 - p))


def test_conditional_decisions_become_probabilities_of_levels_and_the_median_is_said() -> None:
    row = np.asarray([99.0, logit(0.9), logit(0.8), logit(0.5)])
    decoded = TASK.decode([row], {"label": [3]}, LEVELS, {})
    assert decoded.scores is not None
    assert decoded.scores[0] == pytest.approx([0.1, 0.18, 0.36, 0.36], abs=1e-6)
    assert decoded.predicted == [2]
    assert decoded.losses is not None
    assert decoded.losses[0] == pytest.approx(-math.log(0.36))


@pytest.mark.parametrize("seed", range(5))
def test_metrics_are_those_of_scikit_learn(seed: int) -> None:
    from sklearn.metrics import cohen_kappa_score, mean_absolute_error

    draw = np.random.default_rng(seed)
    gold, said = draw.integers(0, 4, 90).tolist(), draw.integers(0, 3, 90).tolist()
    decoded = Decoded(LEVELS, said, gold)
    assert quadratic_kappa(decoded) == pytest.approx(cohen_kappa_score(gold, said, weights="quadratic"), abs=1e-9)
    assert mean_distance(decoded) == pytest.approx(mean_absolute_error(gold, said))
    assert math.isnan(quadratic_kappa(Decoded(LEVELS, [1, 1], [1, 1])))


def test_the_report_tells_how_many_rows_are_at_most_one_level_off() -> None:
    report = TASK.report(Decoded(LEVELS, [0, 1, 3, 3], [0, 2, 0, 3]))
    assert report["ranks"] == {"mean_distance": 1.0, "within_one": 0.75}
    assert len(report["per_class"]) == 4
