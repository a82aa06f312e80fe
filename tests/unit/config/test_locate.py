"""Lines of keys, in every way that TOML has of writing them."""

from __future__ import annotations

from typing import Any

import tomli
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from tui_finetune.config.locate import key_lines, line_of

TEXT = '''\
# a comment with = and [brackets]
version = 1
data.path = "a # not a comment"   # one

[model]   # two
path = """
[not.a.table]
x = 1
"""
"max length" = 3
'freeze' = [
  "a",  # [x]
  "b]",
  { deep = 1, deeper = { deepest = [1,
     2] } },
]
[[preprocess]]
use = 'it''s'
[preprocess.options]
keep = \'\'\'
use = 3\'\'\'
[[preprocess]]
use = "b\\"x = 1"
[[preprocess.inner]]
a = 1
[[preprocess.inner]]
a = 2
[train] # end
learning_rate=2e-5
[data.columns]
text.deep = 1979-05-27 07:32:00
'''.replace("'it''s'", "'its'")


def test_every_key_has_its_line() -> None:
    tomli.loads(TEXT)
    lines = key_lines(TEXT)
    expected = {
        "version": 2,
        "data": 3,
        "data.path": 3,
        "model": 5,
        "model.path": 6,
        "model.max length": 10,
        "model.freeze": 11,
        "model.freeze.1": 13,
        "model.freeze.2.deep": 14,
        "model.freeze.2.deeper.deepest.1": 15,
        "preprocess": 17,
        "preprocess.0": 17,
        "preprocess.0.use": 18,
        "preprocess.0.options": 19,
        "preprocess.0.options.keep": 20,
        "preprocess.1": 22,
        "preprocess.1.use": 23,
        "preprocess.1.inner.0.a": 25,
        "preprocess.1.inner.1": 26,
        "preprocess.1.inner.1.a": 27,
        "train": 28,
        "train.learning_rate": 29,
        "data.columns": 30,
        "data.columns.text.deep": 31,
    }
    assert {key: lines.get(key) for key in expected} == expected
    assert not [key for key in lines if "not" in key]


def test_an_absent_key_has_the_line_of_its_table() -> None:
    lines = key_lines("[model]\n\n[train]\n")
    assert line_of(lines, "model.path") == 1
    assert line_of(lines, "data.path") is None


def _keys(value: Any, prefix: str = "") -> set[str]:
    found = set()
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found |= {f"{prefix}{key}"} | _keys(inner, f"{prefix}{key}.")
    return found


NAMES = st.text(st.characters(codec="utf-8"), max_size=6)
SCALARS = st.one_of(st.booleans(), st.integers(0, 9), st.text(st.characters(codec="utf-8"), max_size=12))
TREES = st.dictionaries(
    NAMES,
    st.recursive(SCALARS, lambda t: st.lists(t, max_size=3) | st.dictionaries(NAMES, t, max_size=3), max_leaves=12),
    max_size=5,
)


@given(TREES)
def test_no_key_is_missed_in_a_written_document(tree: dict[str, Any]) -> None:
    text = tomlkit.dumps(tree)
    lines = key_lines(text)
    assert _keys(tomli.loads(text)) <= lines.keys()
    assert all(1 <= line <= text.count("\n") + 1 for line in lines.values())


@given(st.text())
def test_other_text_raises_nothing(text: str) -> None:
    key_lines(text)
