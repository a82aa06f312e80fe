"""What trivial taggers reach on the same rows: the most frequent tag; each word's most frequent tag."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tui_finetune.evaluation.measure import measure
from tui_finetune.plugin_api import Baseline, Decoded, LabelSet, Metric


def tag_baselines(
    train: Sequence[Sequence[str]],
    test: Sequence[Sequence[str]],
    train_gold: Sequence[Sequence[int]],
    test_gold: Sequence[Sequence[int]],
    labels: LabelSet,
    metrics: Sequence[Metric],
) -> list[Baseline]:
    """`majority`, and `word_tag`: words that train lacks get the most frequent tag. Ties go to the lower id."""
    tags = Counter(tag for row in train_gold for tag in row)
    majority = _commonest(tags) if tags else 0
    by_word: dict[str, Counter[int]] = {}
    for words, row in zip(train, train_gold, strict=True):
        for word, tag in zip(words, row, strict=True):
            by_word.setdefault(word, Counter())[tag] += 1
    usual = {word: _commonest(counter) for word, counter in by_word.items()}

    def measured(name: str, predicted: list[list[int]], help: str) -> Baseline:
        return Baseline(name, measure(Decoded(labels, predicted, test_gold), metrics), help)

    return [
        measured("majority", [[majority] * len(words) for words in test], "most frequent tag for every word"),
        measured(
            "word_tag", [[usual.get(w, majority) for w in words] for words in test], "each word's most frequent tag"
        ),
    ]


def _commonest(counter: Counter[int]) -> int:
    return min(counter, key=lambda tag: (-counter[tag], tag))
