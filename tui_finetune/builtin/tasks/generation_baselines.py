"""What trivial methods reach at writing texts: the source itself, and the target of the most similar source of train."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tui_finetune.builtin.tasks.text_baselines import features
from tui_finetune.evaluation.measure import measure
from tui_finetune.plugin_api import Baseline, Decoded, LabelSet, Metric

ROWS_AT_ONCE = 500
"""Whose likeness to all rows of train is held at once."""


def generation_baselines(
    sources: Sequence[str], targets: Sequence[str], asked: Sequence[str], gold: Sequence[str], metrics: Sequence[Metric]
) -> list[Baseline]:
    """`copy` and, where the texts hold words, `nearest`."""
    found = [_baseline("copy", asked, gold, metrics, "The source itself.")]
    known = features(sources, asked, 1)
    if known is None:
        return found
    seen, wanted, units = known
    nearest = np.concatenate(
        [
            np.asarray((wanted[start : start + ROWS_AT_ONCE] @ seen.T).argmax(axis=1)).reshape(-1)
            for start in range(0, len(asked), ROWS_AT_ONCE)
        ]
    )
    said = [targets[place] for place in nearest]
    return [
        *found,
        _baseline("nearest", said, gold, metrics, f"The target of train's most similar source, by TF-IDF of {units}."),
    ]


def _baseline(name: str, said: Sequence[str], gold: Sequence[str], metrics: Sequence[Metric], help: str) -> Baseline:
    return Baseline(name, measure(Decoded(LabelSet.of(()), list(said), list(gold)), metrics), help)
