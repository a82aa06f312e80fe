"""Answers as data has them, SQuAD's: their texts, and where they stand in the context."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tui_finetune.errors import DataError, Problem

Placed = tuple[str, int | None]
"""A text, and the character of the context at which it begins, where that is told."""


def answers_of(value: Any) -> list[Placed]:
    """The answers of a row: of a struct of lists, or of a list of structs; none of null and of empty ones."""
    if value is None:
        return []
    listed: list[tuple[Any, Any]]
    if isinstance(value, Mapping):
        texts, starts = value.get("text") or [], value.get("answer_start") or []
        listed = list(zip(texts, [*starts, *[None] * (len(texts) - len(starts))], strict=False))
    else:
        listed = [(one.get("text"), one.get("answer_start")) for one in value if one is not None]
    return [(str(text), None if start is None else int(start)) for text, start in listed if text]


def texts_of(value: Any) -> list[str]:
    """The texts that are right, each once."""
    return list(dict.fromkeys(text for text, _ in answers_of(value)))


def span_in(context: str, answer: Placed) -> tuple[int, int] | None:
    """Characters of an answer: where it says, else the place of the same text that is nearest to it; None where there is none.

    So offsets that count in other units, and contexts from which a preprocessor took some characters, find their place.
    """
    text, told = answer
    near = told or 0
    if told is not None and context[near : near + len(text)] == text:
        return near, near + len(text)
    after, before = context.find(text, max(near, 0)), context.rfind(text, 0, max(near, 0) + len(text))
    places = [place for place in (after, before) if place >= 0]
    if not places:
        return None
    start = min(places, key=lambda place: abs(place - near))
    return start, start + len(text)


def spans_of(context: str, value: Any) -> list[tuple[int, int]]:
    """Characters of a row's answers. Raises DataError for answers of which none stands in the context."""
    answers = answers_of(value)
    found = [span for answer in answers if (span := span_in(context, answer)) is not None]
    if answers and not found:
        message = f"the answer {_cut(answers[0][0])!r} does not stand in its context, {_cut(context)!r}."
        hint = "Answers are copied from the context, letter by letter; a preprocessor may have changed it."
        raise DataError(Problem(message, "data.columns", hint=hint))
    return list(dict.fromkeys(found))


def _cut(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."


def all_texts(values: Sequence[Any]) -> list[list[str]]:
    """`texts_of` of each row."""
    return [texts_of(value) for value in values]
