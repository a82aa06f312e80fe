"""How far off a prediction is, in levels. Pure numpy functions of `Decoded`; ids are the levels."""

from __future__ import annotations

import numpy as np

from tui_finetune.plugin_api import Decoded, Metric


def mean_absolute_error(decoded: Decoded) -> float:
    """Mean distance in levels; nan without gold or rows."""
    if decoded.gold is None or len(decoded.gold) == 0:
        return float("nan")
    return float(np.abs(np.asarray(decoded.gold) - np.asarray(decoded.predicted)).mean())


def quadratic_weighted_kappa(decoded: Decoded) -> float:
    """Agreement beyond chance, distances squared: 1 is perfect, 0 is chance; nan where gold and predictions are one level."""
    if decoded.gold is None or len(decoded.gold) == 0:
        return float("nan")
    gold, said = np.asarray(decoded.gold, dtype=float), np.asarray(decoded.predicted, dtype=float)
    # The expected squared distance of independent draws from both columns.
    expected = gold.var() + said.var() + (gold.mean() - said.mean()) ** 2
    return float(1 - np.square(gold - said).mean() / expected) if expected else float("nan")


METRICS = (
    Metric(
        "mean_absolute_error",
        "labels",
        mean_absolute_error,
        range=(0.0, float("inf")),
        greater_is_better=False,
        help="Mean distance between predicted and right level; the levels are numbered 0, 1, 2 …",
    ),
    Metric(
        "quadratic_weighted_kappa",
        "labels",
        quadratic_weighted_kappa,
        range=(-1.0, 1.0),
        help="Cohen's kappa with squared distances (scikit-learn's cohen_kappa_score, weights='quadratic').",
    ),
)
