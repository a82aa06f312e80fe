"""Numbers: figures by target, errors by where gold lies, and predicted against gold as counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tui_finetune.plugin_api import Decoded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

CELLS = 24
"""Of the picture of predicted against gold, each way."""
PARTS = 5
"""Parts of gold's range whose errors are told."""


def columns(values: Any) -> Numbers:
    """Shape [rows, targets], of a number a row or of lists of them."""
    found: Numbers = np.asarray(values, dtype=np.float64)
    return found[:, None] if found.ndim == 1 else found


def number_report(decoded: Decoded) -> dict[str, Any]:
    """`targets`: of each its figures, its errors by `parts` of gold's range, and the `picture`. Empty without gold."""
    if decoded.gold is None or not len(decoded.gold):
        return {}
    gold, said = columns(decoded.gold), columns(decoded.predicted)
    names = decoded.labels.names
    return {"targets": [_target(name, g, s) for name, g, s in zip(names, gold.T, said.T, strict=True)]}


def _target(name: str, gold: Numbers, said: Numbers) -> dict[str, Any]:
    errors = np.abs(said - gold)
    return {
        "name": name,
        "mae": float(errors.mean()),
        "bias": float((said - gold).mean()),
        "median_error": float(np.median(errors)),
        "p90_error": float(np.quantile(errors, 0.9)),
        "largest_error": float(errors.max()),
        "gold": [float(gold.min()), float(gold.max())],
        "predicted": [float(said.min()), float(said.max())],
        "parts": _parts(gold, said),
        "picture": _picture(gold, said),
    }


def _parts(gold: Numbers, said: Numbers) -> list[dict[str, Any]]:
    """Of each part of gold's range: from, to, rows, mean absolute error, mean error."""
    low, high = float(gold.min()), float(gold.max())
    if not high > low:
        return []
    edges = np.linspace(low, high, PARTS + 1)
    places = np.clip(np.searchsorted(edges, gold, side="right") - 1, 0, PARTS - 1)
    found = []
    for part in range(PARTS):
        here = places == part
        apart = (said - gold)[here]
        found.append(
            {
                "from": float(edges[part]),
                "to": float(edges[part + 1]),
                "rows": int(here.sum()),
                "mae": float(np.abs(apart).mean()) if len(apart) else None,
                "bias": float(apart.mean()) if len(apart) else None,
            }
        )
    return found


def _picture(gold: Numbers, said: Numbers) -> dict[str, Any]:
    """Rows counted by gold (across) and predicted (upwards), both over the range that holds them all."""
    low, high = float(min(gold.min(), said.min())), float(max(gold.max(), said.max()))
    if not high > low:
        low, high = low - 0.5, low + 0.5
    counts, _, _ = np.histogram2d(said, gold, bins=CELLS, range=((low, high), (low, high)))
    return {"low": low, "high": high, "counts": counts.astype(int).tolist()}
