"""The forecast of a real run, what is refused before it begins, and what becomes of one whose memory runs out later."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.worker import training
from tests.worker.forked import ForkServer
from tests.worker.training import Ground, ended, events, finished, weights
from tui_finetune.live.forecast import settings_that_fit
from tui_finetune.paths import Home
from tui_finetune.runs.changes import read_changes
from tui_finetune.runs.testing import check_run_directory

CRAMPED = Path(__file__).with_name("cramped.py")
TOKENS = 24
"""Of the longest row; 4 rows a batch, 2 batches a step, 18 steps."""


@pytest.fixture
def ground(home: Home, workers: ForkServer, tiny_model: Path, tmp_path: Path) -> Ground:
    (tmp_path / "data").mkdir()
    return Ground(home, tiny_model, training.write_rows(tmp_path / "data" / "rows.csv"))


@pytest.fixture
def cramped(ground: Ground, tmp_path: Path) -> Ground:
    """The same on a device with little memory: `room` says how little."""
    (tmp_path / "plugins").mkdir()
    shutil.copy(CRAMPED, tmp_path / "plugins" / "cramped.py")
    ground.plugin_dirs = (tmp_path / "plugins",)
    ground.sets = {"task": "cramped"}
    return ground


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Any:
    def set_room(**values: int) -> None:
        monkeypatch.setenv("TEST_ROOM", json.dumps(values))

    return set_room


def test_a_forecast_is_told_and_compared_in_the_end(ground: Ground) -> None:
    info = finished(ground.start())
    check_run_directory(info.paths.root, only_known_events=True)
    ((forecast,), (result,)) = events(info, "forecast"), events(info, "forecast_result")
    found = forecast.fields
    assert set(found["parts"]) == {"training", "evaluations", "saves", "closing"}
    assert all(seconds > 0 for seconds in found["parts"].values())
    assert found["seconds_left"] == pytest.approx(sum(found["parts"].values()), rel=1e-3)
    assert found["points"] >= 2
    assert 0 < found["peak_memory_bytes"] < found["memory_total_bytes"]
    (checkpoint,) = {event.get("bytes") for event in events(info, "checkpoint")[:1]}
    assert found["checkpoint_by"] == "written"
    assert found["checkpoint_bytes"] == pytest.approx(checkpoint, rel=0.1)
    assert found["checkpoints_kept"] == 3
    assert set(result.fields) == {
        *("seconds", "step_seconds", "eval_seconds", "peak_memory_bytes", "checkpoint_bytes", "checkpoint_seconds")
    }
    assert not list(info.paths.checkpoints.glob(".*"))


def test_what_does_not_fit_is_refused_with_what_does(cramped: Ground, room: Any) -> None:
    room(train=2 * TOKENS)
    info = cramped.start()
    status = ended(info)
    assert (status.state, status.exit_code) == ("failed", 1)
    (refused,) = events(info, "preflight_refused")
    assert not events(info, "preflight")
    assert not events(info, "step")
    smaller, sparing = refused.get("fits")
    assert smaller["set"] == {"train.per_device_train_batch_size": 2, "train.gradient_accumulation_steps": 4}
    assert sparing["set"] == {"train.activation_checkpointing": True}
    assert status.reason == f"{refused.get('why')} {smaller['words']}."
    assert "Activation checkpointing with batch 4" in (status.advice or "")
    assert "--force" in (status.advice or "")


@pytest.mark.slow
def test_bf16_is_offered_where_the_device_has_it(cramped: Ground, room: Any) -> None:
    room(train=2 * TOKENS, bf16=1)
    info = cramped.start()
    assert ended(info).state == "failed"
    (refused,) = events(info, "preflight_refused")
    *_, halved = refused.get("fits")
    assert halved["set"] == {"train.bf16": True}
    assert halved["words"].startswith("Bf16 with batch 4 needs ")
    assert "changes_result" not in halved


@pytest.mark.slow
def test_shorter_inputs_are_the_last_resort_and_said_to_change_the_result(cramped: Ground, room: Any) -> None:
    rows = [f"{'good' if n % 2 else 'bad'} {' '.join(['word'] * 70)},{'ab'[n % 2]}" for n in range(40)]
    cramped.data.write_text("\n".join(["text,label", *rows]))
    room(train=20)
    info = cramped.start(model__max_length=64)
    status = ended(info)
    assert status.state == "failed"
    (refused,) = events(info, "preflight_refused")
    (shorter,) = refused.get("fits")
    assert shorter["set"]["model.max_length"] == 32
    assert shorter["set"]["train.per_device_train_batch_size"] == 1
    assert "max_length 32, which cuts more of the texts" in shorter["words"]
    assert shorter["changes_result"]
    assert settings_that_fit(refused.fields) is None, "no copy is made that trains on less than was asked for"


def test_an_evaluation_batch_that_does_not_fit_is_refused_too(cramped: Ground, room: Any) -> None:
    room(eval=5 * TOKENS)
    info = cramped.start(train__per_device_eval_batch_size=12)
    assert ended(info).state == "failed"
    (refused,) = events(info, "preflight_refused")
    assert [fit["set"] for fit in refused.get("fits")] == [{"train.per_device_eval_batch_size": 3}]


def test_out_of_memory_later_halves_the_batch_once(cramped: Ground, room: Any) -> None:
    room(train=4 * TOKENS)
    calm = weights(finished(cramped.start("calm", model__max_length=TOKENS)))
    room(train=0, from_step=5, until_step=6, times=1)
    info = finished(cramped.start("cramped"))
    (refit,) = events(info, "refit")
    assert (refit.step, refit.get("what")) == (5, "micro-batch")
    assert refit.get("new") == {"per_device_train_batch_size": 2, "gradient_accumulation_steps": 4}
    (applied,) = events(info, "applied")
    assert (applied.step, applied.get("by"), applied.get("new")) == (6, "worker", refit.get("new"))
    (change,) = read_changes(info.paths)
    assert change.at_step == 6
    assert "out of memory at step 5" in (change.reason or "")
    assert (events(info, "plan")[-1].get("batch_size"), events(info, "plan")[-1].get("steps")) == (2, 18)
    assert info.status().step == 18
    assert weights(info) != calm  # its dropout is drawn otherwise from step 5 on
    assert events(info, "forecast_result")[0].get("changed") is True


@pytest.mark.slow
def test_out_of_memory_a_second_time_ends_with_advice_and_a_checkpoint(cramped: Ground, room: Any) -> None:
    room(train=0, from_step=7)
    info = cramped.start()
    status = ended(info)
    assert (status.state, status.step) == ("failed", 6)
    assert "Out of memory at step 7, also with a micro-batch of 2 rows" in (status.reason or "")
    assert "same effective batch" in (status.advice or "")
    assert len(events(info, "refit")) == 1
    assert info.paths.checkpoint(6).is_dir()


@pytest.mark.slow
def test_an_evaluation_out_of_memory_is_done_again_in_halves(cramped: Ground, room: Any) -> None:
    room(train=1 << 30, eval=5 * TOKENS, from_step=0, until_step=8)
    info = finished(cramped.start(train__per_device_eval_batch_size=6, train__max_steps=8))
    (refit,) = events(info, "refit")
    assert refit.get("what") == "evaluation batch"
    assert (refit.get("old"), refit.get("new")) == (
        {"per_device_eval_batch_size": 6},
        {"per_device_eval_batch_size": 3},
    )
    assert len([one for one in events(info, "evaluation") if not one.get("final")]) == 2


@pytest.mark.slow
def test_a_forced_run_begins_though_it_does_not_fit(cramped: Ground, room: Any) -> None:
    room(train=3 * TOKENS)
    cramped.force = True
    info = finished(cramped.start(train__max_steps=4))
    assert not events(info, "preflight_refused")
    assert any("--force" in event.get("message") for event in events(info, "warning"))
