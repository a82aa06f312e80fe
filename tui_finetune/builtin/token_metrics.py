"""Metrics of the shape `tokens`: how well a model foretells each token of a text. Rows count by their tokens."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps

import numpy as np

from tui_finetune.evaluation.measure import mean_loss
from tui_finetune.plugin_api import Decoded, Metric


def _with_tokens(function: Callable[[Decoded, int], float]) -> Callable[[Decoded], float]:
    """nan without gold or rows, and where not one token was to be predicted."""

    @wraps(function)
    def guarded(decoded: Decoded) -> float:
        tokens = int(np.sum(decoded.gold)) if decoded.gold is not None and len(decoded.predicted) else 0
        return float(function(decoded, tokens)) if tokens else math.nan

    return guarded


@_with_tokens
def perplexity(decoded: Decoded, tokens: int) -> float:
    loss = mean_loss(decoded)
    if loss is None:
        return math.nan
    with np.errstate(over="ignore"):
        return float(np.exp(loss))


@_with_tokens
def bits_per_byte(decoded: Decoded, tokens: int) -> float:
    loss = mean_loss(decoded)
    if loss is None or decoded.sizes is None or not decoded.sizes.sum():
        return math.nan
    return loss * tokens / math.log(2) / float(decoded.sizes.sum())


@_with_tokens
def token_accuracy(decoded: Decoded, tokens: int) -> float:
    return float(np.sum(decoded.predicted)) / tokens


TOKEN_METRICS: tuple[Metric, ...] = (
    Metric(
        "perplexity",
        "tokens",
        perplexity,
        (1.0, math.inf),
        False,
        help="e to the mean loss of a token, over the tokens of all rows; nan where none was to be predicted. "
        "Only models with the same tokenizer compare by it.",
    ),
    Metric(
        "bits_per_byte",
        "tokens",
        bits_per_byte,
        (0.0, math.inf),
        False,
        help="Loss in bits over the bytes of the text (UTF-8) that was predicted: compares models with different tokenizers.",
    ),
    Metric("accuracy", "tokens", token_accuracy, help="Share of tokens of which the likeliest was the right one."),
)
