"""Metrics of answers that are texts: SQuAD's definitions, from 0 to 1."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tui_finetune.evaluation.squad import best_f1, is_exact, signs_of
from tui_finetune.plugin_api import Decoded, Metric


def _mean(of_row: Callable[[str, Sequence[str]], float]) -> Callable[[Decoded], float]:
    """The mean over rows; nan where there is nothing to compare with."""

    def measured(decoded: Decoded) -> float:
        if decoded.gold is None or len(decoded.predicted) == 0:
            return float("nan")
        return float(np.mean([of_row(said, gold) for said, gold in zip(decoded.predicted, decoded.gold, strict=True)]))

    return measured


_BOTH = "without case, punctuation and English articles; of several right answers the best counts (SQuAD)"

ANSWER_METRICS: tuple[Metric, ...] = (
    Metric("exact_match", "answers", _mean(is_exact), help=f"Share of rows with a right answer, {_BOTH}."),
    Metric(
        "f1",
        "answers",
        _mean(best_f1),
        help=f"Mean over rows of the F1 of the answer's words, {_BOTH}; 1 where there is no answer and none was given.",
    ),
    Metric(
        "f1_signs",
        "answers",
        _mean(lambda said, gold: best_f1(said, gold, signs_of)),
        help="As f1, with each sign of a script without blanks between words (Chinese, Japanese, Thai …) a word.",
    ),
)
