"""What a column holds, counted: texts, labels, lists, numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tui_finetune.data.column_facts import column_facts
from tui_finetune.data.lengths import Measured


def facts(values: list[Any], **given: Any) -> dict[str, Any]:
    return column_facts(pa.chunked_array([values]), **given)


def test_labels_are_counted_the_commonest_first() -> None:
    found = facts(["b", "a", "b", None])
    assert (found["rows"], found["missing"], found["distinct"]) == (4, 1, 2)
    assert found["values"] == [["b", 2], ["a", 1]]


def test_integers_stand_for_their_classes() -> None:
    assert facts([1, 1, 0, 7], class_names=("bad", "good"))["values"] == [["good", 2], ["bad", 1], ["7", 1]]
    assert facts([True, True, False])["values"] == [["true", 2], ["false", 1]]


def test_tags_are_counted_one_by_one_and_lists_measured() -> None:
    found = facts([["O", "B-x"], ["O"], []])
    assert found["values"] == [["O", 2], ["B-x", 1]]
    assert (found["lengths"]["unit"], found["lengths"]["max"]) == ("words", 2)
    assert found["lengths"]["bins"] == [1, 1, 1]


def test_texts_are_measured_and_not_listed_where_none_repeats() -> None:
    found = facts(["a b c", "d", "e f"])
    assert "values" not in found
    assert found["lengths"] == {
        "unit": "words",
        "median": 2,
        "p95": 2,
        "max": 3,
        "bin_width": 1,
        "bins": [0, 1, 1, 1],
    }


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.0, 2.0, 4.0], {"min": 1.0, "max": 4.0, "not_finite": 0}),
        ([3, 3, 3], {"min": 3.0, "max": 3.0, "bins": [3]}),
        ([float("nan"), float("inf")], {"not_finite": 2}),
    ],
)
def test_numbers_have_their_range(values: list[float], expected: dict[str, Any]) -> None:
    found = facts(values)["numbers"]
    assert expected.items() <= found.items()


def test_nothing_but_missing_values() -> None:
    found = column_facts(pa.chunked_array([pa.array([None, None], pa.string())]))
    assert (found["missing"], found["distinct"]) == (2, 0)
    assert "lengths" not in found


def test_objects_are_only_counted() -> None:
    assert set(facts([{"a": 1}, None])) == {"type", "rows", "missing"}


def test_with_a_tokenizer_rows_beyond_the_limit_are_counted(tmp_path: Path) -> None:
    tokenizers = pytest.importorskip("tokenizers")
    backend = tokenizers.Tokenizer(tokenizers.models.WordLevel({"a": 0, "[UNK]": 1}, unk_token="[UNK]"))
    backend.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    backend.save(str(tmp_path / "tokenizer.json"))
    found = facts(["a a a", "a", None], tokenizer=tmp_path / "tokenizer.json", max_length=2)["lengths"]
    assert (found["unit"], found["max"], found["cut"], found["max_length"]) == ("tokens", 3, 1, 2)


def test_bins_reach_the_longest_also_of_a_sample() -> None:
    width, counts = Measured("tokens", [1, 2, 3], [99], 1_000).bins(10)
    assert (width, len(counts), sum(counts)) == (10, 10, 3)
