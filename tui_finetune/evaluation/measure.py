"""The one place where metrics are computed: worker, evaluation and baselines all come through here."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tui_finetune.plugin_api import Decoded, Metric


def measure(decoded: Decoded, metrics: Sequence[Metric]) -> dict[str, float]:
    """Name to value, in the given order; nan where a metric is undefined for these rows."""
    return {metric.name: float(metric.compute(decoded)) for metric in metrics}


def mean_loss(decoded: Decoded) -> float | None:
    """The mean over the rows; of tokens over all of them that were to be predicted. None without losses, nan without rows."""
    if decoded.losses is None:
        return None
    if not len(decoded.losses):
        return float("nan")
    if decoded.sizes is None:
        return float(decoded.losses.mean())
    tokens = np.asarray(decoded.gold, dtype=np.float64)
    return float(decoded.losses @ tokens / tokens.sum()) if tokens.sum() else float("nan")
