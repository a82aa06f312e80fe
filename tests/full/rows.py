"""Made-up rows for each task, of whose kind something can be learnt in seconds; and the options that go with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.worker import encoder_models, language_models

COLOURS = ("red", "blue", "sour")
MOODS: tuple[list[str], ...] = (["joy"], ["fear"], ["joy", "anger"], [])


@dataclass(frozen=True)
class Case:
    """A task as the covering set tries it: the row of a number, and what is asked of the trained model."""

    task: str
    row: Callable[[int], Mapping[str, Any]]
    asked: tuple[str, ...] = ("text",)
    """Columns that stand for a person's text, and its pair."""
    sets: Mapping[str, Any] = field(default_factory=dict)
    """Keys of the recipe."""
    models: Mapping[str, Any] = field(default_factory=lambda: encoder_models.KINDS)
    """Kinds of models that go with it."""


def _text(index: int) -> str:
    return " ".join([COLOURS[index % 3]] * (1 + index % 5) + ["thing", str(index)])


def _labelled(index: int) -> Mapping[str, Any]:
    return {"text": _text(index), "label": COLOURS[index % 3]}


def _moods(index: int) -> Mapping[str, Any]:
    labels = MOODS[index % 4]
    return {"text": " ".join(["plain", *labels, str(index)]), "labels": labels}


def _number(index: int) -> Mapping[str, Any]:
    return {"text": f"{'sweet ' * (index % 5)}thing {index}", "score": index % 5 + 0.5}


def _stars(index: int) -> Mapping[str, Any]:
    return {"text": f"{'sweet ' * (index % 4)}thing {index}", "stars": index % 4 + 1}


def _tags(index: int) -> Mapping[str, Any]:
    words = ["the", "red", "box", "is", COLOURS[index % 3], str(index)]
    return {"tokens": words, "tags": ["O", "B-THING", "I-THING", "O", f"B-{COLOURS[index % 3].upper()}", "O"]}


def _plain(index: int) -> Mapping[str, Any]:
    return {"text": f"the {COLOURS[index % 3]} cat sat on a mat {index}"}


def _question(index: int) -> Mapping[str, Any]:
    word = COLOURS[index % 3]
    context = f"{'it is so and so. ' * (index % 4)}the box {index} is {word}."
    answers = [] if index % 4 == 3 else [{"text": word, "answer_start": context.rindex(word)}]
    return {"question": f"how is box {index}?", "context": context, "answers": answers}


def _answered(index: int) -> Mapping[str, Any]:
    return {"prompt": f"the {COLOURS[index % 3]} cat", "answer": f"sat on a mat {index}"}


def _preferred(index: int) -> Mapping[str, Any]:
    asked = f"the {COLOURS[index % 3]} cat "
    return {"prompt": asked, "chosen": f"slept well {index}", "rejected": f"ran under {'a hat ' * (index % 3)}"}


def _alike(index: int) -> Mapping[str, Any]:
    return {"anchor": f"{COLOURS[index % 3]} thing {index}", "positive": f"how {COLOURS[index % 3]} is box {index}"}


def _choice(index: int) -> Mapping[str, Any]:
    count = 2 + index % 2
    right = index // 2 % count
    choices = [f"it is {COLOURS[(index + place - right) % 3]}" for place in range(count)]
    return {"text": f"the {COLOURS[index % 3]} box", "choices": choices, "label": right, "typed": " | ".join(choices)}


CASES: Mapping[str, Case] = {
    "text-classification": Case("text-classification", _labelled),
    "multi-label": Case(
        "text-classification", _moods, sets={"task_options.problem_type": "multi_label_classification"}
    ),
    "regression": Case("regression", _number),
    "ordinal": Case("ordinal", _stars),
    "token-classification": Case("token-classification", _tags, ("tokens",)),
    "question-answering": Case(
        "question-answering", _question, ("question", "context"), {"task_options.doc_stride": 8}
    ),
    "sft": Case("sft", _answered, ("prompt",), {"task_options.max_new_tokens": 4}, language_models.KINDS),
    "dpo": Case("dpo", _preferred, ("prompt",), models=language_models.KINDS),
    "reward": Case("reward", _preferred, ("prompt", "chosen"), models=language_models.KINDS),
    "sentence-similarity": Case("sentence-similarity", _alike, ("anchor", "positive"), {"task_options.rows": "pairs"}),
    "multiple-choice": Case("multiple-choice", _choice, ("text", "typed")),
    "fill-mask": Case("fill-mask", _plain),
    # Texts are packed into blocks: fewer of them than rows.
    "causal-lm": Case("causal-lm", _plain, sets={"train.per_device_train_batch_size": 1}, models=language_models.KINDS),
}
