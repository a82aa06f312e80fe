"""Requests answered by a worker, without torch: in which order it is told, and what is left of a process that was killed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import wait_until
from tui_finetune.paths import Home
from tui_finetune.runs.changes import Change, add_change
from tui_finetune.runs.control import Request, send
from tui_finetune.runs.layout import RunPaths
from tui_finetune.runs.store import RunStore
from tui_finetune.runs.tail import read_events
from tui_finetune.worker.attempt import Attempt
from tui_finetune.worker.checkpoints import remove_leftovers
from tui_finetune.worker.controls import Controls, RolledBack, RunEnded


@pytest.fixture
def paths(home: Home) -> RunPaths:
    return RunStore(home).create("asked", kind="train", task=None, of=None)


@pytest.mark.parametrize(("action", "state"), [("stop", "stopped"), ("abort", "aborted")])
def test_what_is_obeyed_at_once_was_accepted_before(action: str, state: str, paths: RunPaths) -> None:
    attempt = Attempt.claim(paths)
    attempt.begin()
    attempt.phase("tokenizing")
    controls = Controls(attempt)
    controls.start()
    send(paths, action, 1)
    ends: list[tuple[str, str]] = []

    def obeyed() -> bool:
        try:
            controls.safe_point()
        except RunEnded as ended:
            ends.append((ended.state, ended.reason))
        return bool(ends)

    wait_until(obeyed, "the request to be obeyed")
    controls.close()
    attempt.end("stopped")
    told = [(event.name, event.get("action")) for event in read_events(paths) if event.get("action")]
    assert told == [("request", action), ("applied", action)]
    assert ends == [(state, "asked to abort" if action == "abort" else "asked to stop, tokenizing")]


def test_what_a_killed_process_was_writing_is_removed(paths: RunPaths) -> None:
    left: list[Path] = [paths.checkpoints, paths.evaluation("test"), paths.evaluation("validation")]
    for folder in left:
        folder.mkdir(parents=True)
        (folder / ".writing-17-predictions.parquet").touch()
    (paths.root / ".writing-model").mkdir()
    remove_leftovers(paths)
    assert not list(paths.root.rglob(".writing-*"))
    assert all(folder.is_dir() for folder in left)


class Loop:
    """A training loop's side that only notes what it is asked."""

    can_release = False

    def __init__(self) -> None:
        self.served: list[bool] = []

    def refusal(self, request: Request) -> str | None:
        return "no such key" if "bad" in request.values.get("set", {}) else None

    def accept(self, request: Request) -> str:
        return "from step 8"

    def serve(self, *, held: bool = False) -> None:
        self.served.append(held)

    def release(self) -> None:
        return None


@dataclass
class Trained:
    """A worker in the middle of training, whose loop comes to a safe point when it is told to."""

    attempt: Attempt
    controls: Controls
    loop: Loop
    left: list[BaseException] = field(default_factory=list)

    def come_to_a_safe_point(self) -> threading.Thread:
        def come() -> None:
            try:
                self.controls.safe_point()
            except (RunEnded, RolledBack) as error:
                self.left.append(error)

        thread = threading.Thread(target=come, daemon=True)
        thread.start()
        return thread

    def told(self) -> list[tuple[Any, ...]]:
        """Requests and what became of them, in order."""
        events = read_events(self.attempt.paths)
        return [(e.name, e.get("action"), e.get("answer") or e.step) for e in events if e.get("action")]

    def wait_until_held(self) -> None:
        wait_until(lambda: self.attempt.phase_name == "paused", "the loop to be held")


@pytest.fixture
def trained(paths: RunPaths) -> Iterator[Trained]:
    attempt = Attempt.claim(paths)
    attempt.begin(7)
    attempt.phase("training")
    controls, loop = Controls(attempt, trains=True), Loop()
    controls.loop, controls.training = loop, True
    yield Trained(attempt, controls, loop)
    controls.close()  # else an abort that was asked for ends this process
    attempt.end("stopped")


def test_a_pause_holds_until_it_is_told_to_go_on(trained: Trained) -> None:
    ask = trained.controls.submit
    ask("pause", by="ann")
    loop = trained.come_to_a_safe_point()
    trained.wait_until_held()
    ask("save", by="ann")
    wait_until(lambda: trained.loop.served, "what is asked meanwhile to be done")
    ask("pause", by="bob")
    ask("continue", by="bob")
    loop.join(10)
    assert not loop.is_alive()
    assert trained.attempt.phase_name == "training"
    assert [told for told in trained.told() if told[1] in ("pause", "continue")] == [
        ("request", "pause", "accepted"),
        ("applied", "pause", 7),
        ("request", "pause", "refused"),
        ("request", "continue", "accepted"),
        ("applied", "continue", 7),
    ]


def test_a_pause_that_is_taken_back_before_it_came_holds_nothing(trained: Trained) -> None:
    trained.controls.submit("pause", by="ann")
    trained.controls.submit("continue", by="ann")
    trained.controls.safe_point()
    assert trained.attempt.phase_name == "training"


def test_in_the_middle_of_an_evaluation_it_is_held_and_nothing_else_is_done(trained: Trained) -> None:
    trained.attempt.phase("evaluating")
    trained.controls.submit("pause", by="ann")
    loop = trained.come_to_a_safe_point()
    trained.wait_until_held()
    for action in ("save", "evaluate", "continue"):
        trained.controls.submit(action, by="ann")
    loop.join(10)
    assert trained.loop.served == []
    assert trained.controls.waiting
    assert trained.attempt.phase_name == "evaluating"
    assert trained.controls.stood_still > 0


def test_between_the_parts_of_a_step_nothing_is_held(trained: Trained) -> None:
    trained.controls.submit("pause", by="ann")
    trained.controls.safe_point(may_hold=False)
    assert trained.told() == [("request", "pause", "accepted")]


@pytest.mark.parametrize(("action", "left"), [("abort", RunEnded), ("rollback", RolledBack), ("stop", None)])
def test_a_held_run_can_be_ended_and_rolled_back(
    action: str, left: type[BaseException] | None, trained: Trained
) -> None:
    trained.controls.submit("pause", by="ann")
    loop = trained.come_to_a_safe_point()
    trained.wait_until_held()
    trained.controls.submit(action, by="ann")
    loop.join(10)
    assert not loop.is_alive()
    assert [type(one) for one in trained.left] == ([] if left is None else [left])
    assert trained.controls.stopping == (action == "stop")


def test_what_the_loop_refuses_is_refused_and_two_rollbacks_are_one(trained: Trained) -> None:
    for action, values in (("set", {"set": {"bad": 1}}), ("rollback", {}), ("rollback", {}), ("dance", {})):
        trained.controls.submit(action, values, by="ann")
    answers = [
        (e.get("answer"), e.get("why") or e.get("when"))
        for e in read_events(trained.attempt.paths)
        if e.name == "request"
    ]
    assert answers == [
        ("refused", "no such key"),
        ("accepted", "from step 8"),
        ("refused", "a rollback is asked for already"),
        ("refused", "dance is not available in this version"),
    ]


def test_without_a_loop_it_is_said_what_the_run_does(paths: RunPaths) -> None:
    attempt = Attempt.claim(paths)
    attempt.begin()
    attempt.phase("tokenizing")
    controls = Controls(attempt, trains=True)
    controls.submit("set", {"set": {"learning_rate": 1e-5}}, by="ann")
    controls.submit("note", {"text": "patience"}, by="ann")
    attempt.end("stopped")
    events = read_events(paths)
    (why,) = (e.get("why") for e in events if e.get("answer") == "refused")
    assert why.startswith("training has not begun yet: tokenizing. Send it again once the run's phase is training")
    assert [(e.get("message"), e.get("by")) for e in events if e.name == "note"] == [("patience", "ann")]


def test_a_change_that_was_written_down_and_not_answered_before_a_kill_is_answered_by_the_next_attempt(
    paths: RunPaths,
) -> None:
    first = Attempt.claim(paths)
    first.begin()
    asked = send(paths, "set", 1, {"set": {"learning_rate": 1e-5}})
    late = send(paths, "set", 1, {"set": {"learning_rate": 1e-6}})
    add_change(paths, Change(8, {"learning_rate": 1e-5}, by=asked.by, attempt=1, id=asked.id))
    first.heartbeat.stop()
    second = Attempt.claim(paths)
    second.begin()
    controls = Controls(second, trains=True)
    controls.start()

    def answers() -> dict[str, tuple[str, str]] | None:
        found = {
            e.get("id"): (e.get("answer"), e.get("when") or e.get("why")) for e in read_events(paths) if e.get("answer")
        }
        return found if len(found) == 2 else None

    found = wait_until(answers, "both answers")
    controls.close()
    second.end("stopped")
    assert found == {
        asked.id: ("accepted", "from step 8"),
        late.id: ("refused", "meant for attempt 1, attempt 2 runs now"),
    }


def test_a_request_that_cannot_be_judged_is_refused_and_the_next_one_is_heard(
    paths: RunPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = Attempt.claim(paths)
    attempt.begin()
    controls = Controls(attempt)
    judge = controls._refusal

    def fails(request: Request) -> str | None:
        if request.action == "note":
            raise KeyError("odd")
        return judge(request)

    monkeypatch.setattr(controls, "_refusal", fails)
    controls.start()
    send(paths, "note", 1, {"text": "x"})
    send(paths, "stop", 1)
    answers = wait_until(
        lambda: [e for e in read_events(paths) if e.name == "request"][1:] and read_events(paths), "two"
    )
    controls.close()
    told = [(e.get("action"), e.get("answer"), e.get("why")) for e in answers if e.name == "request"]
    assert told[0] == ("note", "refused", "a defect of this program: KeyError: 'odd'; stdout.log has more")
    assert told[1][:2] == ("stop", "accepted")
    attempt.end("stopped")
