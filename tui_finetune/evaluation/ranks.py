"""Searches: at which places what belongs to a text was found."""

from __future__ import annotations

from typing import Any

import numpy as np

from tui_finetune.plugin_api import Decoded

PLACES = ((1, 1), (2, 3), (4, 10), (11, 30), (31, 100), (101, None))
"""From and to of the places that rows are counted by."""
QUANTILES = (0.5, 0.9, 0.99)


def rank_report(decoded: Decoded) -> dict[str, Any]:
    """`ranks`: rows by the place of the first text that belongs to theirs, quantiles of the place, and the mean
    similarities of what belongs together and of what was found first. Empty without gold."""
    if decoded.gold is None or not len(decoded.predicted) or decoded.scores is None:
        return {}
    first = np.array([ranks[0] for ranks in decoded.predicted])
    places = [
        {"from": low, "to": high, "rows": int(((first >= low) & (first <= (high or first.max()))).sum())}
        for low, high in PLACES
    ]
    return {
        "ranks": {
            "places": places,
            "quantiles": {f"{share:g}": float(np.quantile(first, share)) for share in QUANTILES},
            "similarity": float(np.mean([one.similarity for one in decoded.scores])),
            "first_similarity": float(np.mean([one.first_similarity for one in decoded.scores])),
        }
    }
