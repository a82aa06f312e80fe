"""What can be changed now, and what follows from it before it is sent: tables, without a screen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tui_finetune.live.series import History
from tui_finetune.live.situation import Situation, in_force
from tui_finetune.live.steering import ladder, request_of, rows, rung, tried, value_now
from tui_finetune.runs.settable import SETTABLE
from tui_finetune.runs.tail import Event

VALUES: dict[str, Any] = {
    "learning_rate": 2e-5, "weight_decay": 0.01, "max_grad_norm": 1.0, "gradient_accumulation_steps": 1,
    "per_device_train_batch_size": 16, "num_train_epochs": 3.0, "eval_strategy": "epoch", "save_strategy": "epoch",
    "lr_scheduler_type": "linear", "warmup_steps": 0,
}  # fmt: skip
NOW = Situation(
    step=2_480, steps=4_221, per_epoch=1_407, epochs=3.0, rows=22_500, values=VALUES, rate=2e-5 * (1 - 2_480 / 4_221),
    rate_step=2_480, norm=(2.6, 1.8, 3.9), seconds=0.467, eval_seconds=12.0, task="text-classification",
)  # fmt: skip


def event(name: str, **fields: Any) -> Event:
    return Event(name, 1.76e9, 1, 1, fields)


def test_the_sheet_has_what_is_asked_for_most_first() -> None:
    shown = [(row.name, row.now, row.takes_effect) for row in rows(NOW)]
    assert shown[0] == ("learning_rate", "2e-5", "next step")
    assert ("eval_strategy", "epoch", "next step") in shown, "the steps between two do not count"
    assert ("num_train_epochs", "3", "next step; moves the schedule's end") in shown
    assert shown[-1] == ("warmup_steps", "0", "off: warm-up ended at step 0")
    assert len(rows(NOW, every=True)) == len(SETTABLE)


SAID = [
    ("learning_rate", "1e-5", "peak of the linear schedule 2e-5 → 1e-5. Sent now, the rate at the next step goes"
     " 8.25e-6 → 4.12e-6 and still ends at 0 at step 4,221."),
    ("learning_rate", "x0.5", "peak of the linear schedule 2e-5 → 1e-5."),
    ("learning_rate", "2e-3", "That is 100 times what it is."),
    ("num_train_epochs", "4", "3 epochs → 4: 4,221 → 5,628 steps, about 11 m more."),
    ("num_train_epochs", "4", "the rate at the next step goes 8.25e-6 → 1.12e-5 and ends at 0 at step 5,628."),
    ("num_train_epochs", "1", "Step 1,407 is past: 2,480 are done."),
    ("gradient_accumulation_steps", "2", "16 → 32 rows a step, 1,407 → 704 steps an epoch."),
    ("per_device_train_batch_size", "8", "16 → 8 rows a step, 1,407 → 2,813 steps an epoch."),
    ("max_grad_norm", "1.5", "The norm is 2.6 (usual 1.8-3.9): nearly every step is clipped."),
    ("max_grad_norm", "10", "no step is clipped"),
    ("eval_steps", "200", "Next evaluation at step 2,600, then every 200. 9 more to the end of 12 s each."),
    ("lr_scheduler_type", "constant", "the rate at the next step goes 8.25e-6 → about 2e-5."),
    ("weight_decay", "x2", "weight_decay 0.01 → 0.02, from the next step."),
    ("early_stopping_patience", "3", "ends after 3 evaluations in a row without a better the main metric"),
    ("note", "machine was warm", "changes nothing"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "typed", "said"), SAID)
def test_what_follows_is_said_before_it_is_sent(name: str, typed: str, said: str) -> None:
    trial = tried(NOW, name, typed)
    assert trial.problem == ""
    assert said in " ".join(trial.said)
    assert trial.values


WRONG = [
    ("learning_rate", "fast", 'learning_rate is "fast"; expected a number or a factor such as x0.5.'),
    ("learning_rate", "0", "learning_rate is 0, must be above 0."),
    ("learning_rate", "2e-5", "learning_rate is 2e-5 already."),
    ("gradient_accumulation_steps", "1.5", "gradient_accumulation_steps is 1.5; expected a whole number."),
    ("lr_scheduler_type", "lineer", 'lr_scheduler_type is "lineer". Did you mean linear?'),
]


@pytest.mark.parametrize(("name", "typed", "problem"), WRONG)
def test_what_cannot_be_is_said_and_not_sent(name: str, typed: str, problem: str) -> None:
    trial = tried(NOW, name, typed)
    assert trial.problem == problem
    assert not trial.values


def test_a_schedule_that_was_bent_is_not_reckoned_with() -> None:
    """What was logged is not what the formula says: the figures are those that were logged, and said to be about."""
    said = " ".join(tried(replace(NOW, rate=5e-6), "learning_rate", "1e-5").said)
    assert "5e-6 → about 2.5e-6." in said
    assert "still" not in said


def test_steps_count_where_their_strategy_is_steps() -> None:
    assert tried(NOW, "eval_steps", "200").values == {"eval_strategy": "steps", "eval_steps": 200}
    assert tried(NOW, "eval_steps", "no").values == {"eval_strategy": "no"}
    by_steps = replace(NOW, values={**VALUES, "eval_strategy": "steps", "eval_steps": 500})
    assert value_now(by_steps, "eval_steps") == "500"
    assert "eval_steps" in [row.name for row in rows(by_steps)]
    assert tried(NOW, "eval_strategy", "200").values == {"eval_strategy": "steps", "eval_steps": 200}
    assert tried(by_steps, "eval_steps", "200").values == {"eval_steps": 200}


def test_the_request_has_why_and_stretches_where_the_length_changes() -> None:
    assert request_of(tried(NOW, "learning_rate", "1e-5"), " too fast ") == {
        "set": {"learning_rate": 1e-5},
        "reason": "too fast",
    }
    asked = request_of(tried(NOW, "num_train_epochs", "4"), "", stretch=False)
    assert asked == {"set": {"num_train_epochs": 4.0}, "reason": None, "stretch": False}
    said = " ".join(tried(NOW, "num_train_epochs", "4", stretch=False).said)
    assert "The schedule keeps its end: it ends at 0 at step 4,221, and the steps after it change nothing." in said


def test_the_ladder_goes_up_and_down_around_what_is_in_force() -> None:
    steps = ladder(NOW, SETTABLE["learning_rate"])
    assert steps == ["5e-6", "1e-5", "2e-5", "5e-5"]
    assert [rung(steps, "2e-5", -1), rung(steps, "2e-5", 1), rung(steps, "5e-5", 1), rung(steps, "", 1)] == [
        "1e-5", "5e-5", "5e-5", "5e-5",
    ]  # fmt: skip
    assert ladder(NOW, SETTABLE["per_device_train_batch_size"]) == ["4", "8", "16", "32", "64"]
    assert "cosine" in ladder(NOW, SETTABLE["lr_scheduler_type"])


def test_what_is_in_force_is_the_recipe_then_the_worker_then_the_changes() -> None:
    recipe = "[train]\nlearning_rate = 3e-5\nweight_decay = 0.02\n[model]\ndropout = 0.2\n"
    history = History([event("attempt", n=1, from_step=0), event("plan", steps=100, settings={"max_grad_norm": 0.7}),
                       event("applied", id="c", action="set", step=11, old={"learning_rate": 3e-5}, new={"learning_rate": 1e-5}),
                       event("applied", id="d", action="set", step=51, old={}, new={"weight_decay": 0.5})])  # fmt: skip
    found = in_force(recipe, history)
    assert (found["learning_rate"], found["weight_decay"], found["dropout"], found["max_grad_norm"]) == (
        1e-5,
        0.5,
        0.2,
        0.7,
    )
    history.feed([event("attempt", n=2, from_step=20)])
    assert in_force(recipe, history)["weight_decay"] == 0.02, "a change beyond the step that it went back to"
    assert [one.step for one in history.undone] == [51]
