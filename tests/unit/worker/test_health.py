"""What the worker makes of findings: what is told, asked for, refused, and kept in a checkpoint."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.fakes import FakeRun
from tui_finetune.config.health_table import HealthTable
from tui_finetune.live.health.facts import Idle, RunFacts, Steps
from tui_finetune.paths import Home
from tui_finetune.runs.tail import Event, read_events
from tui_finetune.worker.attempt import Attempt
from tui_finetune.worker.controls import RunEnded
from tui_finetune.worker.health import Health


class Left(BaseException):
    """The loop is left, as by an accepted rollback."""


class Asking:
    """Controls that remember what was asked. obeys: whether a safe point leaves the loop then."""

    def __init__(self, *, obeys: bool = True) -> None:
        self.asked: list[tuple[str, Mapping[str, Any], str]] = []
        self.obeys = obeys

    def submit(self, action: str, values: Mapping[str, Any] | None = None, *, by: str) -> None:
        self.asked.append((action, values or {}, by))

    def safe_point(self) -> None:
        if self.obeys and self.asked and self.asked[-1][0] == "rollback":
            raise Left


class Watched:
    """A claimed attempt with a health watch, and a whole checkpoint at each of the given steps."""

    def __init__(self, home: Home, *checkpoints: int, obeys: bool = True, acts: bool = True, **table: Any) -> None:
        fake = FakeRun(home).begin()
        for step in checkpoints:
            fake.checkpoint(step)
        fake.close()
        self.paths = fake.paths
        self.attempt = Attempt(fake.paths, 1)
        self.controls = Asking(obeys=obeys)
        self.health = self.another(acts=acts, **table)

    def another(self, *, acts: bool = True, **table: Any) -> Health:
        health = Health(self.attempt, self.controls, HealthTable.model_validate(table), acts=acts)  # type: ignore[arg-type]
        health.begin(RunFacts(steps=1000))
        return health

    def log(self, step: int, loss: float) -> None:
        self.health.logged(Steps(step, [loss], learning_rate=1e-3))

    def events(self, name: str) -> list[Event]:
        return [event for event in read_events(self.paths) if event.name == name]


@pytest.fixture
def watched(home: Home) -> Iterator[Any]:
    made: list[Watched] = []

    def make(*checkpoints: int, **more: Any) -> Watched:
        made.append(Watched(home, *checkpoints, **more))
        return made[-1]

    yield make
    for one in made:
        one.attempt.events.close()


def test_a_nan_goes_back_to_the_checkpoint_before_it_with_half_the_rate(watched: Any) -> None:
    run = watched(4, 8)
    run.log(10, 0.5)
    with pytest.raises(Left):
        run.log(11, math.nan)
    ((action, values, by),) = run.controls.asked
    assert (action, by) == ("rollback", "health")
    assert values == {"checkpoint": 8, "set": {"learning_rate": "x0.5"}, "reason": "loss is nan at step 11"}
    (found,) = run.events("finding")
    assert (found.get("does"), found.get("since"), found.step) == ("rollback", 11, 11)


def test_the_same_trouble_a_second_time_ends_the_run(watched: Any) -> None:
    run = watched(8)
    for _ in range(1):
        with pytest.raises(Left):
            run.log(11, math.nan)
    run.health.load_state_dict({"step": 8})
    with pytest.raises(RunEnded) as ended:
        run.log(11, math.nan)
    assert ended.value.state == "failed"
    assert ended.value.reason.endswith("it was rolled back for that once already; checkpoint-8 is whole")
    assert "--at 8" in (ended.value.advice or "")


def test_trouble_beyond_the_first_with_a_newer_checkpoint_is_another_one(watched: Any, home: Home) -> None:
    run = watched(8, 40)
    for step in (11, 50):
        with pytest.raises(Left):
            run.log(step, math.nan)
        run.log(step + 1, 0.5)
    assert [values["checkpoint"] for _, values, _ in run.controls.asked] == [8, 40]


def test_without_a_checkpoint_or_refused_it_ends_with_what_to_do(watched: Any) -> None:
    with pytest.raises(RunEnded, match="loss is inf at step 3; no checkpoint is whole"):
        watched().log(3, math.inf)
    with pytest.raises(RunEnded, match="that was refused; checkpoint-2 is whole"):
        watched(2, obeys=False).log(3, math.nan)


def test_stop_ends_at_once_and_note_goes_on(watched: Any) -> None:
    with pytest.raises(RunEnded, match="loss is nan at step 3; checkpoint-2 is whole"):
        watched(2, loss_nan="stop").log(3, math.nan)
    noted = watched(2, loss_nan="note")
    noted.log(3, math.nan)
    assert noted.controls.asked == []
    assert [event.get("does") for event in noted.events("finding")] == ["note"]


@pytest.mark.parametrize("does", ["pause", "stop"])
def test_another_rule_asks_as_a_person_would(watched: Any, does: str) -> None:
    run = watched(hanging="note", loss_spike=does)
    for step in range(1, 60):
        run.log(step, 1.0 if step < 40 else 9.0)
    assert [(action, by) for action, _, by in run.controls.asked] == [(does, "health")]


def test_a_hang_that_may_stop_is_aborted(watched: Any) -> None:
    run = watched(hanging="stop")
    assert run.health.idle(Idle("training", 700.0, 600.0, 4))
    assert [action for action, _, _ in run.controls.asked] == ["abort"]
    run.log(5, 0.5)
    assert [event.get("rule") for event in run.events("finding_over")] == ["hanging"]


def test_in_a_script_nothing_is_done(watched: Any) -> None:
    run = watched(2, acts=False)
    run.log(3, math.nan)
    assert run.controls.asked == []
    assert [event.get("does") for event in run.events("finding")] == ["note"]


def test_after_another_attempt_what_holds_is_told_again_under_its_id(watched: Any) -> None:
    run = watched(2, loss_nan="note")
    run.log(3, math.nan)
    state = json.loads(json.dumps(run.health.state_dict()))
    run.health = run.another(loss_nan="note")
    run.health.load_state_dict(state)
    run.log(4, math.nan)
    told = run.events("finding")
    assert [event.get("id") for event in told] == ["loss_nan-1-1"] * 2


def test_a_rollback_of_an_earlier_process_counts(watched: Any) -> None:
    run = watched(8)
    with pytest.raises(Left):
        run.log(11, math.nan)
    run.attempt.events.write("request", id="x", action="rollback", by="health", answer="accepted", when="now",
                             reason="loss is nan at step 11")  # fmt: skip
    run.attempt.number = 2
    run.health = run.another()
    with pytest.raises(RunEnded, match="once already"):
        run.log(11, math.nan)


def test_settings_of_rules_are_set(watched: Any) -> None:
    health = watched().health
    assert health.set("health.loss_spike_sigmas", 3.0) == 7.0
    assert health.set("health.loss_spike", "pause") == "note"
    assert health.current()["health.loss_spike"] == "pause"
    assert health.current()["health.loss_spike_sigmas"] == 3.0


def test_a_rule_switched_off_is_over(watched: Any) -> None:
    run = watched(2, loss_nan="note")
    run.log(3, math.nan)
    run.health.set("health.loss_nan", "off")
    assert [event.get("rule") for event in run.events("finding_over")] == ["loss_nan"]


def test_spoilt_at_the_end_it_fails_whatever_the_rule_does(watched: Any) -> None:
    run = watched(8, loss_nan="off")
    with pytest.raises(RunEnded, match="the model is spoilt; checkpoint-8 is whole"):
        run.health.spoilt(18, "the model is spoilt")
