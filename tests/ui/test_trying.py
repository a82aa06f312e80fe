"""Which models answer on which text, without a screen and without a helper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tui_finetune.evaluation.samples import Sample
from tui_finetune.live.kept import Kept
from tui_finetune.live.predict_page import Answered, ModelFacts
from tui_finetune.ui.screens.predict.trying import Trying


class Models:
    """Writes down what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.number = 0

    def use(self, query: str) -> int:
        self.number += 1
        self.asked.append(("use", self.number, query))
        return self.number

    def ask(self, number: int, text: str, pair: str) -> None:
        self.asked.append(("ask", number, text))

    def free(self, number: int) -> None:
        self.asked.append(("free", number))

    def read_samples(self, run_id: str) -> None:
        self.asked.append(("samples", run_id))

    def write_history(self, kept: Sequence[Kept]) -> None:
        self.asked.append(("history", len(kept)))


def facts(query: str, labels: str = "ab", **changes: Any) -> ModelFacts:
    return ModelFacts(query, query, "/m", "t", tuple(labels), 8, "cpu", query, **changes)


def answered(text: str, label: str = "a") -> Answered:
    return Answered(text, "", {"label": label, "score": 0.5}, (), 0.1)


@pytest.fixture
def models() -> Models:
    return Models()


@pytest.fixture
def trying(models: Models) -> Trying:
    """One model, loaded."""
    made = Trying(models)
    made.choose(0, "one", "one")
    made.loaded(1, facts("one"))
    models.asked.clear()
    return made


def test_a_change_frees_the_one_before_and_asks_the_text_again(trying: Trying, models: Models) -> None:
    trying.ask("hello", "")
    trying.choose(0, "two", "two")
    assert models.asked == [("ask", 1, "hello"), ("free", 1), ("use", 2, "two"), ("ask", 2, "hello")]


def test_what_one_that_was_given_up_still_tells_is_for_nobody(trying: Trying) -> None:
    trying.choose(0, "two", "two")
    trying.loaded(1, facts("one"))
    trying.failed(1, "killed")
    assert trying.answered(1, answered("x")) is None
    assert (trying.sides[0].state, trying.sides[0].answered) == ("loading", None)


def test_free_models_are_loaded_again_by_the_next_text(trying: Trying, models: Models) -> None:
    trying.free()
    assert trying.sides[0].state == "free"
    trying.ask(" ", "")
    assert models.asked == [("free", 1)]
    trying.ask("hello", "")
    assert models.asked[1:] == [("free", 1), ("use", 2, "one"), ("ask", 2, "hello")]


def test_one_that_failed_is_not_asked_until_it_is_started_again(trying: Trying, models: Models) -> None:
    trying.failed(1, "killed")
    trying.ask("hello", "")
    assert models.asked == []
    trying.restart()
    assert models.asked[-2:] == [("use", 2, "one"), ("ask", 2, "hello")]


def test_both_are_asked_and_only_the_failed_one_starts_again(trying: Trying, models: Models) -> None:
    trying.choose(1, "two", "two")
    trying.loaded(2, facts("two"))
    trying.ask("hello", "")
    assert models.asked[-2:] == [("ask", 1, "hello"), ("ask", 2, "hello")]
    trying.failed(2, "killed")
    trying.restart()
    assert models.asked[-2:] == [("use", 3, "two"), ("ask", 3, "hello")]


def test_a_second_model_of_other_labels_goes(trying: Trying, models: Models) -> None:
    trying.choose(1, "two", "two")
    trying.loaded(2, facts("two"))
    trying.choose(0, "three", "three")
    trying.loaded(3, facts("three", "xyz"))
    assert [side.query for side in trying.sides] == ["three"]
    assert ("free", 2) in models.asked


def test_kept_at_once_or_when_the_answer_comes(trying: Trying) -> None:
    trying.ask("hello", "")
    trying.answered(1, answered("hello"))
    kept = trying.keep("hello", "")
    assert kept is not None
    assert kept.brief == "a"
    assert trying.keep("other", "") is None
    assert trying.answered(1, answered("hello")) is None
    later = trying.answered(1, answered("other", "b"))
    assert later is not None
    assert [one.text for one in trying.kept] == ["hello", "other"]


def test_the_same_text_is_kept_once(trying: Trying) -> None:
    for label in "ab":
        trying.answered(1, answered("hello", label))
        trying.keep("hello", "")
    assert [one.brief for one in trying.kept] == ["b"]


def test_samples_are_those_of_the_model_and_come_in_turn(trying: Trying) -> None:
    trying.samples_read("another", [Sample("no")])
    assert trying.sample is None
    trying.samples_read("one", [Sample("x"), Sample("y")])
    seen: list[str] = []
    for _ in range(3):
        assert trying.sample is not None
        seen.append(trying.sample.text)
        trying.next_sample()
    assert seen == ["x", "y", "x"]


def test_newer_weights_are_noticed_and_loaded_by_a_start(trying: Trying, models: Models) -> None:
    trying.sides[0].facts = facts("one", made=5.0)
    assert not trying.run_ended("one", 5.0)
    assert not trying.run_ended("two", 9.0)
    assert trying.run_ended("one", 9.0)
    assert not trying.run_ended("one", 9.0)
    trying.restart()
    assert models.asked[-1] == ("use", 2, "one")
    assert not trying.sides[0].newer


def test_a_second_text_is_asked_with_the_first_once_the_model_is_known_to_read_pairs(
    trying: Trying, models: Models
) -> None:
    trying.choose(0, "two", "two")
    trying.ask("where?", "")
    trying.loaded(2, facts("two", pair="yes"))
    models.asked.clear()
    trying.pair_known("in London")
    assert models.asked == [("ask", 2, "where?")]
    trying.text_refused(2, "it reads pairs", ("where?", ""))
    assert trying.refused == ""
    trying.text_refused(2, "too long", ("where?", "in London"))
    assert trying.refused == "too long"
    models.asked.clear()
    trying.pair_known("in London")
    assert models.asked == []
