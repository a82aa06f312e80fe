"""Lists of labels through one line and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tui_finetune.live.data_set import Asked, ColumnInfo, DataSet, Split
from tui_finetune.live.label_lists import NoList, as_typed, from_typed


def data(kind: str, column: str, values: Sequence[Any], names: Sequence[str]) -> DataSet:
    labels = [{"name": name, "value": value, "count": 1} for value, name in zip(values, names, strict=True)]
    return DataSet(
        Asked(path="/a.parquet"),
        "parquet",
        "parquet",
        (Split("train", "/a.arrow", 3),),
        (ColumnInfo("text", "string"), ColumnInfo("label", column)),
        look={"roles": {"text": "text", "label": "label"}, "labels": labels, "task": "t"},
        kinds={"text": "text", "label": kind},
        gold="label",
    )


EMOTIONS = data("labels", "list<int64>", [0, 1, 2], ["joy", "anger", "great sorrow"])
TOPICS = data("labels", "list<string>", ["a", "b, c"], ["a", "b, c"])
TAGS = data("tags", "list<int32>", [0, 1, 2], ["O", "B-PER", "I-PER"])


@pytest.mark.parametrize(
    ("found", "value", "line"),
    [
        (EMOTIONS, [0, 2], "joy, great sorrow"),
        (EMOTIONS, [], ""),
        (EMOTIONS, None, ""),
        (TOPICS, ["a", "b, c"], '["a", "b, c"]'),
        (TAGS, [0, 1, 2], "O, B-PER, I-PER"),
    ],
)
def test_a_list_goes_through_a_line(found: DataSet, value: list[Any] | None, line: str) -> None:
    assert as_typed(found, "label", value) == line
    assert from_typed(found, "label", line, value) == (value or [])


def test_other_labels_are_meant_by_their_names() -> None:
    assert from_typed(EMOTIONS, "label", "anger,joy ,", [2]) == [1, 0]
    assert from_typed(EMOTIONS, "label", '["anger"]', [2]) == [1]
    assert from_typed(TOPICS, "label", "a, new", ["a"]) == ["a", "new"]


@pytest.mark.parametrize(
    ("found", "typed", "words"),
    [
        (EMOTIONS, "joy, hope", "'hope' is no label here. There are: joy, anger, great sorrow."),
        (EMOTIONS, '["joy"', "No list: "),
        (EMOTIONS, '[["joy"]]', "A list of names is expected"),
        (TAGS, "O, O", "Each of 3 words has one tag; these are 2."),
    ],
)
def test_what_is_no_list_of_labels_is_said(found: DataSet, typed: str, words: str) -> None:
    with pytest.raises(NoList, match=None) as caught:
        from_typed(found, "label", typed, [0, 0, 0])
    assert words in str(caught.value)
