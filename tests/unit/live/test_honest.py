"""What is said of a model that a trivial baseline passes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes import FakeRun, finished_run
from tests.unit.cli.conftest import Cli
from tui_finetune.live import honest
from tui_finetune.live.honest import behind_a_baseline
from tui_finetune.live.series import History
from tui_finetune.paths import Home
from tui_finetune.runs.tail import read_events

HIGHER = {"accuracy": True, "loss": False}


def remark(run: FakeRun) -> str | None:
    return behind_a_baseline(History(read_events(run.paths)), run.info.status())


def ended(home: Home, directions: Any, **result: Any) -> FakeRun:
    return FakeRun(home, "a").begin().plan(metrics=directions).end("finished", **result)


def test_the_better_baseline_is_told_with_what_often_helps(home: Home) -> None:
    run = ended(home, HIGHER, metrics={"accuracy": 0.475}, baselines={"majority": 0.77, "tfidf": 0.9})
    assert remark(run) == (
        "The baseline tfidf does better: accuracy 0.900 on validation, the model 0.475. "
        "It trained for 100 steps only: more epochs or a higher learning rate often help."
    )


def test_the_test_split_counts_where_there_is_one(home: Home) -> None:
    run = ended(home, HIGHER, metrics={"accuracy": 0.95, "test_accuracy": 0.5}, baselines={"tfidf": 0.6}, steps=9_000)
    told = remark(run)
    assert told is not None
    assert "accuracy 0.600 on test, the model 0.500" in told
    assert "steps only" not in told


@pytest.mark.parametrize(("model", "baseline", "told"), [(1.2, 0.4, True), (0.4, 1.2, False)])
def test_an_error_is_better_when_it_is_smaller(home: Home, model: float, baseline: float, told: bool) -> None:
    run = ended(home, {"mean_absolute_error": False}, metrics={"mean_absolute_error": model}, baselines={"b": baseline})
    assert (remark(run) is not None) == told


@pytest.mark.parametrize("baselines", [{}, {"tfidf": 0.4}, {"tfidf": 0.475}, {"tfidf": float("nan")}])
def test_nothing_is_said_where_no_baseline_is_better(home: Home, baselines: dict[str, float]) -> None:
    assert remark(ended(home, HIGHER, metrics={"accuracy": 0.475}, baselines=baselines)) is None


def test_a_run_of_a_script_tells_no_directions_and_is_left_alone(home: Home) -> None:
    assert remark(ended(home, None, metrics={"accuracy": 0.1}, baselines={"tfidf": 0.9})) is None


def test_a_loss_that_is_no_number_is_graver(home: Home) -> None:
    run = ended(home, HIGHER, metrics={"accuracy": 0.3, "loss": float("nan")}, baselines={"tfidf": 0.9})
    told = honest.remark(History(read_events(run.paths)), run.info.status())
    assert told is not None
    assert told.startswith("The loss is no number: the model is spoilt.")


def test_show_says_so(cli: Cli, home: Home) -> None:
    ended(home, HIGHER, metrics={"accuracy": 0.475}, baselines={"tfidf": 0.9})
    assert "! The baseline tfidf does better" in cli("show", "a").out
    finished_run(home, "good")
    assert "does better" not in cli("show", "good").out
