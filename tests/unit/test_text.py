"""The one boundary between text from outside and the terminal."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.poison import CORPUS, FORBIDDEN, harm_in_text
from tui_finetune.text import cell_width, cut_end, cut_front, cut_middle, pad, safe_json, shown

ANY = st.text(st.characters(exclude_categories=()), max_size=80)


@pytest.mark.parametrize("name", CORPUS)
def test_nothing_of_it_is_obeyed_by_a_terminal(name: str) -> None:
    for text in (shown(CORPUS[name]), shown(CORPUS[name], multiline=True), cut_middle(CORPUS[name], 30)):
        assert harm_in_text(text) == []
        text.encode()
    assert "\n" not in shown(CORPUS[name])


def test_what_a_person_would_read_stays() -> None:
    for text in ("Zürich", CORPUS["emoji"], CORPUS["cjk"], CORPUS["rtl"], "क्षि", "a\u0301\u0323"):
        assert shown(text) == text
    assert shown("a\nb") == "a⏎b"
    assert shown("a\x1b[1m\x9b\u202e\x7f") == "a␛[1m\\x9b\\u202e␡"


def test_more_marks_than_any_language_has_are_cut() -> None:
    assert shown(CORPUS["combining"]) == "a" + "\u0301" * 8 + "…b"


@given(ANY, st.integers(1, 40))
def test_what_is_cut_fits(text: str, width: int) -> None:
    for cut in (cut_end, cut_middle, cut_front):
        assert cell_width(cut(text, width)) <= width
        assert not FORBIDDEN.search(cut(text, width))
    assert cell_width(pad(cut_end(text, width), width)) >= width


@given(st.recursive(ANY, lambda inner: st.lists(inner) | st.dictionaries(ANY, inner), max_leaves=8))
def test_json_stays_the_same_document(document: object) -> None:
    text = safe_json(json.dumps(document, ensure_ascii=False))
    assert json.loads(text) == document
    assert not FORBIDDEN.search(text)
