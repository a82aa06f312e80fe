"""multiple-choice, the light half: rows as pairs with each choice, labels that are numbers or letters, what cannot be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tui_finetune.builtin.metrics import METRICS
from tui_finetune.builtin.tasks.multiple_choice import MultipleChoice
from tui_finetune.builtin.tasks.sentence_texts import texts_in_order, types_in_order
from tui_finetune.errors import DataError, UserError
from tui_finetune.plugin_api import LabelSet
from tui_finetune.plugin_api.testing import PieceEncoder, check_task

TASK = MultipleChoice()
COLUMNS = TASK.variant({"choices": "columns"})
FOUR = LabelSet.of([0, 1, 2, 3])
ROWS: dict[str, list[Any]] = {
    "text": ["she sits down", "he runs"],
    "start": ["then she", None],
    "choices": [["sleeps", "flies away over the sea"], ["on", "off", "in"]],
    "label": [1, 2],
}


@pytest.mark.parametrize("task", [TASK, COLUMNS])
def test_the_kit(task: MultipleChoice) -> None:
    check_task(task)


class TestLabels:
    @pytest.mark.parametrize(
        ("values", "names"),
        [
            ([0, 3, 1], ("0", "1", "2", "3")),
            ([2, 1, 4], ("1", "2", "3", "4")),
            (["C", "A"], ("A", "B", "C")),
            (["0", "2"], ("0", "1", "2")),
            ([0, 0], ("0", "1")),
        ],
    )
    def test_numbers_and_letters(self, values: list[Any], names: tuple[str, ...]) -> None:
        assert TASK.infer_labels(pa.chunked_array([values]), None).names == names

    def test_what_numbers_no_choices_is_refused(self) -> None:
        with pytest.raises(DataError, match="numbers no choices: sleeps"):
            TASK.infer_labels(pa.chunked_array([["sleeps", "A"]]), None)


class TestRows:
    def test_rows_that_cannot_be_are_told_all_at_once(self) -> None:
        rows: dict[str, list[Any]] = {
            "row_id": ["f:1", "f:2", "f:3"],
            "text": ["a"] * 3,
            "choices": [["x"], ["x"] * 5, ["x", "y"]],
        }
        told = [problem.message for problem in TASK.row_problems({**rows, "label": [0, 0, 2]}, FOUR)]
        assert told == [
            "1 row with fewer than two choices: f:1.",
            "1 row with more choices than the 4 labels (0, 1, 2, 3): f:2.",
            "1 row whose right choice is not among theirs: f:3.",
        ]
        assert TASK.row_problems({**ROWS}, FOUR) == []

    def test_each_choice_is_read_with_the_text_and_what_it_begins_with(self) -> None:
        encoded = TASK.encode(ROWS, PieceEncoder(), FOUR)
        assert encoded["choice_count"] == [2, 3]
        assert encoded["labels"] == [1, 2]
        first = {name: values[0] for name, values in encoded.items()}
        pairs = PieceEncoder().texts(["she sits down"] * 2, ["then she sleeps", "then she flies away over the sea"])
        assert texts_in_order(first) == [one.ids for one in pairs]
        assert types_in_order(first) == [one.type_ids for one in pairs]

    def test_columns_of_their_own_end_where_one_is_missing(self) -> None:
        rows: dict[str, list[Any]] = {
            "text": ["a", "b"],
            "ending0": ["x", "x"],
            "ending1": ["y", "y"],
            "ending2": ["z", None],
        }
        assert COLUMNS.encode(rows, PieceEncoder(), FOUR)["choice_count"] == [3, 2]


class TestAnswers:
    def test_choices_that_a_row_lacks_have_no_share(self) -> None:
        encoded = TASK.encode(ROWS, PieceEncoder(), FOUR)
        logits = [np.array([2.0, 0.0, -100.0]), np.array([0.0, 1.0, 2.0])]
        decoded = TASK.decode(logits, {**ROWS, **encoded}, FOUR, {})
        assert decoded.predicted == [0, 2]
        assert decoded.scores is not None
        assert decoded.scores[0].tolist() == pytest.approx([0.8808, 0.1192, 0, 0], abs=1e-4)
        assert decoded.losses is not None
        assert decoded.losses.tolist() == pytest.approx([2.1269, 0.4076], abs=1e-4)
        row = {name: values[0] for name, values in ROWS.items()}
        answer = TASK.answer(decoded, 0, row)
        assert (answer["label"], answer["choice"]) == ("0", "sleeps")
        assert list(answer["scores"]) == ["sleeps", "flies away over the sea"]
        assert TASK.show_answer(answer)[0] == "0.881  sleeps"
        shown = TASK.show_error({**row, "predicted": "0", "score": 0.881, "gold": "1"})
        assert shown[0] == "she sits down then she"
        assert "  1  flies away over the sea" in shown

    def test_a_person_types_choices_with_a_bar_between(self) -> None:
        assert TASK.input_row("a", "x | y y|z") == {"text": "a", "choices": ["x", "y y", "z"]}
        assert COLUMNS.input_row("a", "x|y") == {"text": "a", "ending0": "x", "ending1": "y"}
        with pytest.raises(UserError, match="the choices go into --pair"):
            TASK.input_row("a", "x")

    def test_more_choices_than_were_learnt_can_be_asked(self) -> None:
        row = TASK.input_row("a", "x|y|z")
        batch = {name: [value] for name, value in row.items()}
        encoded = TASK.encode(batch, PieceEncoder(), LabelSet.of([0, 1]))
        decoded = TASK.decode([np.array([0.0, 0.0, 5.0])], {**batch, **encoded}, LabelSet.of([0, 1]), {})
        assert TASK.answer(decoded, 0, row)["choice"] == "z"


def test_trivial_methods() -> None:
    test: dict[str, list[Any]] = {"text": ["a b", "c d"], "choices": [["a b", "x"], ["x y z c", "d"]], "label": [0, 1]}
    accuracy = [one for one in METRICS if one.name == "accuracy" and one.shape == "labels"]
    found = {one.name: one.metrics["accuracy"] for one in TASK.baselines(test, test, FOUR, accuracy)}
    assert found == {"majority": 0.5, "longest": 0.5, "overlap": 1.0}
