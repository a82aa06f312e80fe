"""Metrics of the shape `ranks`: at which places of a search stands what belongs to a text. As sentence-transformers' and
trec_eval's, what belongs to a text being equally relevant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, wraps

import numpy as np

from tui_finetune.plugin_api import Decoded, Metric

CUTS = (1, 5, 10)
DEPTH, MAP_DEPTH = 10, 100
Ranks = Sequence[int]
"""Of all that belongs to a row's text, ascending, from 1."""


def _mean(of_row: Callable[[Ranks], float]) -> Callable[[Decoded], float]:
    """The mean over the rows; nan without gold or rows."""

    @wraps(of_row)
    def metric(decoded: Decoded) -> float:
        if decoded.gold is None or len(decoded.predicted) == 0:
            return float("nan")
        return float(np.mean([of_row(ranks) for ranks in decoded.predicted]))

    return metric


def recall(ranks: Ranks, k: int) -> float:
    return sum(rank <= k for rank in ranks) / len(ranks)


def reciprocal_rank(ranks: Ranks) -> float:
    return 1 / ranks[0] if ranks[0] <= DEPTH else 0.0


def discounted_gain(ranks: Ranks) -> float:
    gain = sum(1 / np.log2(rank + 1) for rank in ranks if rank <= DEPTH)
    best = sum(1 / np.log2(place + 2) for place in range(min(len(ranks), DEPTH)))
    return float(gain / best)


def average_precision(ranks: Ranks) -> float:
    found = sum((place + 1) / rank for place, rank in enumerate(ranks) if rank <= MAP_DEPTH)
    return found / min(len(ranks), MAP_DEPTH)


def triplet_accuracy(decoded: Decoded) -> float:
    scores = [one for one in decoded.scores or () if getattr(one, "negative", None) is not None]
    if decoded.gold is None or not scores:
        return float("nan")
    return float(np.mean([one.similarity > one.negative for one in scores]))


_AMONG = "of what belongs to a text, in a search among the second texts of all rows of the split"
RANK_METRICS: tuple[Metric, ...] = (
    *(
        Metric(
            f"recall_at_{k}",
            "ranks",
            _mean(partial(recall, k=k)),
            help=f"Share {_AMONG}, that stands among the first {k}."
            if k > 1
            else f"Share {_AMONG}, that stands first.",
        )
        for k in CUTS
    ),
    Metric(
        f"mrr_at_{DEPTH}",
        "ranks",
        _mean(reciprocal_rank),
        help=f"Mean of 1 / the first place {_AMONG}; 0 beyond place {DEPTH}.",
    ),
    Metric(
        f"ndcg_at_{DEPTH}",
        "ranks",
        _mean(discounted_gain),
        help=f"Normalized discounted cumulative gain of the first {DEPTH} places {_AMONG}.",
    ),
    Metric(
        f"map_at_{MAP_DEPTH}",
        "ranks",
        _mean(average_precision),
        help=f"Mean average precision of the first {MAP_DEPTH} places {_AMONG}.",
    ),
    Metric(
        "triplet_accuracy",
        "ranks",
        triplet_accuracy,
        help="Share of triplets whose first text is more like the second than the third; nan without third texts.",
    ),
)
