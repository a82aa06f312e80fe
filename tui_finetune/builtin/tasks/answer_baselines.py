"""What trivial methods reach at answering: never an answer, and the sentence that has most of the question's words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tui_finetune.evaluation.measure import measure
from tui_finetune.evaluation.squad import right_texts, signs_of
from tui_finetune.plugin_api import Baseline, Decoded, LabelSet, Metric

_SENTENCE = re.compile(r"[^.!?。！？؟]+[.!?。！？؟]*")


def answer_baselines(
    questions: Sequence[str],
    contexts: Sequence[str],
    gold: Sequence[Sequence[str]],
    labels: LabelSet,
    metrics: Sequence[Metric],
) -> list[Baseline]:
    """`sentence`; and `no_answer` where some questions have none."""
    said = {"sentence": [likest_sentence(*one) for one in zip(questions, contexts, strict=True)]}
    helps = {"sentence": "The sentence of the context that has most of the question's words."}
    if any(right_texts(texts) == [""] for texts in gold):
        said["no_answer"] = [""] * len(gold)
        helps["no_answer"] = "Never an answer."
    return [
        Baseline(name, measure(Decoded(labels, texts, list(gold)), metrics), helps[name])
        for name, texts in said.items()
    ]


def likest_sentence(question: str, context: str) -> str:
    """Of several with as many of the question's words the first."""
    asked = set(signs_of(question or ""))
    sentences = [one.strip() for one in _SENTENCE.findall(context or "") if one.strip()]
    return max(sentences, key=lambda sentence: len(asked & set(signs_of(sentence))), default="")
