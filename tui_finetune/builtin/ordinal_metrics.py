"""Metrics of labels that have an order: how far a prediction is from gold, in levels. scikit-learn's definitions."""

from __future__ import annotations

import numpy as np

from tui_finetune.evaluation.classes import as_ids
from tui_finetune.plugin_api import Decoded, Metric


def quadratic_kappa(decoded: Decoded) -> float:
    if decoded.gold is None or len(decoded.predicted) == 0:
        return float("nan")
    gold, said = as_ids(decoded.gold).astype(float), as_ids(decoded.predicted).astype(float)
    apart = np.square(gold - said).mean()
    # Distance of every gold from every prediction, as if they had nothing to do with each other.
    chance = gold.var() + said.var() + (gold.mean() - said.mean()) ** 2
    return float(1 - apart / chance) if chance > 0 else float("nan")


def mean_distance(decoded: Decoded) -> float:
    if decoded.gold is None or len(decoded.predicted) == 0:
        return float("nan")
    return float(np.abs(as_ids(decoded.gold) - as_ids(decoded.predicted)).mean())


ORDINAL_METRICS: tuple[Metric, ...] = (
    Metric(
        "quadratic_kappa",
        "labels",
        quadratic_kappa,
        (-1.0, 1.0),
        help="Cohen's kappa with quadratic weights, for labels in their order: agreement beyond chance, wide misses weigh more; "
        "nan where gold and predictions are all one label (scikit-learn).",
    ),
    Metric(
        "mae",
        "labels",
        mean_distance,
        (0.0, float("inf")),
        False,
        help="Mean distance in levels, for labels in their order (scikit-learn's mean absolute error of their places).",
    ),
)
