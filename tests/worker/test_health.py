"""The health watch on real trainings: a model that is spoilt is not saved, goes back once, and then ends; one that is well
is left alone."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.calling import Cli
from tests.waiting import wait_until
from tests.worker import training
from tests.worker.forked import ForkServer
from tests.worker.training import Ground, ask, ended, events, finished
from tui_finetune.paths import Home
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.manifest import problem
from tui_finetune.runs.tail import Event
from tui_finetune.runs.testing import check_run_directory

POISONER = Path(__file__).with_name("poisoner.py")


@pytest.fixture
def ground(
    home: Home, workers: ForkServer, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Ground:
    """Rows to train on, and the plugin that spoils a weight."""
    for folder in ("data", "plugins"):
        (tmp_path / folder).mkdir()
    shutil.copy(POISONER, tmp_path / "plugins" / "poisoner.py")
    monkeypatch.setenv("TEST_POISON_FLAG", str(tmp_path / "poisoned"))
    rows = training.write_rows(tmp_path / "data" / "rows.csv")
    return Ground(home, tiny_model, rows, (tmp_path / "plugins",), {"train__logging_steps": 2})


def findings(info: RunInfo) -> list[tuple[str | None, int | None]]:
    return [(event.get("rule"), event.get("since")) for event in events(info, "finding")]


def whole_checkpoints(info: RunInfo) -> list[int]:
    """Every checkpoint that is there, which must be whole."""
    folders = sorted(info.paths.checkpoints.glob("checkpoint-*"))
    assert [problem(folder) for folder in folders] == [None] * len(folders)
    return sorted(int(folder.name.rpartition("-")[2]) for folder in folders)


def rollbacks(info: RunInfo) -> list[Event]:
    return [event for event in events(info, "request") if event.get("action") == "rollback"]


def test_a_spoilt_model_goes_back_once_with_half_the_rate_and_finishes(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, cli: Cli
) -> None:
    monkeypatch.setenv("TEST_POISON", "8 once")  # where a checkpoint is due
    info = finished(ground.start("mended", train__lr_scheduler_type="constant"))
    assert findings(info) == [("loss_nan", 9)]
    (asked,) = rollbacks(info)
    assert (asked.get("by"), asked.get("answer")) == ("health", "accepted")
    assert [event.get("from_step") for event in events(info, "attempt")] == [0, 4]
    (refused,) = events(info, "save_failed")
    assert refused.step == 8
    assert events(info, "step")[-1].get("learning_rate") == pytest.approx(0.5e-3)
    assert whole_checkpoints(info)[-1] == 18
    check_run_directory(info.paths.root, only_known_events=True)
    (told,) = cli("health", info.short, "--json").json["findings"]
    assert (told["rule"], told["over"] is not None) == ("loss_nan", True)
    assert "loss nan: loss is nan at step 9" in cli("health", info.short).out


@pytest.mark.slow
def test_spoilt_again_at_the_same_step_it_ends_failed_with_the_last_good_checkpoint(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_POISON", "10")
    info = ground.start("spoilt")
    status = ended(info)
    assert status.state == "failed"
    assert status.reason == ("loss is nan at step 11; it was rolled back for that once already; checkpoint-8 is whole")
    assert "--at 8" in (status.advice or "")
    assert len(rollbacks(info)) == 1
    assert whole_checkpoints(info) == [4, 8]
    assert not info.paths.model.exists()


@pytest.mark.slow
def test_without_a_checkpoint_to_go_back_to_it_ends_at_once(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_POISON", "2")
    info = ground.start("early")
    assert ended(info).reason == "loss is nan at step 3; no checkpoint is whole"
    assert whole_checkpoints(info) == []


@pytest.mark.slow
def test_spoilt_after_the_last_log_it_is_found_before_the_model_is_written(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_POISON", "18")
    info = ground.start("late", train__save_steps=6, train__logging_steps=5)
    status = ended(info)
    assert status.state == "failed"
    assert "checkpoint-12 is whole" in (status.reason or "")
    assert not info.paths.model.exists()


@pytest.mark.slow
def test_a_rule_that_is_off_saves_nothing_spoilt_all_the_same(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_POISON", "6")
    info = ground.start("off", health__loss_nan="off")
    assert ended(info).state == "failed"
    assert rollbacks(info) == []
    assert whole_checkpoints(info) == [4]


@pytest.mark.slow
def test_a_rate_beyond_all_reason_ends_the_run_with_what_to_do(ground: Ground) -> None:
    info = ground.start("absurd", train__learning_rate=1e30, train__max_grad_norm=0.0, train__logging_steps=1)
    status = ended(info)
    assert status.state == "failed"
    (found,) = events(info, "finding")
    assert found.step == found.get("since") == events(info, "step")[-1].step  # told at once: no step came after it
    assert (status.reason or "").startswith(found.get("what"))


@pytest.mark.slow
def test_a_finding_may_pause_the_run_and_a_rule_is_set_while_it_goes_on(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_POISON", "6 once")
    info = ground.start("held", health__loss_nan="pause", train__num_train_epochs=30)
    wait_until(lambda: info.fresh().status().state == "paused", "the health watch to pause the run")
    ask(info, "rollback", checkpoint=4, set={"health.loss_nan": "note"})
    status = ended(info)
    assert status.state == "finished", status.words
    changed: list[Any] = [event.get("new") for event in events(info, "applied") if event.get("new")]
    assert changed == [{"health.loss_nan": "note"}]


@pytest.mark.slow
def test_a_loop_that_hangs_is_told_with_the_stacks_and_is_over_when_it_goes_on(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.copy(POISONER.with_name("killer.py"), tmp_path / "plugins" / "killer.py")
    monkeypatch.setenv("TEST_KILL_AT", "pause:3")
    monkeypatch.setenv("TEST_KILL_FLAG", str(tmp_path / "waiting"))
    info = ground.start("hanging", health__hanging_seconds=4.0)
    wait_until(lambda: ("hanging", 2) in findings(info), "the hang to be found")
    wait_until(lambda: "die" in info.paths.stdout_log.read_text(), "the stacks")
    (tmp_path / "waiting").unlink()
    finished(info)
    assert len(events(info, "finding_over")) == len(findings(info))


@pytest.mark.slow
def test_a_training_that_is_well_is_left_alone(ground: Ground) -> None:
    assert findings(finished(ground.start("well"))) == []
