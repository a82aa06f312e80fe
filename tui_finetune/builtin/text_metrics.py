"""Metrics of texts that a model writes: chrF and BLEU from 0 to 100, as sacrebleu has them; ROUGE and exact match to 1."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from tui_finetune.evaluation.generated import corpus_bleu, corpus_chrf, rouge_l, rouge_n, row_means
from tui_finetune.plugin_api import Decoded, Metric

Corpus = Callable[[Sequence[str], Sequence[str]], float]


def _judged(figure: Corpus) -> Callable[[Decoded], float]:
    """nan where there is nothing to compare with, or nothing was written."""

    def measured(decoded: Decoded) -> float:
        if decoded.gold is None or not len(decoded.predicted) or any(text is None for text in decoded.predicted):
            return float("nan")
        return figure(decoded.predicted, decoded.gold)

    return measured


def _same(said: str, gold: str) -> float:
    return float(said.strip() == gold.strip())


_ROUGE = (
    "all but a-z and digits parts words, nothing is stemmed, as in rouge_score; mean over rows. For other scripts: chrf"
)

TEXT_METRICS: tuple[Metric, ...] = (
    Metric(
        "chrf",
        "texts",
        _judged(corpus_chrf),
        (0.0, 100.0),
        help="chrF2: F-score over runs of 1 to 6 characters without blanks, recall twice as heavy, of all rows together; of any "
        "script (Popović 2015; sacrebleu).",
    ),
    Metric(
        "bleu",
        "texts",
        _judged(corpus_bleu),
        (0.0, 100.0),
        help="BLEU: runs of 1 to 4 words that are right, of all rows together, less where too little was written; words "
        "parted as 13a, smoothed exponentially (Papineni 2002; sacrebleu). 0 where no word is right. Without blanks: chrf.",
    ),
    Metric("rouge1", "texts", _judged(partial(row_means, partial(rouge_n, size=1))), help=f"F1 of words: {_ROUGE}."),
    Metric(
        "rouge2", "texts", _judged(partial(row_means, partial(rouge_n, size=2))), help=f"F1 of word pairs: {_ROUGE}."
    ),
    Metric(
        "rougeL",
        "texts",
        _judged(partial(row_means, rouge_l)),
        help=f"F1 by the longest sequence of words that both have in the same order: {_ROUGE}.",
    ),
    Metric(
        "exact_match",
        "texts",
        _judged(partial(row_means, _same)),
        help="Share of rows that are written letter by letter, but for blanks at the ends.",
    ),
)
