"""What is typed into the form and what stands in the recipe."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_finetune.live.form import Kind
from tui_finetune.live.typed import read_typed, written_text

PLAIN = st.text(st.characters(categories=("L", "N", "P", "S"), exclude_characters=",=[]{}\"'"), min_size=1, max_size=9)
WORD = st.text(st.characters(categories=("Lu", "Ll")), min_size=3, max_size=9)


@pytest.mark.parametrize(
    ("kind", "typed", "value"),
    [
        ("text", "16", "16"),
        ("text", '"16"', "16"),
        ("text", "it's", "it's"),
        ("texts", "accuracy, f1", ["accuracy", "f1"]),
        ("texts", '["a, b", "c"]', ["a, b", "c"]),
        ("texts", "encoder.layer.0-2", ["encoder.layer.0-2"]),
        ("values", "0, 1, yes", [0, 1, "yes"]),
        ("table", "text = review, label = my label", {"text": "review", "label": "my label"}),
        ("table", '{ text = "a, b" }', {"text": "a, b"}),
        ("path", "data/a b,c.csv", "data/a b,c.csv"),
        ("path", '["a.csv", "b.csv"]', ["a.csv", "b.csv"]),
        ("value", "2e-5", 2e-5),
        ("value", "true", True),
        ("value", "epoch", "epoch"),
        ("value", "0.1", 0.1),
    ],
)
def test_what_is_typed_is_read(kind: Kind, typed: str, value: Any) -> None:
    found = read_typed(kind, typed)
    assert found == value
    assert type(found) is type(value) or isinstance(found, float)


@given(st.lists(PLAIN.filter(lambda text: text == text.strip()), min_size=1, max_size=4))
def test_lists_of_texts_come_back(value: list[str]) -> None:
    assert read_typed("texts", written_text(value)) == value


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=12).filter(lambda text: text == text.strip()))
def test_any_text_in_a_list_comes_back(value: str) -> None:
    """Also one with commas, brackets and line ends: it is then written as TOML has it."""
    assert read_typed("texts", written_text([value, "b"])) == [value, "b"]


@given(st.dictionaries(WORD, WORD.filter(lambda word: word.lower() not in ("true", "false", "nan", "inf")), min_size=1))
def test_tables_come_back(value: dict[str, str]) -> None:
    assert read_typed("table", written_text(value)) == value


def test_a_number_keeps_how_it_was_typed() -> None:
    assert written_text(read_typed("value", "3e-4")) == "3e-4"
    assert written_text(read_typed("value", "0.10")) == "0.10"
