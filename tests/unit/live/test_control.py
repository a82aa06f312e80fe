"""Who changed what when: one row a request, as events of any order and attempt leave it."""

from __future__ import annotations

from typing import Any

import pytest

from tui_finetune.live.control import Asked, asked, changes, outcome, read_value, said, what, who
from tui_finetune.live.series import History
from tui_finetune.runs.control import Request
from tui_finetune.runs.tail import Event

BY = "ann@gpu1:pts/3"


def event(name: str, t: float = 1.0, attempt: int = 1, **fields: Any) -> Event:
    return Event(name, t, 1, attempt, fields)


def request(action: str = "set", id: str = "r1", t: float = 1.0, **fields: Any) -> Event:
    return event(
        "request", t, id=id, action=action, **{"by": BY, "answer": "accepted", "when": "from step 11", **fields}
    )


def rows(*events: Event, begun: bool = True) -> list[Asked]:
    return asked(History([*([event("attempt", n=1, from_step=0)] if begun else []), *events]))


SET = request(values={"set": {"learning_rate": "x0.5"}, "reason": "flat"}, reason="flat")
APPLIED = event(
    "applied", 2.0, id="r1", action="set", step=11, old={"learning_rate": 2e-5}, new={"learning_rate": 1e-5}, by=BY
)


def test_a_request_and_what_came_of_it_are_one_row() -> None:
    (waiting,) = rows(SET)
    assert (waiting.answer, what(waiting), outcome(waiting)) == (
        "accepted",
        "learning_rate x0.5",
        "accepted: from step 11",
    )
    (done,) = rows(SET, APPLIED)
    assert (done.id, done.t, done.applied_t, done.by, done.reason, done.step) == ("r1", 1.0, 2.0, BY, "flat", 11)
    assert what(done) == "learning_rate 2e-5 → 1e-5"
    assert outcome(done) == "applied at step 11"
    assert done.as_json()["old"] == {"learning_rate": 2e-5}


def test_a_refusal_has_the_workers_words() -> None:
    (row,) = rows(request("pause", answer="refused", when=None, why="it is paused already"))
    assert (what(row), outcome(row)) == ("pause", "refused: it is paused already")
    assert changes([row]) == []


def test_two_people_see_each_others_requests_in_their_order() -> None:
    other = request(id="r2", t=1.5, by="bob@gpu1:pts/7", values={"set": {"weight_decay": 0.1}})
    found = rows(SET, other, APPLIED, event("applied", 3.0, id="r2", action="set", step=12, new={"weight_decay": 0.1}))
    assert [(row.by, row.step) for row in found] == [(BY, 11), ("bob@gpu1:pts/7", 12)]
    assert what(found[1]) == "weight_decay 0.1"


def test_changes_that_nobody_asked_for_have_rows_of_their_own() -> None:
    found = rows(
        event(
            "applied", 2.0, id=None, action="set", step=5, old={"max_steps": 100}, new={"max_steps": 1200}, by="recipe"
        ),
        event("applied", 3.0, id=None, action="set", step=9, old={}, new={"dropout": 0.2}, by="recipe", reason="plan"),
    )
    assert [what(row) for row in found] == ["max_steps 100 → 1,200", "dropout 0.2"]
    assert [who(row) for row in found] == ["by the recipe"] * 2
    assert found[1].reason == "plan"


def test_what_was_not_done_before_the_attempt_ended_is_lost() -> None:
    assert [row.answer for row in rows(SET, event("end", state="stopped"))] == ["lost"]
    assert [row.answer for row in rows(SET, event("attempt", attempt=2, n=2, from_step=10))] == ["lost"]


@pytest.mark.parametrize(("from_step", "answer"), [(10, "taken back"), (11, "applied"), (50, "applied")])
def test_what_a_later_attempt_goes_back_behind_is_taken_back(from_step: int, answer: str) -> None:
    (row,) = rows(SET, APPLIED, event("attempt", attempt=2, n=2, from_step=from_step, rollback=True))
    assert row.answer == answer


def test_requests_that_nobody_answered_come_last() -> None:
    history = History([SET])
    left = [Request("r1", "set", 1), Request("r2", "save", 1, {}, BY, 7.0)]
    found = asked(history, left)
    assert [(row.id, row.answer, row.t) for row in found] == [("r1", "accepted", 1.0), ("r2", "waiting", 7.0)]


@pytest.mark.parametrize(
    ("action", "values", "words"),
    [
        ("rollback", {"checkpoint": 1407, "set": {"learning_rate": "x0.5"}}, "rollback to 1,407, learning_rate x0.5"),
        ("rollback", {"checkpoint": None, "set": {}}, "rollback"),
        ("evaluate", {"split": "test"}, "evaluate test"),
        ("pause", {"release": True}, "pause and release memory"),
        ("note", {"text": "odd"}, "note odd"),
        ("stop", {}, "stop"),
        ("set", {"set": {"freeze": ["a", "b"], "class_weights": {"neg": 2.0}}}, "freeze a, b; class_weights neg 2"),
    ],
)
def test_what_is_asked_for_in_words(action: str, values: dict[str, Any], words: str) -> None:
    assert what(rows(request(action, values=values))[0]) == words


def test_what_is_no_request_is_shown_as_far_as_it_goes() -> None:
    found = rows(
        event("request", answer=3),
        event("applied", old=3, new=[]),
        event("request", id="z", values=[1], action=None),
        begun=False,
    )
    assert len(found) == 3
    assert all(what(row) and isinstance(outcome(row), str) for row in found)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (2e-5, "2e-5"),
        (0.01, "0.01"),
        (1200, "1,200"),
        (None, "–"),
        (True, "true"),
        (1500.0, "1,500"),
        (["a"], "a"),
        ({}, ""),
    ],
)
def test_values_in_words(value: Any, words: str) -> None:
    assert said(value) == words


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("learning_rate", "1e-5", 1e-5),
        ("learning_rate", "x0.5", "x0.5"),
        ("max_steps", " 200 ", 200),
        ("eval_strategy", "no", "no"),
        ("eval_strategy", '"epoch"', "epoch"),
        ("note", "3", "3"),
        ("note", "it's odd", "it's odd"),
        ("freeze", "embeddings, encoder.layer.0-2", ["embeddings", "encoder.layer.0-2"]),
        ("freeze", '["embeddings"]', ["embeddings"]),
        ("class_weights", "neg = 2, pos = 1.5", {"neg": 2, "pos": 1.5}),
        ("class_weights", "{ neg = 2 }", {"neg": 2}),
        ("class_weights", "balanced", "balanced"),
        ("nothing", "1", 1),
    ],
)
def test_typed_values_are_read_for_their_key(key: str, text: str, value: Any) -> None:
    assert read_value(key, text) == value
