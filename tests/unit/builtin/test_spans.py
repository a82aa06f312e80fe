"""Character spans become words and tags, and come back as the same characters."""

from __future__ import annotations

from typing import Any

import pytest

from tui_finetune.builtin.preprocessors.spans import SpansToTags
from tui_finetune.builtin.tasks.words import split_words
from tui_finetune.errors import DataError
from tui_finetune.evaluation.entities import spans

STEP = SpansToTags()
TEXT = "Ada Lovelace lived in London."


def made(text: str, given: Any, scheme: str = "bio") -> dict[str, Any]:
    return STEP.apply({"text": text, "entities": given}, {"text": "text", "spans": "entities", "scheme": scheme})


@pytest.mark.parametrize(
    ("scheme", "tags"),
    [
        ("bio", ["B-PER", "I-PER", "O", "O", "B-LOC", "O"]),
        ("bioes", ["B-PER", "E-PER", "O", "O", "S-LOC", "O"]),
        ("io", ["I-PER", "I-PER", "O", "O", "I-LOC", "O"]),
    ],
)
@pytest.mark.parametrize(
    "given",
    [
        [{"start": 0, "end": 12, "label": "PER"}, {"start": 22, "end": 28, "label": "LOC"}],
        [[22, 28, "LOC"], [0, 13, "PER"]],  # in any order; blanks at the ends do not count
    ],
)
def test_schemes(given: Any, scheme: str, tags: list[str]) -> None:
    found = made(TEXT, given, scheme)
    assert found["tokens"] == ["Ada", "Lovelace", "lived", "in", "London", "."]
    assert found["tags"] == tags
    assert found["text"] == TEXT


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("在伦敦出生", (1, 3)),
        ("وُلدت في لندن", (9, 13)),
        ("an e-mail@x.org of", (3, 15)),
        ("pre-London-based", (4, 10)),
        ("1990s", (0, 4)),
    ],
)
def test_characters_come_back(text: str, span: tuple[int, int]) -> None:
    found = made(text, [[*span, "X"]])
    ((kind, first, last),) = spans(found["tags"])
    start = text.index(found["tokens"][first])
    assert kind == "X"
    assert "".join(found["tokens"][first:last]) == text[span[0] : span[1]].replace(" ", "")
    assert start == span[0]


def test_words_are_those_of_typed_texts_where_no_span_cuts_them() -> None:
    assert made(TEXT, [])["tokens"] == split_words(TEXT)[0]
    assert made(TEXT, [])["tags"] == ["O"] * 6
    assert made(TEXT, None)["tags"] is None


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([[0, 12, "PER"], [4, 12, "NAME"]], "NAME 'Lovelace' lies within PER 'Ada Lovelace': a word has one tag"),
        ([[0, 12, "PER"], [4, 18, "X"]], "X 'Lovelace lived' overlaps PER 'Ada Lovelace'"),
        ([[0, 99, "PER"]], "PER 0-99 is no span of a text of 29 characters"),
        ([[5, 5, "PER"]], "PER 5-5 is no span"),
        ([[3, 4, "PER"]], "PER 3-4 holds nothing but blanks"),
        (["PER"], "'PER' is no span: start, end and label are expected"),
        ([{"start": "a", "end": 3, "label": "X"}], "is no span: start, end and label are expected"),
        ("0-3 PER", "the spans are str; a list is expected"),
    ],
)
def test_what_cannot_be_is_named(given: Any, message: str) -> None:
    with pytest.raises(DataError, match="spans-to-tags: ") as told:
        made(TEXT, given)
    assert message in str(told.value)
