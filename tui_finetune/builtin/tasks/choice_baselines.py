"""What trivial methods reach at choices: the most frequent place, the longest choice, the one with most words of the text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tui_finetune.builtin.tasks.choice_labels import choices_of
from tui_finetune.builtin.tasks.labels import ids_of
from tui_finetune.evaluation.measure import measure
from tui_finetune.plugin_api import Baseline, Decoded, LabelSet, Metric

Rows = Mapping[str, Sequence[Any]]


def choice_baselines(train: Rows, test: Rows, labels: LabelSet, metrics: Sequence[Metric]) -> list[Baseline]:
    """`majority`, `longest` and `overlap`."""
    gold = ids_of(test["label"], labels)
    usual = Counter(ids_of(train["label"], labels)).most_common(1)[0][0]

    def baseline(name: str, choose: Callable[[str, list[str]], int], help: str) -> Baseline:
        texts = enumerate(test["text"])
        said = [choose(str(text or ""), choices_of(test, at)[: len(labels)]) for at, text in texts]
        return Baseline(name, measure(Decoded(labels, said, gold), metrics), help)

    return [
        baseline("majority", lambda text, choices: usual, "most frequent place"),
        baseline("longest", lambda text, choices: _best([len(one) for one in choices]), "longest choice"),
        baseline(
            "overlap",
            lambda text, choices: _best([_shared(text, one) for one in choices]),
            "choice with the largest share of words of the text",
        ),
    ]


def _best(values: Sequence[float]) -> int:
    return max(range(len(values)), key=lambda place: values[place], default=0)


def _shared(text: str, choice: str) -> float:
    words = set(choice.lower().split())
    return len(words & set(text.lower().split())) / len(words) if words else 0.0
