"""A run that is steered while it trains: what is set is in force at its step, and its replay and resume are the same run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import wait_until
from tests.worker.forked import ForkServer
from tests.worker.held import Steered, answer, applied, ground_of_held_runs
from tests.worker.training import ask, ended, events, finished, weights
from tui_finetune.paths import Home
from tui_finetune.runs import atomic
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.testing import check_run_directory

STEPS = 18
"""48 rows of train, 4 a batch, 2 batches a step: 6 steps an epoch, 3 epochs."""


@pytest.fixture
def steered(
    home: Home, workers: ForkServer, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Steered:
    return ground_of_held_runs(home, tiny_model, tmp_path, monkeypatch)


def test_a_rate_that_is_set_is_the_optimizers_own_in_the_next_step_and_the_replay_is_the_same_run(
    steered: Steered,
) -> None:
    info = steered.start(hold_at=[4])
    steered.at(4)
    asked = ask(info, "set", set={"learning_rate": 5e-4}, reason="too fast")
    assert answer(info, asked).get("when") == "from step 5"
    steered.go_on()
    finished(info)
    record = steered.record()
    assert record[4]["rates"] == pytest.approx([1e-3 * (1 - 3 / STEPS)] * 2)
    assert record[5]["rates"] == pytest.approx([5e-4 * (1 - 4 / STEPS)] * 2)
    assert {step.step: step.get("learning_rate") for step in events(info, "step")}[5] == record[5]["rates"][0]
    told = applied(info, asked)
    assert (told.step, told.get("old"), told.get("new")) == (5, {"learning_rate": 1e-3}, {"learning_rate": 5e-4})
    assert told.get("reason") == "too fast"
    assert [one["at_step"] for one in atomic.read_json(info.paths.changes_json)["changes"]] == [5]
    check_run_directory(info.paths.root, only_known_events=True)
    replay = finished(steered.start("replay", change=[{"at_step": 5, "set": {"learning_rate": 5e-4}}]))
    assert steered.record("replay") == record
    assert weights(replay) == weights(info)


MUCH: Sequence[Mapping[str, Any]] = (
    {"at_step": 3, "set": {"learning_rate": "x0.5", "weight_decay": 0.1, "dropout": 0.2}},
    {"at_step": 5, "set": {"per_device_train_batch_size": 6, "gradient_accumulation_steps": 1}},
    {"at_step": 8, "set": {"freeze": ["embeddings", "encoder.layer.0"], "label_smoothing_factor": 0.1}},
    {"at_step": 11, "set": {"num_train_epochs": 4, "lr_scheduler_type": "cosine"}},
    {"at_step": 13, "set": {"gradient_accumulation_steps": 3, "class_weights": "balanced"}},
    {"at_step": 16, "set": {"unfreeze": ["embeddings"], "head_learning_rate": 2e-3, "max_grad_norm": 0.5}},
)
"""Shape in the middle of an epoch and more than once, length, frozen parts, everything that the loss depends on."""


@pytest.mark.slow
@pytest.mark.parametrize("order", ["length", "random", "sequential"])
def test_a_run_steered_by_hand_its_replay_and_its_resumes_are_the_same(order: str, steered: Steered) -> None:
    replay = finished(steered.start("replay", batching__order=order, change=list(MUCH)))
    expected = steered.record("replay")
    assert [(at["batch"], at["accumulation"]) for at in expected.values()][3:6] == [(4, 2), (6, 1), (6, 1)]
    assert expected[8]["trained"] < expected[7]["trained"] == expected[1]["trained"]
    assert expected[8]["trained"] < expected[16]["trained"] < expected[7]["trained"]
    assert (expected[3]["dropout"], expected[3]["decay"]) == ([0.2], [0.1, 0.0])
    assert len(expected[16]["rates"]) == 4
    by_hand = steered.start("by-hand", [one["at_step"] - 1 for one in MUCH], batching__order=order)
    for change in MUCH:
        steered.at(change["at_step"] - 1)
        asked = ask(by_hand, "set", set=change["set"])
        assert answer(by_hand, asked).get("when") == f"from step {change['at_step']}"
        steered.go_on()
    finished(by_hand)
    assert steered.record("by-hand") == expected
    assert weights(by_hand) == weights(replay)
    kills = (6, 9, 13, 14, 17)
    killed = steered.start("killed", kills[:1], batching__order=order, change=list(MUCH))
    for step, following in zip(kills, [*kills[1:], None], strict=True):
        steered.at(step)
        steered.kill(killed)
        steered.resume(killed, "killed", () if following is None else (following,))
    finished(killed)
    assert steered.record("killed") == expected
    assert weights(killed) == weights(replay)
    for info in (replay, by_hand, killed):
        check_run_directory(info.paths.root, only_known_events=True)


LOADERS: Mapping[str, dict[str, Any]] = {
    "plainly": {},
    "by workers, whole batches only": {"train__dataloader_num_workers": 2, "train__dataloader_drop_last": True},
    "in bf16, activations computed again": {"train__bf16": True, "train__activation_checkpointing": True},
    "by evaluations": {"train__lr_scheduler_type": "reduce_lr_on_plateau", "train__learning_rate": 1e-2},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LOADERS)
def test_a_run_that_was_steered_and_killed_takes_its_changes_up_again(name: str, steered: Steered) -> None:
    sets = LOADERS[name]
    replay = finished(steered.start("replay", change=list(MUCH[:3]), **sets))
    info = steered.start(hold_at=[2, 4, 7], **sets)
    for change in MUCH[:3]:
        steered.at(change["at_step"] - 1)
        answer(info, ask(info, "set", set=change["set"]))
        if change is not MUCH[2]:
            steered.go_on()
    steered.kill(info)  # with the last change accepted and not yet applied; checkpoint-4 has one of three
    finished(steered.resume(info))
    assert [attempt.get("from_step") for attempt in events(info, "attempt")] == [0, 4]
    assert steered.record() == steered.record("replay")
    assert weights(info) == weights(replay)
    assert len([plan for plan in events(info, "plan") if plan.attempt == 2]) == 3, "of the recipe, and of two changes"
    again = [(e.step, e.get("by")) for e in events(info, "applied") if e.get("id") is None]
    assert again == [(5, "resume"), (8, "resume")]


@pytest.mark.slow
def test_paused_saved_and_evaluated_between_two_steps_it_is_the_same_run(steered: Steered) -> None:
    calm = finished(steered.start("calm", train__eval_strategy="epoch"))
    info = steered.start(hold_at=[3, 7], train__eval_strategy="epoch")
    steered.at(3)
    paused = ask(info, "pause", release=True)
    assert answer(info, paused).get("when") == "after this step; on this device there is no memory to release"
    steered.go_on()
    assert applied(info, paused).step == 3
    wait_until(lambda: info.fresh().status().state == "paused", "the run to be paused")
    saved, evaluated = ask(info, "save"), ask(info, "evaluate", split="label=b", limit=2)
    assert (applied(info, saved).step, applied(info, evaluated).step) == (3, 3)
    assert info.paths.checkpoint(3).is_dir()
    set_while_paused = ask(info, "set", set={"logging_steps": 2})
    assert answer(info, set_while_paused).get("when") == "from step 4"
    gone_on = ask(info, "continue")
    assert applied(info, gone_on).step == 3
    steered.at(7)
    wait_until(lambda: info.fresh().status().state == "running", "the run to go on")
    evaluated = ask(info, "evaluate")
    assert answer(info, evaluated).get("when") == "at the next step"
    assert answer(info, ask(info, "evaluate", split="label=purple")).get("why").startswith("no row of validation")
    assert answer(info, ask(info, "continue")).get("why") == "is not paused"
    noted = ask(info, "note", text="looks good")
    assert answer(info, noted).get("answer") == "accepted"
    steered.go_on()
    finished(info)
    assert applied(info, evaluated).step == 7
    assert weights(info) == weights(calm)
    asked = [e for e in events(info, "evaluation") if e.get("asked")]
    assert [(e.step, e.get("split"), e.get("rows")) for e in asked] == [
        (3, "label=b, first 2 rows", 2),
        (7, "validation", 12),
    ]
    own = {e.step: e.get("metrics") for e in events(info, "evaluation") if not e.get("asked")}
    assert own == {e.step: e.get("metrics") for e in events(calm, "evaluation")}
    assert set(asked[1].get("metrics")) == set(own[6])
    check_run_directory(info.paths.root, only_known_events=True)


REFUSED: Mapping[str, tuple[dict[str, Any], str]] = {
    "a key that cannot be set": ({"seed": 4}, "seed cannot be set while a run goes on"),
    "everything that is wrong at once": (
        {"learning_rate": -1, "max_steps": 2},
        "learning_rate is -1, must be above 0; max_steps: Step 5 comes next; the run cannot end before it",
    ),
    "a warm-up that is over": ({"warmup_steps": 9}, "warmup_steps: The warm-up ended at step 2"),
    "a part that is not there": ({"freeze": ["decoder"]}, "freeze: decoder names no module of this model"),
    "nothing left to train": ({"freeze": ["bert", "classifier"]}, "freeze: Nothing would be left to train"),
    "a metric that nobody measures": (
        {"metric_for_best_model": "bleu"},
        "metric_for_best_model: Measured are: accuracy",
    ),
    "a label that is none": ({"class_weights": {"z": 2.0}}, "class_weights: z is no label of this run"),
    "an end that has passed": ({"num_train_epochs": 0.5}, "num_train_epochs: Epoch 0.67 has been reached"),
    "more rows than there are": ({"per_device_train_batch_size": 49}, "has only 48 rows"),
    "a step count without its strategy": (
        {"save_steps": 3, "save_strategy": "epoch"},
        "save_strategy is epoch; set it",
    ),
}


@pytest.mark.slow
def test_what_a_run_cannot_do_is_refused_by_name_and_changes_nothing(steered: Steered) -> None:
    calm = finished(steered.start("calm", train__warmup_steps=2))
    info = steered.start(hold_at=[4], train__warmup_steps=2)
    steered.at(4)
    for name, (values, words) in REFUSED.items():
        said = answer(info, ask(info, "set", set=values))
        assert said.get("answer") == "refused", name
        assert words in said.get("why"), name
    assert answer(info, ask(info, "rollback", checkpoint=3)).get("why") == "checkpoint-3 is not there or not whole"
    steered.go_on()
    finished(info)
    assert not events(info, "applied")
    assert weights(info) == weights(calm)


@pytest.mark.slow
def test_rolled_back_in_the_same_process_it_is_the_run_from_there(steered: Steered) -> None:
    change = {"at_step": 9, "set": {"learning_rate": "x0.5"}}
    expected = finished(steered.start("expected", batching__order="length", change=[change]))
    info = steered.start(hold_at=[10, 13], batching__order="length")
    steered.at(10)
    answer(info, ask(info, "set", set={"per_device_train_batch_size": 2, "freeze": ["embeddings"], "dropout": 0.5}))
    steered.go_on()
    steered.at(13)
    longer = answer(info, ask(info, "set", set={"max_steps": 40}, stretch=False))
    assert longer.get("when") == "from step 14; the schedule still ends at 0 at step 26"
    asked = ask(info, "rollback", checkpoint=8, set={"learning_rate": "x0.5"}, reason="spoilt")
    assert answer(info, asked).get("when") == "now"
    steered.go_on()
    steered.at(10)
    steered.go_on()
    steered.at(13)
    steered.go_on()
    finished(info)
    attempts = events(info, "attempt")
    assert [(a.get("n"), a.get("from_step"), a.get("rollback")) for a in attempts] == [(1, 0, None), (2, 8, True)]
    assert len({json.loads(path.read_text())["pid"] for path in _process_files(info)}) == 1
    dropped = {one["at_step"]: one["dropped"] for one in atomic.read_json(info.paths.changes_json)["changes"]}
    assert dropped == {11: "rollback to 8", 14: "rollback to 8", 9: None}
    assert [e.get("path") for e in events(info, "checkpoint_skipped")] == ["checkpoints/rolled-back-1-checkpoint-12"]
    shapes = [(plan.get("batch_size"), plan.get("steps"), plan.attempt) for plan in events(info, "plan")]
    assert shapes == [(4, STEPS, 1), (2, 26, 1), (4, STEPS, 2)], "the plan that holds is told again"
    assert weights(info) == weights(expected)
    check_run_directory(info.paths.root, only_known_events=True)


def _process_files(info: RunInfo) -> list[Path]:
    return [info.paths.process_json, info.paths.attempt(1) / "process.json"]


@pytest.mark.slow
def test_training_ends_early_and_a_resume_does_not_begin_again(steered: Steered) -> None:
    steered.monkeypatch.setenv("TEST_KILL_AT", "train_end:12")
    info = steered.start(evaluate__patience=2, evaluate__threshold=0.5, train__learning_rate=1e-7)
    assert ended(info).state == "died"
    finished(steered.resume(info))
    assert max(steered.record()) == 12
    assert info.status().step == 12, "evaluations at 4, 8 and 12"
    (note,) = [e for e in events(info, "note") if "ends early" in e.get("message")]
    assert "was not better than" in note.get("message")
    assert atomic.read_json(info.paths.checkpoint(12) / "steering.json")["early_stopping"]["ended"] is True


WHEN: Sequence[Mapping[str, Any]] = (
    {"at_step": 2, "set": {"warmup_steps": 6, "logging_steps": 2}},
    {"at_step": 3, "set": {"eval_steps": 3, "per_device_eval_batch_size": 3}},
    {"at_step": 5, "set": {"metric_for_best_model": "loss", "save_total_limit": 2}},
    {"at_step": 6, "set": {"max_steps": 10}, "stretch": False},
    {"at_step": 7, "set": {"max_steps": 14}, "stretch": False},
    {"at_step": 9, "set": {"eval_strategy": "epoch", "save_steps": 3, "early_stopping_patience": 9}},
)
"""When a run logs, evaluates, saves and ends, and what chooses its best step."""


@pytest.mark.slow
def test_when_it_logs_evaluates_saves_and_ends(steered: Steered) -> None:
    sets: dict[str, Any] = {"change": list(WHEN), "train__warmup_steps": 4, "train__save_total_limit": 3}
    whole = finished(steered.start("whole", **sets))
    rates = {step: at["rates"][0] for step, at in steered.record("whole").items()}
    assert rates[1] == 0
    assert rates[3] == pytest.approx(1e-3 * 2 / 6), "the warm-up is longer from step 2 on"
    assert rates[14] == pytest.approx(1e-3 * (STEPS - 13) / (STEPS - 6)), "the schedule was not stretched"
    assert [e.step for e in events(whole, "step")] == [1, 2, 4, 6, 8, 10, 12, 14]
    assert [e.step for e in events(whole, "evaluation") if not e.get("final")] == [3, 6, 12, 14]
    assert [e.step for e in events(whole, "checkpoint")] == [4, 8, 9, 12, 14]
    assert whole.status().step == 14
    losses = {e.step: e.get("metrics")["loss"] for e in events(whole, "evaluation") if not e.get("final")}
    assert whole.status().best_step == min((12, 14), key=lambda step: losses[step])
    assert [e.get("best_by") for e in events(whole, "plan")][-1] == "loss"
    killed = steered.start("killed", [5], **sets)
    for step, following in ((5, (10,)), (10, (14,)), (14, ())):
        steered.at(step)
        steered.kill(killed)
        steered.resume(killed, "killed", following)
    finished(killed)
    assert steered.record("killed") == steered.record("whole")
    assert weights(killed) == weights(whole)
    for key in ("step", "steps", "best_step", "best_checkpoint", "metrics"):
        told = [atomic.read_json(info.paths.result_json)[key] for info in (killed, whole)]
        assert told[0] == told[1], key


def test_every_key_that_can_be_set_has_a_lever(fork_server: ForkServer, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.touch()
    assert fork_server.call("tests.worker.test_steering:keys_without_a_lever", log=log) == 0, log.read_text()


def keys_without_a_lever(arguments: Sequence[str]) -> int:
    """Called in a process that has torch; how many there are, printed."""
    from tui_finetune.runs.settable import RULE_PREFIX, SETTABLE
    from tui_finetune.worker.steering.settings import LEVERS

    odd = {key for key in SETTABLE if not key.startswith(RULE_PREFIX)} ^ set(LEVERS)
    print(sorted(odd))
    return len(odd)
