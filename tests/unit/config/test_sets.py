"""`--set`: TOML where it is TOML, else text; never an exception."""

from __future__ import annotations

from typing import Any

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from tui_finetune.config.sets import apply_sets, parse_set, parse_value
from tui_finetune.config.write import toml_value

SCALARS = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_categories=["Cs"])),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="ascii"), max_size=5), inner, max_size=4)
    ),
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3e-5", 3e-5),
        ("3", 3),
        ("true", True),
        ('["f1", "accuracy"]', ["f1", "accuracy"]),
        ("{ text = 'a' }", {"text": "a"}),
        ('"3"', "3"),
        ("run:latest", "run:latest"),
        ("google-bert/bert-base-uncased", "google-bert/bert-base-uncased"),
        ("", ""),
        ("1, 2", "1, 2"),
        ("1,", "1,"),
        ("5 # five", "5 # five"),
        ("1\nx = 2", "1\nx = 2"),
        ("a=b", "a=b"),
    ],
)
def test_a_value_is_toml_or_text(text: str, value: Any) -> None:
    assert parse_value(text) == value
    assert type(parse_value(text)) is type(value)


@given(VALUES)
def test_what_is_written_as_toml_reads_back(value: Any) -> None:
    assert parse_value(toml_value(value)) == value


@given(st.text())
def test_any_text_is_a_value(text: str) -> None:
    value = parse_value(text)
    if isinstance(value, str) and value != text:
        assert tomli.loads(f"v = {text}") == {"v": value}


@given(st.text(), VALUES)
def test_no_set_raises(text: str, value: Any) -> None:
    apply_sets({"a": value, "b": {"c": [1, {"d": 2}]}}, [text, f"a.b={text}", f"b.c.1.d={text}", f"b.c.{text}"])


@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1), min_size=1, max_size=4))
def test_quoted_parts_of_a_key(parts: list[str]) -> None:
    key = ".".join(toml_value(part) for part in parts)
    if "=" not in key and "\n" not in key:
        assert parse_set(f"{key}=1") == (parts, 1)


def test_items_of_lists_have_numbers() -> None:
    data: dict[str, Any] = {"preprocess": [{"use": "a"}, {"use": "b"}]}
    done, problems = apply_sets(data, ["preprocess.1.use=c", "preprocess.2.use=d"])
    assert data["preprocess"][1] == {"use": "c"}
    assert done == {"preprocess.1.use"}
    assert [str(p) for p in problems] == ["--set: preprocess: no item 2. There are: 0 to 1."]


def test_the_last_one_wins() -> None:
    data: dict[str, Any] = {}
    apply_sets(data, ["run.seed=1", "run.seed=2"])
    assert data == {"run": {"seed": 2}}
