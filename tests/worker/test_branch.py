"""Branches from real checkpoints: with everything kept it is the same run, with a change it is the steered one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.calling import Cli
from tests.worker import training
from tests.worker.forked import ForkServer
from tests.worker.training import Ground, events, finished, weights
from tui_finetune.config.write import read_resolved
from tui_finetune.paths import Home
from tui_finetune.runs import atomic
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.records import checkpoints
from tui_finetune.runs.store import RunStore
from tui_finetune.runs.testing import check_run_directory

pytestmark = pytest.mark.slow

FALLING = {"train__metric_for_best_model": "loss", "train__save_total_limit": 20, "batching__order": "length"}


@pytest.fixture
def ground(home: Home, workers: ForkServer, tiny_model: Path, tmp_path: Path) -> Ground:
    (tmp_path / "data").mkdir()
    return Ground(home, tiny_model, training.write_rows(tmp_path / "data" / "rows.csv"), (), FALLING)


@pytest.fixture
def whole(ground: Ground) -> RunInfo:
    """A run of 18 steps with a checkpoint every 4."""
    return finished(ground.start("whole"))


def branch(cli: Cli, whole: RunInfo, *given: str) -> RunInfo:
    said = cli("branch", whole.short, "--wait", "--json", *given)
    assert said.code == 0, said.err
    assert said.json["state"] == "finished"
    found = RunStore(Home(whole.paths.root.parent.parent)).get(said.json["id"])
    assert found is not None
    return found


def test_with_everything_kept_it_is_the_same_run(whole: RunInfo, cli: Cli) -> None:
    info = branch(cli, whole, "--at", "8")
    assert dict(info.of or {}) == {"run": whole.id, "checkpoint": 8, "optimizer": "keep"}
    (attempt,) = events(info, "attempt")
    assert (attempt.get("n"), attempt.get("from_step"), attempt.get("of")) == (1, 8, dict(info.of or {}))
    assert [event.step for event in events(info, "step")] == list(range(9, 19))
    assert weights(info) == weights(whole)
    told = [atomic.read_json(one.paths.result_json) for one in (whole, info)]
    for key in ("step", "steps", "best_step", "metrics", "baselines"):
        assert told[0][key] == told[1][key], key
    check_run_directory(info.paths.root, only_known_events=True)


def test_the_checkpoint_takes_no_second_room(whole: RunInfo, cli: Cli) -> None:
    info = branch(cli, whole, "--at", "checkpoint-8")
    files = [paths.checkpoint(8) / "model.safetensors" for paths in (whole.paths, info.paths)]
    assert os.stat(files[0]).st_ino == os.stat(files[1]).st_ino
    assert next(one.step for one in checkpoints(info.paths, {})) == 8
    check_run_directory(whole.paths.root)


def test_what_is_changed_holds_from_the_next_step(whole: RunInfo, cli: Cli, ground: Ground) -> None:
    info = branch(cli, whole, "--at", "8", "--set", "train.learning_rate=1e-4")
    (change,) = read_resolved(info.paths.recipe_toml).change
    assert (change.at_step, change.set) == (9, {"learning_rate": 1e-4})
    assert [(e.step, e.get("new")["learning_rate"]) for e in events(info, "applied")] == [(9, 1e-4)]
    assert weights(info) != weights(whole)
    replay = finished(ground.start("replay", change=[{"at_step": 9, "set": {"learning_rate": 1e-4}}]))
    assert weights(replay) == weights(info)


def test_a_fresh_optimizer_begins_at_step_0_with_the_weights(whole: RunInfo, cli: Cli, ground: Ground) -> None:
    sets = ("--set", "train.max_steps=6", "--set", "model.max_length=16")
    info = branch(cli, whole, "--at", "best", "--optimizer", "fresh", "--name", "afresh", *sets)
    assert info.name == "afresh"
    assert dict(info.of or {}) == {"run": whole.id, "checkpoint": 18}
    assert [attempt.get("from_step") for attempt in events(info, "attempt")] == [0]
    assert info.status().steps == 6
    first = events(info, "step")[0].number("loss")
    assert first is not None
    assert first < (events(whole, "step")[0].number("loss") or 0.0)
    before = weights(info)
    RunStore(ground.home).trash(whole)
    back_to(info, 4)
    finished(ground.resume(info))
    assert weights(info) == before, "it needs nothing of the run that it came from"


def back_to(info: RunInfo, step: int) -> None:
    """As if the run had been stopped at `step`."""
    info.paths.result_json.write_text('{"v": 1, "attempt": 1, "state": "stopped", "exit_code": 0}')
    for one in checkpoints(info.paths, {}):
        if one.step > step:
            os.rename(one.path, one.path.parent / f"gone-{one.step}")


def test_a_branch_of_a_branch_and_its_resume(whole: RunInfo, cli: Cli, ground: Ground) -> None:
    second = branch(cli, branch(cli, whole, "--at", "4"), "--at", "12", "--set", "train.dataloader_num_workers=1")
    assert weights(second) == weights(whole)
    back_to(second, 12)
    finished(ground.resume(second))
    assert weights(second) == weights(whole)
