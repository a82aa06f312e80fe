"""The verbs that steer a run: checked before they are sent, answered, applied; and the recipe of a run that was steered."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
import tomli

from tests.fakes import FakeRun, finished_run
from tests.unit.cli.conftest import Cli, worker
from tui_finetune.cli import request
from tui_finetune.paths import Home
from tui_finetune.runs.changes import Change, add_change
from tui_finetune.runs.control import Request


def obeying(run: FakeRun, step: int = 11, **applied: Any) -> Callable[[Request], None]:
    """What a worker says of a request that it accepts and does."""

    def obey(asked: Request) -> None:
        about = {"id": asked.id, "action": asked.action, "by": asked.by, "values": dict(asked.values)}
        run.events.write("request", **about, answer="accepted", when=f"from step {step}")
        run.events.write("applied", id=asked.id, action=asked.action, step=step, by=asked.by, **applied)

    return obey


def refusing(run: FakeRun, why: str) -> Callable[[Request], None]:
    return lambda asked: run.events.write("request", id=asked.id, action=asked.action, answer="refused", why=why)


@pytest.fixture
def run(home: Home) -> FakeRun:
    return FakeRun(home, "a").begin().plan().step(10).checkpoint(5).checkpoint(10)


def test_set_sends_one_change_and_tells_the_answer(cli: Cli, run: FakeRun) -> None:
    with worker(run, obeying(run)) as seen:
        said = cli("set", "a", "learning_rate", "x0.5", "train.weight_decay=0.1", "--reason", "flat")
    assert said.code == 0
    assert said.out == ""
    assert "learning_rate x0.5; weight_decay 0.1 accepted: from step 11." in said.err
    assert [(one.action, one.attempt) for one in seen] == [("set", 1)]
    assert seen[0].values == {"set": {"learning_rate": "x0.5", "weight_decay": 0.1}, "reason": "flat", "stretch": True}
    assert "@" in seen[0].by


def test_set_applied_waits_until_it_is_in_force(cli: Cli, run: FakeRun) -> None:
    old, new = {"learning_rate": 2e-5}, {"learning_rate": 1e-5}
    with worker(run, obeying(run, old=old, new=new)):
        said = cli("set", "a", "learning_rate", "1e-5", "--applied", "--no-stretch", "--json")
    found = said.json
    assert (found["answer"], found["applied"], found["step"]) == ("accepted", True, 11)
    assert (found["old"], found["new"], found["values"]["stretch"]) == (old, new, False)
    assert "learning_rate 2e-5 → 1e-5 applied at step 11." in said.err


def test_what_is_wrong_with_the_values_is_told_at_once_and_nothing_is_sent(cli: Cli, run: FakeRun) -> None:
    said = cli("set", "a", "lr", "1e-5", "dropout", "2", "eval_strategy", "sometimes", "--json")
    assert said.code == 2
    assert [one["key"] for one in said.json["problems"]] == ["lr", "dropout", "eval_strategy"]
    assert "lr: cannot be set while a run goes on. Did you mean learning_rate?" in said.err
    assert os.listdir(run.paths.control) == []


MEANINGLESS = [
    (["set", "a", "learning_rate"], "learning_rate has no value"),
    (["set", "a"], "Missing argument"),
    (["set", "a", "max_grad_norm", "-3"], "max_grad_norm: is -3, must be at least 0."),
    (["set", "a", "dropout", "0.1", "--reson", "x"], "No such option '--reson'"),
    (["set", "a", "dropout", "0.1", "--applied", "--no-wait"], "exclude each other"),
    (["rollback", "a", "--set", "learning_rate"], "has no '='"),
    (["rollback", "a", "--set", "lr=1"], "Did you mean learning_rate?"),
    (["rollback", "a", "--checkpoint", "7"], "There are: 5, 10."),
    (["note", "a", " "], "the note is empty"),
    (["evaluate", "a", "--now", "--data", "x.csv"], "--data: of an evaluation of its own"),
    (["evaluate", "a", "--limit", "3"], "--limit belongs to --now"),
]


def test_a_call_that_means_nothing_is_refused_before_it_is_sent(cli: Cli, run: FakeRun) -> None:
    for typed, told in MEANINGLESS:
        said = cli(*typed)
        assert said.code == 2
        assert told in said.err
    assert os.listdir(run.paths.control) == []


SENT: list[tuple[list[str], str, dict[str, Any]]] = [
    (["pause", "a", "--release"], "pause", {"release": True}),
    (["continue", "a"], "continue", {}),
    (["save", "a"], "save", {}),
    (["note", "a", "looks", "odd"], "note", {"text": "looks odd"}),
    (["rollback", "a"], "rollback", {"checkpoint": None, "set": {}, "reason": None}),
    (
        ["rollback", "a", "--checkpoint", "5", "--set", "learning_rate=x0.5", "--reason", "nan"],
        "rollback",
        {"checkpoint": 5, "set": {"learning_rate": "x0.5"}, "reason": "nan"},
    ),
    (["evaluate", "a", "--now", "--no-wait"], "evaluate", {"split": "validation"}),
    (
        ["evaluate", "a", "--now", "--split", "label=neg", "--limit", "9"],
        "evaluate",
        {"split": "label=neg", "limit": 9},
    ),
]


def test_each_verb_sends_its_request(cli: Cli, run: FakeRun) -> None:
    with worker(run, obeying(run)) as seen:
        for typed, _, _ in SENT:
            said = cli(*typed)
            assert said.code == 0
            assert "accepted: from step 11." in said.err
    assert [(one.action, one.values) for one in seen] == [(action, values) for _, action, values in SENT]


def test_evaluate_now_prints_its_figures(cli: Cli, run: FakeRun) -> None:
    def obey(asked: Request) -> None:
        run.events.write("request", id=asked.id, action="evaluate", answer="accepted", when="at the next step")
        metrics = {"accuracy": 0.75, "loss": 0.5}
        run.events.write("evaluation", step=11, split="validation", metrics=metrics, asked=True)
        run.events.write("applied", id=asked.id, action="evaluate", step=11)

    with worker(run, obey):
        said = cli("evaluate", "a", "--now", "--wait")
        found = cli("evaluate", "a", "--now", "--wait", "--json").json
    assert "0.750" in said.out
    assert (found["metrics"], found["applied"]) == ({"accuracy": 0.75, "loss": 0.5}, True)


def test_a_refusal_ends_with_1_and_the_workers_words(cli: Cli, run: FakeRun) -> None:
    with worker(run, refusing(run, "warm-up ended at step 0")):
        said = cli("set", "a", "warmup_steps", "10", "--json")
    assert said.code == 1
    assert "a (" in said.err
    assert "refuses to set: warm-up ended at step 0." in said.err
    assert (said.json["answer"], said.json["why"]) == ("refused", "warm-up ended at step 0")


def test_without_an_answer_it_ends_with_1_and_the_request_stays(
    cli: Cli, run: FakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request, "ANSWER_SECONDS", 0.05)
    said = cli("pause", "a", "--json")
    assert (said.code, said.json["answer"]) == (1, None)
    assert "has not answered" in said.err
    assert cli("save", "a", "--no-wait").code == 0
    assert len(os.listdir(run.paths.control)) == 2


def test_a_run_that_ends_before_it_is_done_is_no_success(cli: Cli, run: FakeRun) -> None:
    def obey(asked: Request) -> None:
        run.events.write("request", id=asked.id, action="save", answer="accepted", when="at the next step")
        run.end("aborted", step=10)

    with worker(run, obey):
        said = cli("save", "a", "--applied")
    assert said.code == 1
    assert "ended before it was done: aborted at step 10." in said.err


INSTEAD = [
    (["set", "done", "dropout", "0.1"], "tui-finetune resume {run} goes on"),
    (["continue", "done"], "tui-finetune resume {run} goes on"),
    (["note", "done", "x"], "tui-finetune edit {run} --note TEXT"),
    (["evaluate", "done", "--now"], "tui-finetune evaluate {run} measures its model."),
]


def test_a_run_that_is_over_tells_what_to_do_instead(cli: Cli, home: Home) -> None:
    done = FakeRun(home, "done").begin().plan().step(10).end("stopped", step=10)
    for typed, told in INSTEAD:
        said = cli(*typed)
        assert said.code == 2
        assert "has ended already: stopped at step 10." in said.err
        assert told.format(run=done.short) in said.err


def test_a_run_that_is_finished_has_nothing_to_go_on_with(cli: Cli, home: Home) -> None:
    done = finished_run(home, "done")
    assert f"tui-finetune branch {done.short} --at best" in cli("set", "done", "dropout", "0.1").err


def test_a_request_for_an_attempt_that_is_over_is_refused_by_the_next_one(cli: Cli, run: FakeRun) -> None:
    """The attempt may end between the look and the request: the worker compares them."""

    def obey(asked: Request) -> None:
        refusing(run, f"meant for attempt {asked.attempt}, attempt 2 runs now")(asked)

    with worker(run, obey):
        said = cli("rollback", "a")
    assert said.code == 1
    assert "meant for attempt 1, attempt 2 runs now" in said.err


def test_set_on_a_run_that_is_held_says_what_it_waits_for(cli: Cli, run: FakeRun) -> None:
    run.phase("paused")
    with worker(run, obeying(run)):
        assert f"tui-finetune continue {run.short} lets it go on." in cli("set", "a", "dropout", "0.1", "--applied").err


# show


def test_show_tells_who_changed_what_and_what_was_found(cli: Cli, run: FakeRun) -> None:
    obeying(run, old={"dropout": 0.1}, new={"dropout": 0.2})(
        Request("r9", "set", 1, {"set": {"dropout": 0.2}}, "bob@b")
    )
    refusing(run, "no")(Request("r8", "pause", 1))
    run.find("f1", "loss_spike", "loss jumped to 9.1", step=10, loss=9.1).apply(
        "set", 12, None, old={}, new={"max_steps": 30}, by="recipe"
    )
    said = cli("show", "a")
    assert "dropout 0.1 → 0.2 applied at step 11  bob@b" in said.out
    assert "pause refused: no" in said.out
    assert "max_steps 30 applied at step 12  by the recipe" in said.out
    assert "! loss jumped to 9.1" in said.out
    assert f"tui-finetune health {run.short} says since when" in said.out
    found = cli("show", "a", "--json").json
    assert [(one["id"], one["answer"]) for one in found["control"]] == [
        ("r9", "applied"),
        ("r8", "refused"),
        (None, "applied"),
    ]
    assert [one["what"] for one in found["findings"]] == ["loss jumped to 9.1"]


# recipe

RECIPE = """\
version = 1
task = "text-classification"
name = "a"
[data]
path = "/data/a.csv"
[model]
path = "m"
[resolved]
rows = { train = 3 }
"""


def test_recipe_prints_the_recipe_with_its_changes(cli: Cli, home: Home) -> None:
    run = FakeRun(home, "a", recipe=RECIPE).begin().plan()
    add_change(run.paths, Change(20, {"learning_rate": 1e-5}, reason="flat", by="ann@gpu1"))
    add_change(run.paths, Change(30, {"dropout": 0.1}, dropped="rollback to 10"))
    plain, steered = cli("recipe", "a"), cli("recipe", "a", "--with-changes")
    assert "change" not in tomli.loads(plain.out)
    assert "--with-changes adds its 1 change." in plain.err
    found = tomli.loads(steered.out)
    assert found["model"]["path"] == run.info.model
    assert found["change"] == [{"at_step": 20, "set": {"learning_rate": 1e-5}, "reason": "flat"}]
    assert "resolved" not in found
    assert cli("recipe", "a", "--with-changes", "--json").json["changes"] == 1


def test_recipe_of_a_run_that_has_none(cli: Cli, home: Home) -> None:
    FakeRun(home, "script", recipe=None).begin()
    broken = FakeRun(home, "broken", recipe=RECIPE).begin()
    broken.paths.changes_json.write_text("{")
    assert "a script of its own made it" in cli("recipe", "script").err
    assert "changes.json cannot be read" in cli("recipe", "broken", "--with-changes").err
