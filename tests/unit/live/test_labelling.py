"""What is meant by what is typed while labelling."""

from __future__ import annotations

import pytest

from tui_finetune.edits.entry import about_row, set_cell, signed
from tui_finetune.edits.overlay import Overlay, RowEdits
from tui_finetune.live.data_set import Asked, ColumnInfo, DataSet, Split
from tui_finetune.live.labelling import (
    as_field,
    from_field,
    in_short,
    labels_of,
    matching,
    options_of,
    told_edits,
)


def data(*names: str, kind: str = "label", column: str = "string") -> DataSet:
    labels = [{"name": name, "value": name, "count": 1} for name in names]
    return DataSet(
        Asked(path="/a.csv"),
        "csv",
        "csv",
        (Split("train", "/a.arrow", 3),),
        (ColumnInfo("text", "string"), ColumnInfo("label", column)),
        look={"roles": {"text": "text", "label": "label"}, "labels": labels, "task": "t"},
        kinds={"text": "text", "label": kind},
        gold="label",
    )


LABELS = ("refund", "card_arrival", "card lost", "top up", *(f"other{n}" for n in range(8)))


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("", "refund"),
        ("3", "card lost"),
        ("1", "refund"),
        ("12", "other7"),
        ("ref", "refund"),
        ("card", "card_arrival"),
        ("card l", "card lost"),
        ("arr", "card_arrival"),
        ("UP", "top up"),
        ("dro", "drop the row"),
        ("corr", "correct text …"),
        ("not", "note …"),
    ],
)
def test_digits_are_numbers_and_letters_beginnings(typed: str, first: str) -> None:
    found = data(*LABELS)
    assert matching(options_of(found, None), typed, labels_of(found))[0].words == first


def test_labels_that_are_numbers_are_typed_by_their_names() -> None:
    found = data("5", "1", "3")
    options = matching(options_of(found, None), "1", labels_of(found))
    assert (options[0].words, options[0].number) == ("1", None)


def test_what_no_label_is_called_is_a_new_one() -> None:
    found = data("good", "bad")
    option = matching(options_of(found, None), "so-so", labels_of(found))[0]
    assert (option.new, option.value) == (True, "so-so")
    assert not any(one.new for one in matching(options_of(found, None), "Good", labels_of(found)))


def test_a_number_is_its_own_label() -> None:
    found = data(kind="number", column="double")
    labels = labels_of(found)
    assert [one.value for one in matching(options_of(found, None), "2.5", labels)] == [2.5]
    assert matching(options_of(found, None), "note", labels)[0].kind == "note"


def test_lists_of_labels_are_typed() -> None:
    found = data("a", kind="tags", column="list<string>")
    assert labels_of(found).options == ()
    assert [one.kind for one in options_of(found, None)] == ["labels", "text", "note", "drop"]
    answers = data(kind="answers", column="list<struct<text: string>>")
    assert [one.kind for one in options_of(answers, None)] == ["text", "note", "drop"]


def edits(*entries: object) -> RowEdits:
    overlay = Overlay(signed(list(entries), "anna"))  # type: ignore[arg-type]
    return next(iter(overlay.rows().values()))


def test_what_was_decided_is_told() -> None:
    found = data("good", "bad")
    row = ("a.csv:1", "0")
    made = edits(
        set_cell(*row, "label", "good", "bad"), set_cell(*row, "text", "new", "old"), about_row("note", *row, "hm")
    )
    assert told_edits(found, made) == ["label: bad → good (anna)", "text: old → new (anna)", "note: hm (anna)"]
    assert in_short(found, made) == "text corrected; label: bad → good (anna); note: hm (anna)"
    dropped = edits(about_row("drop", *row))
    assert told_edits(found, dropped, changed=True) == [
        "dropped (anna); the row has changed since, so it is not applied"
    ]
    assert options_of(found, dropped)[-1].kind == "keep"


@pytest.mark.parametrize("text", ["", "one line", "two\nlines\n"])
def test_texts_go_through_a_field(text: str) -> None:
    field = as_field(text)
    assert field is not None
    assert from_field(field) == text


@pytest.mark.parametrize("text", ["x" * 10_001, "a⏎b", "a\r\nb"])
def test_what_a_field_would_spoil_is_refused(text: str) -> None:
    assert as_field(text) is None
