"""The first batch in words."""

from __future__ import annotations

from typing import Any

import pytest

from tui_finetune.live.first_batch import choice_cells, label_words, row_cells, summary, tensor_words

FOUND: dict[str, Any] = {
    "max_length": 128,
    "tensors": {
        "input_ids": {"shape": [2, 4], "dtype": "int64"},
        "labels": {"shape": [2], "dtype": "int64"},
    },
    "rows": [
        {"row_id": "a.csv:2", "input_ids": [1, 5, 6, 2], "tokens": ["[CLS]", "a", "b", "[SEP]"], "padded": 0, "labels": 1},
        {"row_id": None, "input_ids": [1, 2, 0, 0], "tokens": ["[CLS]", "[SEP]", "[PAD]", "[PAD]"], "padded": 2, "labels": 0},
    ],
    "choices": [
        {"order": "length", "padding": "longest", "chosen": True, "waste": 0.045, "tokens": 135_000, "seconds": 61.0},
        {"order": "random", "padding": "max_length", "chosen": False, "waste": 0.767, "tokens": 553_000, "seconds": None},
    ],
}  # fmt: skip


def test_rows_tensors_and_choices() -> None:
    assert summary(FOUND) == "2 rows of up to 4 tokens: 25 % padding"
    assert row_cells(FOUND, ["neg", "pos"]) == [
        ["a.csv:2", "4", "0", "pos", "[CLS] a b [SEP]"],
        ["–", "2", "2", "neg", "[CLS] [SEP] [PAD] [PAD]"],
    ]
    assert tensor_words(FOUND) == "input_ids int64 2×4, labels int64 2"
    first, second = choice_cells(FOUND)
    assert first[:4] == ["▸", "length order, to the longest", "4.5 %", "135 k"]
    assert second == ["", "all to 128 tokens", "76.7 %", "553 k", "–"]


def test_a_row_of_several_inputs_is_counted_whole() -> None:
    pair = {**FOUND["rows"][0], "input_ids": [[1, 2, 3, 0], [1, 2, 0, 0]], "tokens": [["a"], ["b"]], "padded": 3}
    found = {**FOUND, "rows": [pair], "tensors": {"input_ids": {"shape": [1, 2, 4], "dtype": "int64"}}}
    assert summary(found) == "1 row × 2 of up to 4 tokens: 38 % padding"
    assert row_cells(found, [])[0][1] == "5"


@pytest.mark.parametrize(
    ("value", "names", "said"),
    [
        (None, [], "–"),
        (2, ["a", "b"], "2"),
        (0.5, [], "0.5"),
        ([0.0, 1.0, 1.0], ["a", "b", "c"], "b, c"),
        ([0.0, 0.0], ["a", "b"], "none"),
        ([-100, 3, 4, -100], [], "2, 2 ignored"),
        ([3, 4], [], "2"),
    ],
)
def test_labels(value: Any, names: list[str], said: str) -> None:
    assert label_words(value, names) == said
