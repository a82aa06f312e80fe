"""Metrics of the shape `preferences`: how much higher the preferred answer of a pair is rated than the other one."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING

import numpy as np

from tui_finetune.plugin_api import Decoded, Metric

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Margins = NDArray[np.float64]


def _of_margins(function: Callable[[Margins], float]) -> Callable[[Decoded], float]:
    """nan without gold or rows, and where a rating is not finite."""

    @wraps(function)
    def guarded(decoded: Decoded) -> float:
        if decoded.gold is None or len(decoded.predicted) == 0:
            return float("nan")
        margins = np.asarray(decoded.predicted, dtype=np.float64)
        return float(function(margins)) if np.isfinite(margins).all() else float("nan")

    return guarded


@_of_margins
def accuracy(margins: Margins) -> float:
    return float((margins > 0).mean())


@_of_margins
def margin(margins: Margins) -> float:
    return float(margins.mean())


PREFERENCE_METRICS: tuple[Metric, ...] = (
    Metric(
        "accuracy",
        "preferences",
        accuracy,
        help="Share of pairs whose preferred answer is rated higher; one that is rated alike is wrong (TRL).",
    ),
    Metric(
        "margin",
        "preferences",
        margin,
        (float("-inf"), float("inf")),
        help="How much higher the preferred answer is rated, mean over the pairs (TRL's rewards/margins, margin).",
    ),
)
