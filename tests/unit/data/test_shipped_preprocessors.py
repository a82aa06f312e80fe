"""The preprocessors that come with the program: what each does to a row, to a split, and to options that are wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.data.conftest import Prepare, Write, rows
from tui_finetune.builtin.preprocessors import PREPROCESSORS
from tui_finetune.data.opening import validated
from tui_finetune.errors import UserError

STEPS = {step.name: step for step in PREPROCESSORS}
Given = Mapping[str, Any]


def options(name: str, given: Given) -> Mapping[str, Any]:
    model = STEPS[name].options_model()
    assert model is not None
    return validated(model, given)


def applied(name: str, row: dict[str, Any], **given: Any) -> Any:
    return STEPS[name].apply(row, options(name, given))


def text(name: str, value: str, **given: Any) -> Any:
    return applied(name, {"text": value}, **given)["text"]


def refused(name: str, row: dict[str, Any], **given: Any) -> str:
    with pytest.raises(UserError) as caught:
        applied(name, row, **given)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "given", "before", "after"),
    [
        ("strip-html", {}, "Good.<br /><br />Really <b>good</b> &amp; fine", "Good. Really good & fine"),
        ("strip-html", {}, "<p>One</p><p>Two</p><script>x < 1</script><!-- no -->", "One Two"),
        ("strip-html", {}, "3 < 4 and a <- b", "3 < 4 and a <- b"),
        ("strip-html", {}, "in<i>side</i>", "inside"),
        ("fix-text", {}, "itâ€™s cafÃ©", "it’s café"),
        ("fix-text", {}, "“quoted” ﬁne &amp; so", "“quoted” ﬁne &amp; so"),
        ("unicode-form", {}, "e\u0301", "é"),
        ("unicode-form", {"form": "NFKC"}, "ﬁ ２", "fi 2"),
        ("whitespace", {}, "  a\t b\n\nc\u00a0d ", "a b c d"),
        ("whitespace", {"keep_lines": True}, "a  b\n\n\n\nc ", "a b\n\nc"),
        ("lowercase", {}, "ÀB", "àb"),
        ("mask-private", {}, "mail ann@example.org or +49 30 1234567", "mail [EMAIL] or [PHONE]"),
        ("mask-private", {"kinds": ["phone"]}, "ann@example.org", "ann@example.org"),
        ("mask-private", {}, "4111 1111 1111 1111 and 4111 1111 1111 1112", "[CARD] and 4111 1111 1111 1112"),
        ("replace-text", {"pattern": r"https?://\S+", "replacement": "URL"}, "see https://a.b/c now", "see URL now"),
        ("replace-text", {"pattern": r"(a)b", "replacement": r"\1", "ignore_case": True}, "ABab", "Aa"),
    ],
)
def test_texts_are_changed(name: str, given: Given, before: str, after: str) -> None:
    assert text(name, before, **given) == after


@given(st.text())
def test_a_second_time_changes_nothing(value: str) -> None:
    for name in ("whitespace", "unicode-form", "mask-private"):
        once = text(name, value)
        assert text(name, once) == once


@given(st.text(alphabet="<>&;!-/ab \"'"))
def test_any_markup_is_read(value: str) -> None:
    assert isinstance(text("strip-html", value), str)


def test_columns_are_those_named_else_the_usual_ones() -> None:
    row = {"text": "A", "text_pair": "B", "title": "C", "label": "D", "words": ["E", None]}
    assert applied("lowercase", row) == {**row, "text": "a", "text_pair": "b"}
    assert applied("lowercase", row, columns=["title", "words"]) == {**row, "title": "c", "words": ["e", None]}
    assert applied("lowercase", {"text": None}) == {"text": None}
    assert "no column body; the columns are text" in refused("lowercase", {"text": "a"}, columns=["body"])
    assert "neither is there; the columns are label, review" in refused("lowercase", {"review": "a", "label": "b"})
    assert "column text holds int values, no text" in refused("lowercase", {"text": 3})


def test_columns_are_joined() -> None:
    row = {"title": "T", "body": None, "stars": 4}
    assert applied("join-columns", row, columns=["title", "body", "stars"], separator=" | ")["text"] == "T | 4"
    assert "no column nothing" in refused("join-columns", row, columns=["title", "nothing"])


def test_words_are_a_sentence_again() -> None:
    row = {"tokens": ["Well", ",", "(", "so", ")", "it", "is", "."]}
    assert applied("join-words", row)["text"] == "Well, (so) it is."
    assert applied("join-words", row, spaced=True)["text"] == "Well , ( so ) it is ."
    assert "holds str values, no lists of words" in refused("join-words", {"tokens": "a b"})


def test_labels_get_other_names() -> None:
    names = {"map": {"1": "neg", "2": "neg", "true": "pos"}}
    assert applied("map-labels", {"label": 2}, **names) == {"label": "neg"}
    assert applied("map-labels", {"label": True}, **names) == {"label": "pos"}
    assert applied("map-labels", {"label": [1, True]}, **names) == {"label": ["neg", "pos"]}
    assert applied("map-labels", {"label": None}, **names) == {"label": None}
    assert "says nothing of 5 in column label" in refused("map-labels", {"label": 5}, **names)
    assert applied("map-labels", {"label": 5}, others="drop", **names) is None
    assert applied("map-labels", {"label": 5}, others="keep", **names) == {"label": 5}


def test_rows_are_dropped_by_length() -> None:
    assert applied("drop-by-length", {"text": "a b c"}, min_words=3, max_characters=5) == {"text": "a b c"}
    assert applied("drop-by-length", {"text": "a b"}, min_words=3) is None
    assert applied("drop-by-length", {"text": "abcdef"}, max_characters=5) is None
    assert applied("drop-by-length", {"text": None}, min_words=1) is None


@given(st.integers(0, 40), st.integers(1, 9), st.integers(0, 8))
def test_pieces_hold_every_word_in_order(count: int, size: int, overlap: int) -> None:
    overlap = min(overlap, size - 1)
    words = [str(number) for number in range(count)]
    made = applied("split-text", {"text": " ".join(words), "label": 1}, words=size, overlap=overlap)
    pieces = [piece["text"].split() for piece in (made if isinstance(made, list) else [made])]
    assert all(len(piece) <= size for piece in pieces)
    assert pieces[0] + [word for piece in pieces[1:] for word in piece[overlap:]] == words


def chosen(name: str, of: dict[str, list[Any]], /, **given: Any) -> dict[str, list[int]]:
    tables = {split: pa.table({"text": pa.array(v), "label": pa.array(v)}) for split, v in of.items()}
    return {split: list(kept) for split, kept in STEPS[name].choose(tables, options(name, given)).items()}


def test_repeated_rows_stay_once_and_train_gives_way() -> None:
    splits: dict[str, list[Any]] = {"train": ["A b", "a  B", "c", None, None, "t"], "test": ["t", "u", "T"]}
    assert chosen("drop-repeated", splits) == {"test": [0, 1], "train": [0, 2, 3, 4]}
    assert chosen("drop-repeated", splits, exact=True) == {"test": [0, 1, 2], "train": [0, 1, 2, 3, 4]}
    assert chosen("drop-repeated", splits, splits=["train"]) == {"train": [0, 2, 3, 4, 5]}


def test_rows_are_drawn() -> None:
    splits = {"train": list("aaaaaabbbc"), "test": list("ab")}
    drawn = chosen("sample-rows", splits, rows=4)
    assert list(drawn) == ["train"]
    assert len(drawn["train"]) == 4
    assert drawn["train"] == sorted(drawn["train"])
    assert chosen("sample-rows", splits, rows=4) == drawn
    assert chosen("sample-rows", splits, rows=40)["train"] == list(range(10))


def test_labels_are_balanced() -> None:
    values = [*"aaaaaabbbcc", None]
    for rows_, of_each in ((None, 2), (3, 3)):
        kept = chosen("balance", {"train": values, "test": list("aab")}, rows=rows_)
        labels = [values[row] for row in kept["train"]]
        assert list(kept) == ["train"]
        assert {label: labels.count(label) for label in "abc"} == {"a": of_each, "b": of_each, "c": 2}


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("replace-text", {"pattern": "("}, "is no regular expression"),
        ("replace-text", {"pattern": "a", "replacement": r"\1"}, "invalid group reference"),
        ("drop-by-length", {}, "needs one of min_characters"),
        ("drop-by-length", {"min_words": 5, "max_words": 4}, "a minimum above its maximum"),
        ("split-text", {"words": 5, "overlap": 5}, "it would never end"),
        ("sample-rows", {}, "rows"),
        ("join-columns", {"columns": ["a"]}, "columns"),
        ("lowercase", {"column": "a"}, "column"),
    ],
)
def test_wrong_options_are_told(name: str, given: Given, said: str) -> None:
    with pytest.raises(UserError) as caught:
        options(name, given)
    assert said in str(caught.value)


def test_splits_that_are_not_there_are_told() -> None:
    with pytest.raises(UserError, match="no split dev; there are train"):
        chosen("balance", {"train": ["a"]}, splits=["dev"])


def test_a_chain_in_a_recipe(prepared: Prepare, write: Write) -> None:
    """Rows keep their identity through steps that change, choose and cut; what each left out is said."""
    path = write("reviews.csv", "text,label\n" + rows(40) + "Good <b>film</b> 1,good\nGOOD film 1,good\n")
    made = prepared(
        path,
        preprocess=[
            {"use": "strip-html"},
            {"use": "drop-repeated"},
            {"use": "balance", "options": {"rows": 15}},
            {"use": "lowercase"},
        ],
    )
    assert "drop-repeated left 1 row out." in made.notes
    table = pa.concat_tables(made.splits.values())
    assert {name: split.num_rows for name, split in made.splits.items()} == {"train": 30, "validation": 4}
    assert all(value == value.lower() for value in table.column("text").to_pylist())
    assert len(set(table.column("row_id").to_pylist())) == 34
    assert [(one.step, dict(one.before), dict(one.after)) for one in made.steps] == [
        ("strip-html", {"train": 42}, {"train": 42}),
        ("drop-repeated", {"train": 42}, {"train": 41}),
        ("lowercase", {"train": 41}, {"train": 41}),
        ("balance", {"train": 37}, {"train": 30}),
    ]


def test_what_is_measured_is_neither_balanced_nor_thinned_with_train(prepared: Prepare, write: Write) -> None:
    """Validation and test, shares of the same file, keep the labels' shares: 4 to 1."""
    lines = "".join(f"good film {n},good\n" for n in range(160)) + "".join(f"bad film {n},bad\n" for n in range(40))
    path = write("reviews.csv", "text,label\n" + lines)
    steps = [{"use": "balance"}, {"use": "sample-rows", "options": {"rows": 20}}]
    made = prepared(path, preprocess=steps, validation=0.25, test=0.25)
    labels = {name: Counter(table.column("label").to_pylist()) for name, table in made.splits.items()}
    assert labels["validation"] == labels["test"] == {"good": 40, "bad": 10}
    assert labels["train"].total() == 20
    assert "balance: 40 of 100 rows; sample-rows: 20 of 40 rows" in (made.split_origin or {})["train"]
    plain = prepared(path, validation=0.25, test=0.25)
    assert plain.splits["test"].equals(made.splits["test"])
    ids = set(plain.splits["train"].column("row_id").to_pylist())
    assert set(made.splits["train"].column("row_id").to_pylist()) < ids


def test_a_split_that_is_named_is_thinned_before(prepared: Prepare, write: Write) -> None:
    path = write("reviews.csv", "text,label\n" + rows(40))
    made = prepared(path, preprocess=[{"use": "sample-rows", "options": {"rows": 20, "splits": ["train"]}}])
    assert sum(table.num_rows for table in made.splits.values()) == 20


def test_the_page_tells_of_each() -> None:
    page = (Path(__file__).parents[3] / "docs" / "preprocessing.md").read_text()
    assert [name for name in STEPS if f"| `{name}` |" not in page] == []
