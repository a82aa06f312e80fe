"""Pairs of answers: how far ahead the preferred ones are, as figures and as a picture."""

from __future__ import annotations

from typing import Any

import numpy as np

from tui_finetune.plugin_api import Decoded

BINS = 24
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def preference_report(decoded: Decoded) -> dict[str, Any]:
    """`margins`: their quantiles, the mean ratings, and how many pairs lie in each of the bins. Empty without gold."""
    if decoded.gold is None or not len(decoded.predicted):
        return {}
    margins = np.asarray(decoded.predicted, dtype=np.float64)
    if not np.isfinite(margins).all():
        return {}
    rated = np.stack(list(decoded.scores or ()))
    most = float(np.abs(margins).max()) or 1.0
    counts, _ = np.histogram(margins, bins=BINS, range=(-most, most))
    return {
        "margins": {
            "wrong": int((margins <= 0).sum()),
            "quantiles": {f"{share:g}": float(value) for share, value in zip(
                QUANTILES, np.quantile(margins, QUANTILES), strict=True)},
            "chosen": float(rated[:, 0].mean()),
            "rejected": float(rated[:, 1].mean()),
            "most": most,
            "counts": counts.tolist(),
        }
    }  # fmt: skip
