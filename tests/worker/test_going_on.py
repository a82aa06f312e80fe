"""A run that was stopped or killed ends as the uninterrupted one: weights, evaluations, and the model that is chosen."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import wait_until
from tests.worker import training
from tests.worker.forked import ForkServer
from tests.worker.training import Ground, ask, ended, events, finished, weights
from tui_finetune.launch.differences import NotTheSame
from tui_finetune.paths import Home
from tui_finetune.runs import atomic
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.testing import check_run_directory

KILLER = Path(__file__).with_name("killer.py")
EPOCHS = {"train__eval_strategy": "epoch", "train__save_strategy": "epoch"}
FALLING = {"train__metric_for_best_model": "loss", "train__save_total_limit": 20}
"""The loss of these rows falls at every evaluation, so that the last one is the best."""


@pytest.fixture
def ground(
    home: Home, workers: ForkServer, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Ground:
    """Rows to train on, and the plugin that kills or waits at the instant of TEST_KILL_AT."""
    for folder in ("data", "plugins"):
        (tmp_path / folder).mkdir()
    shutil.copy(KILLER, tmp_path / "plugins" / "killer.py")
    monkeypatch.setenv("TEST_KILL_FLAG", str(tmp_path / "killed"))
    rows = training.write_rows(tmp_path / "data" / "rows.csv")
    return Ground(home, tiny_model, rows, (tmp_path / "plugins",), {"batching__order": "length", **FALLING})


def same_ends(one: RunInfo, other: RunInfo) -> None:
    """Both have the same weights, evaluations, best step, model and figures."""
    told = [atomic.read_json(info.paths.result_json) for info in (one, other)]
    for key in ("step", "steps", "best_step", "best_checkpoint", "metrics", "baselines"):
        assert told[0][key] == told[1][key], key
    assert weights(one) == weights(other)
    assert _model(one) == _model(other)
    assert _evaluations(one) == _evaluations(other)
    check_run_directory(one.paths.root, only_known_events=True)


def _model(info: RunInfo) -> str:
    return hashlib.sha256((info.paths.model / "model.safetensors").read_bytes()).hexdigest()


def _evaluations(info: RunInfo) -> dict[tuple[Any, ...], Any]:
    return {(e.step, e.get("split"), e.get("final")): e.get("metrics") for e in events(info, "evaluation")}


KILLED: dict[str, tuple[dict[str, Any], str]] = {
    "evaluated after the checkpoint": ({"train__eval_strategy": "epoch", "train__save_steps": 6}, "step:8"),
    "in that evaluation": ({"train__eval_strategy": "epoch", "train__save_steps": 6}, "prediction:6"),
    "after the last step": ({}, "train_end:18"),
    "after the last step, within an epoch": ({"train__max_steps": 8}, "train_end:8"),
}


@pytest.mark.parametrize("name", KILLED)
def test_killed_around_an_evaluation(name: str, ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    sets, instant = KILLED[name]
    whole = finished(ground.start("whole", **sets))
    monkeypatch.setenv("TEST_KILL_AT", instant)
    info = ground.start("killed", **sets)
    assert ended(info).state == "died"
    finished(ground.resume(info))
    same_ends(info, whole)


STOPPED: dict[str, tuple[dict[str, Any], int]] = {
    "an evaluation is due": ({}, 8),
    "an epoch ends": (EPOCHS, 6),
    "within an epoch": (EPOCHS, 8),
    "at the last step": ({}, 18),
}


@pytest.mark.parametrize("name", STOPPED)
def test_stopped_where(name: str, ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for the evaluation of the step at which a run stops: it comes first when the run goes on."""
    sets, step = STOPPED[name]
    whole = finished(ground.start("whole", **sets))
    monkeypatch.setenv("TEST_KILL_AT", f"pause:{step}")
    info = ground.start("stopped", **sets)
    wait_until((tmp_path / "killed").exists, f"step {step}")
    asked = ask(info, "stop")
    wait_until(lambda: [e for e in events(info, "request") if e.get("id") == asked], "the answer")
    monkeypatch.setenv("TEST_KILL_AT", "none:0")
    (tmp_path / "killed").unlink()
    status = ended(info)
    assert (status.state, status.reason) == ("stopped", f"asked to stop; checkpoint-{step} is whole")
    assert [e.get("step") for e in events(info, "applied")] == [step]
    assert step not in {e.step for e in events(info, "evaluation")}
    finished(ground.resume(info))
    same_ends(info, whole)


def test_other_rows_than_before_are_not_gone_on_with(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KILL_AT", "step:7")
    info = ground.start("killed")
    assert ended(info).state == "died"
    before = ground.data.read_text()
    ground.data.write_text(before + "red,a\n")
    with pytest.raises(NotTheSame, match=r"! rows\.csv .*: other rows than the run has been trained on"):
        ground.resume(info)
    ground.data.write_text(before)
    finished(ground.resume(info))
    assert [attempt.get("from_step") for attempt in events(info, "attempt")] == [0, 4]


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_whatever_training_has_state_for(precision: str, ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dropout, a schedule with warm-up, accumulation that leaves a rest, a rate of the head's own, frozen parts, smoothed
    labels, recomputed activations."""
    sets = {
        "train__lr_scheduler_type": "cosine",
        "train__warmup_steps": 5,
        "train__gradient_accumulation_steps": 5,
        "train__label_smoothing_factor": 0.1,
        "train__activation_checkpointing": True,
        "train__bf16": precision == "bf16",
        "optim__head_learning_rate": 5e-3,
        "model__freeze": ["embeddings", "encoder.layer.0"],
    }
    whole = finished(ground.start("whole", **sets))
    monkeypatch.setenv("TEST_KILL_AT", "step:7")
    info = ground.start("killed", **sets)
    assert ended(info).state == "died"
    finished(ground.resume(info))
    assert [attempt.get("from_step") for attempt in events(info, "attempt")] == [0, 4]
    same_ends(info, whole)
    assert weights(finished(ground.start("again", **sets))) == weights(whole)
