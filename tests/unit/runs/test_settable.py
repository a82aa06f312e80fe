"""What can be set: names, values and ranges, every problem at once."""

from __future__ import annotations

from typing import Any

import pytest

from tui_finetune.config.arguments import DEFAULT_CLASS, table
from tui_finetune.runs.settable import SETTABLE, checked, factor, flat, setting


@pytest.mark.parametrize(
    ("key", "value", "taken"),
    [
        ("learning_rate", 1e-5, 1e-5),
        ("learning_rate", "x0.5", "x0.5"),
        ("learning_rate", "×2", "x2"),
        ("learning_rate", "* 1e-1", "x0.1"),
        ("train.learning_rate", 1, 1.0),
        ("max_steps", 100.0, 100),
        ("lr_scheduler_type", "cosine", "cosine"),
        ("freeze", "encoder.layer.0-2", ["encoder.layer.0-2"]),
        ("model.freeze", ["embeddings"], ["embeddings"]),
        ("class_weights", {"neg": 2, "pos": 1.0}, {"neg": 2, "pos": 1.0}),
        ("class_weights", "balanced", "balanced"),
        ("health.loss_spike", "rollback", "rollback"),
        ("health.loss_spike_sigmas", 6, 6.0),
        ("early_stopping_patience", 0, 0),
        ("label_smoothing_factor", 0, 0.0),
    ],
)
def test_what_is_taken(key: str, value: Any, taken: Any) -> None:
    found, problems = checked({key: value})
    assert problems == []
    assert list(found.values()) == [taken]
    assert list(found) == [setting(key).name]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("learning_rate", 0, "is 0, must be above 0."),
        ("learning_rate", "fast", 'is "fast"; expected a number or a factor such as x0.5.'),
        ("learning_rate", "x0", "is a factor of 0; expected one above it."),
        ("learning_rate", float("nan"), "is nan; expected a finite number."),
        ("learning_rate", 1e5, "is 100000, must be at most 100."),
        ("max_steps", "x2", 'is "x2"; expected a whole number.'),
        ("max_steps", 1.5, "is 1.5; expected a whole number."),
        ("dropout", 1, "is 1, must be below 1."),
        ("per_device_train_batch_size", 0, "is 0, must be at least 1."),
        ("lr_scheduler_type", "cosin", 'is "cosin". Did you mean cosine?'),
        ("eval_strategy", 3, "is 3. There are: no, steps, epoch."),
        ("freeze", [], 'is a list; expected names of parts: ["encoder.layer.0-2"].'),
        ("class_weights", {"neg": 0.0}, "is a table; expected a weight for each label"),
        ("health.hanging", "rollback", 'is "rollback". There are: off, note, stop.'),
        ("logging_steps", True, "is true; expected a whole number."),
        ("note", "  ", 'is "  "; expected a text.'),
        ("lr", 1e-5, "cannot be set while a run goes on. Did you mean learning_rate?"),
        ("learnin_rate", 1e-5, "Did you mean learning_rate?"),
        ("health.loss_nann", "note", "Did you mean health.loss_nan?"),
        ("seed", 3, "cannot be set while a run goes on. There are: learning_rate, "),
    ],
)
def test_what_is_refused(key: str, value: Any, told: str) -> None:
    found, (problem,) = checked({key: value})
    assert found == {}
    assert told in str(problem)
    assert str(problem).startswith(f"{key}: ")


def test_all_problems_come_at_once_and_what_is_right_is_kept() -> None:
    found, problems = checked({"learning_rate": -1, "epochs": 3, "weight_decay": 0.1, "train.weight_decay": 0.2})
    assert found == {"weight_decay": 0.1}
    assert [problem.key for problem in problems] == ["learning_rate", "epochs", "train.weight_decay"]


def test_two_keys_that_say_the_same_exclude_each_other() -> None:
    _, (problem,) = checked({"num_train_epochs": 3, "max_steps": 10})
    assert problem.key == "max_steps"


def test_a_factor_is_read_only_where_it_is_one() -> None:
    assert [factor(value) for value in ("x0.5", "x.5", "×2", "x", "xx2", "0.5", 0.5)] == [
        0.5,
        0.5,
        2.0,
        None,
        None,
        None,
        None,
    ]


def test_a_table_of_dotted_keys_is_flattened_but_one_that_is_a_value() -> None:
    nested = {"health": {"loss_spike": "pause"}, "class_weights": {"a": 1.0}, "train": {"learning_rate": 1e-5}}
    assert flat(nested) == {
        "health.loss_spike": "pause",
        "class_weights": {"a": 1.0},
        "train.learning_rate": 1e-5,
    }


def test_choices_are_those_of_the_arguments_class() -> None:
    fields = table(DEFAULT_CLASS)
    for name in ("lr_scheduler_type", "eval_strategy", "save_strategy"):
        assert SETTABLE[name].choices == fields[name].choices, name


def test_keys_of_the_arguments_class_are_there() -> None:
    fields = table(DEFAULT_CLASS)
    for one in SETTABLE.values():
        if one.recipe is not None and one.recipe.startswith("train."):
            assert one.recipe == f"train.{one.name}"
            assert one.name in fields
