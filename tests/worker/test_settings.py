"""Settings of `[train]` that decide when is evaluated and saved, and which model is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.worker import training
from tests.worker.forked import ForkServer
from tests.worker.training import Ground, ended, events, finished
from tui_finetune.paths import Home
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.testing import check_run_directory


@pytest.fixture
def ground(home: Home, workers: ForkServer, tiny_model: Path, tmp_path: Path) -> Ground:
    (tmp_path / "data").mkdir()
    return Ground(home, tiny_model, training.write_rows(tmp_path / "data" / "rows.csv"))


def model_step(info: RunInfo) -> Any:
    """The step whose weights the final evaluation is of."""
    (final,) = (event for event in events(info, "evaluation") if event.get("final"))
    return final.step


def kept(info: RunInfo) -> set[str]:
    return {path.name for path in info.paths.checkpoints.iterdir()} if info.paths.checkpoints.is_dir() else set()


def test_the_last_model_is_kept_where_the_recipe_says_so(ground: Ground) -> None:
    """Accuracy stays what it is at the first evaluation, which is the best by that."""
    info = finished(ground.start(train__load_best_model_at_end=False))
    assert (model_step(info), info.status().best_step) == (18, 4)
    assert "The weights are those of the last step, 18" in (info.paths.model / "README.md").read_text()
    assert not events(info, "note")
    info = finished(ground.start())
    assert (model_step(info), info.status().best_step) == (4, 4)
    assert "step 4, the best of 18 by accuracy" in (info.paths.model / "README.md").read_text()


WHEN: dict[str, tuple[dict[str, Any], list[int], set[str], int]] = {
    "nothing saved": ({"save_strategy": "no"}, [4, 8, 12, 16, 18], set(), 18),
    "nothing evaluated": ({"eval_strategy": "no"}, [], {"checkpoint-16", "checkpoint-18"}, 18),
    "not at the same steps": ({"save_steps": 6}, [4, 8, 12, 16, 18], {"checkpoint-12", "checkpoint-18"}, 18),
    "one checkpoint": ({"save_total_limit": 1}, [4, 8, 12, 16, 18], {"checkpoint-4", "checkpoint-18"}, 4),
    "the best": (
        {"save_strategy": "best", "metric_for_best_model": "loss"},
        [4, 8, 12, 16, 18],
        {"checkpoint-16", "checkpoint-18"},
        18,
    ),
    "steps over epochs": (
        {"max_steps": 20, "eval_steps": 10, "save_steps": 10},
        [10, 20],
        {"checkpoint-10", "checkpoint-20"},
        10,
    ),
    "a batch of one row at the end": (
        {"per_device_train_batch_size": 47, "gradient_accumulation_steps": 1, "eval_strategy": "epoch", "save_strategy": "epoch"},
        [2, 4, 6],
        {"checkpoint-2", "checkpoint-6"},
        2,
    ),
    "one batch is larger than the data": ({"per_device_train_batch_size": 64}, [3], {"checkpoint-3"}, 3),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", WHEN)
def test_when_is_evaluated_and_saved(name: str, ground: Ground) -> None:
    sets, evaluated, checkpoints, model = WHEN[name]
    info = finished(ground.start(**{f"train__{key}": value for key, value in sets.items()}))
    assert [e.step for e in events(info, "evaluation") if not e.get("final")] == evaluated
    assert kept(info) == checkpoints
    assert model_step(info) == model
    assert not events(info, "warning")
    check_run_directory(info.paths.root, only_known_events=True)


@pytest.mark.slow
def test_rows_dropped_from_training_are_evaluated_all_the_same(ground: Ground) -> None:
    """12 rows of validation, a batch of 32."""
    info = finished(ground.start(train__dataloader_drop_last=True, train__max_steps=4))
    measured, final = events(info, "evaluation")
    assert measured.get("metrics")["accuracy"] == final.get("metrics")["accuracy"]


def test_a_batch_that_no_row_is_left_for_is_refused(ground: Ground) -> None:
    info = ground.start(train__dataloader_drop_last=True, train__per_device_train_batch_size=49)
    status = ended(info)
    assert status.state == "failed"
    assert status.reason == "train.dataloader_drop_last: leaves no batch: train has 48 rows, a batch 49."


@pytest.mark.slow
def test_one_row_can_be_trained_on(ground: Ground) -> None:
    ground.data.write_text("text,label\nred,a\n")
    info = finished(ground.start(data__labels=["a", "b"]))
    assert "No validation: train has 1 rows, too few to divide." in [e.get("message") for e in events(info, "warning")]
    assert (info.paths.model / "config.json").is_file()


PLUGIN = """
from tui_finetune.plugin_api import hookimpl

@hookimpl
def training_callbacks(recipe):
    raise RuntimeError("no callbacks today")

@hookimpl
def run_event(run, event):
    with open(run + ".told", "a", encoding="utf-8") as file:
        file.write(event["event"] + "\\n")
"""


def test_plugins_are_told_of_every_event_and_one_that_fails_is_named(ground: Ground, tmp_path: Path) -> None:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "listening.py").write_text(PLUGIN)
    ground.plugin_dirs = (tmp_path / "plugins",)
    info = finished(ground.start(train__max_steps=2))
    told = Path(f"{info.paths.root}.told").read_text().split()
    assert told[0] == "attempt"
    assert told[-1] == "end"
    assert {"phase", "plan", "preflight", "step", "evaluation", "checkpoint"} <= set(told)
    warnings = [event.get("message") for event in events(info, "warning")]
    assert warnings == ["The callbacks of plugin listening are left out: RuntimeError: no callbacks today."]


FRAGILE = """
from tui_finetune.plugin_api import Metric, hookimpl

def fragile(decoded):
    return float(decoded.losses.mean())  # a baseline has no losses

@hookimpl
def register_metrics():
    return [Metric("fragile", "labels", fragile, help="Mean loss.")]
"""


@pytest.mark.slow
def test_a_baseline_that_fails_costs_no_run(ground: Ground, tmp_path: Path) -> None:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "fragile.py").write_text(FRAGILE)
    ground.plugin_dirs = (tmp_path / "plugins",)
    info = finished(ground.start(train__max_steps=2, evaluate__metrics=["accuracy", "fragile"]))
    (warning,) = (event.get("message") for event in events(info, "warning"))
    assert warning.startswith("No baselines: AttributeError: 'NoneType' object has no attribute 'mean'.")
    status = info.status()
    assert set(status.metrics) == {"accuracy", "fragile", "loss"}
    assert status.baselines == {}
