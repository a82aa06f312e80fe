"""The light half: the plugin contract, levels, metrics, the source and the preprocessor. No torch."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import tui_finetune_ordinal
from sklearn.metrics import cohen_kappa_score
from tui_finetune_ordinal.hide_ratings import HideRatings
from tui_finetune_ordinal.metrics import mean_absolute_error, quadratic_weighted_kappa
from tui_finetune_ordinal.reviews import StarReviews
from tui_finetune_ordinal.task import OrdinalClassification

from tui_finetune.plugin_api import ROW_HASH, ROW_ID, DataError, Decoded, LabelSet, OpenRequest
from tui_finetune.plugin_api.testing import PieceEncoder, check_plugin

TASK = OrdinalClassification()
LEVELS = LabelSet.of([1, 2, 3, 4])


def test_the_plugin_keeps_the_contract() -> None:
    info = check_plugin(tui_finetune_ordinal)
    assert info.gives == {
        "tasks": ["ordinal-classification"],
        "sources": ["star-reviews"],
        "preprocessors": ["hide-ratings"],
        "metrics": ["mean_absolute_error", "quadratic_weighted_kappa"],
    }


def test_levels_are_sorted_by_number() -> None:
    assert TASK.infer_labels(pa.chunked_array([pa.array([10, 2, None, 2])]), None).values == (2, 10)


def test_texts_have_no_order_and_it_is_said() -> None:
    with pytest.raises(DataError, match="labels = "):
        TASK.infer_labels(pa.chunked_array([pa.array(["low", "high"])]), None)


def logit(p: float) -> float:
    return math.log(p / (1 - p))


def test_cumulative_logits_become_probabilities_of_levels() -> None:
    row = np.array([logit(0.9), logit(0.6), logit(0.1)], dtype=np.float32)
    decoded = TASK.decode([row], {"label": [3]}, LEVELS, {})
    assert decoded.scores is not None
    np.testing.assert_allclose(decoded.scores[0], [0.1, 0.3, 0.5, 0.1], atol=1e-6)
    # "Higher than 1" and "higher than 2" are likelier than not, "higher than 3" is not: level 3, the median.
    assert decoded.predicted == [2]
    assert decoded.losses is not None
    assert decoded.losses[0] == pytest.approx(-math.log(0.9 * 0.6 * 0.9), rel=1e-5)
    answer = TASK.answer(decoded, 0, {"text": "so so"})
    assert (answer["label"], list(answer["scores"])) == ("3", ["1", "2", "3", "4"])
    assert answer["expected_level"] == pytest.approx(1.6)


def test_unknown_levels_are_named() -> None:
    with pytest.raises(DataError, match="'seven'"):
        TASK.encode({"text": ["a"], "label": ["seven"]}, PieceEncoder(), LEVELS)


def test_metrics_against_scikit_learn() -> None:
    draw = np.random.default_rng(0)
    gold, said = draw.integers(0, 4, 200).tolist(), draw.integers(0, 4, 200).tolist()
    decoded = Decoded(LEVELS, said, gold)
    assert quadratic_weighted_kappa(decoded) == pytest.approx(cohen_kappa_score(gold, said, weights="quadratic"))
    assert mean_absolute_error(decoded) == pytest.approx(np.abs(np.subtract(gold, said)).mean())
    assert math.isnan(quadratic_weighted_kappa(Decoded(LEVELS, [1, 1], [1, 1])))


def opened_rows(cache: Path, **options: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (
        StarReviews().open(OpenRequest(None, cache, options=options)).splits["train"].table().to_pylist()
    )
    return rows


def test_reviews_are_the_same_for_the_same_seed(tmp_path: Path) -> None:
    rows = opened_rows(tmp_path / "a", rows=40)
    assert rows == opened_rows(tmp_path / "b", rows=40)
    assert rows != opened_rows(tmp_path / "c", rows=40, seed=1)
    assert {row["stars"] for row in rows} == {1, 2, 3, 4, 5}
    assert rows[3][ROW_ID] == "star-reviews/train:3"
    assert len({row[ROW_HASH] for row in rows}) == len({row["text"] for row in rows})


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Nice. 4/5", "Nice."),
        ("Nice. 4 stars.", "Nice."),
        ("★★☆☆☆ Poor.", "Poor."),
        ("8.5 / 10", None),
        ("24/7 open", "24/7 open"),
    ],
)
def test_ratings_are_hidden(text: str, left: str | None) -> None:
    found = HideRatings().apply({"text": text, "stars": 4}, {"column": "text"})
    assert found == (None if left is None else {"text": left, "stars": 4})
