"""`evaluate`, with a worker: a job of its own whose figures are those of the model's predictions."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.fakes import FakeRun, finished_run
from tests.worker.tiny_models import LONGEST, TEXTS, saved
from tui_finetune.config.load import load_recipe
from tui_finetune.config.write import resolved_toml
from tui_finetune.launch.check import check
from tui_finetune.paths import Home
from tui_finetune.plugin_api.manager import load_catalog
from tui_finetune.plugin_api.testing_heads import make_tiny_model

NAMES = ("neg", "pos", "so so")
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def verb(home: Home) -> Run:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "tui_finetune", *words, "--no-plugins"]
        return subprocess.run(command, capture_output=True, text=True, timeout=180)

    return run


@pytest.fixture
def trained(home: Home, tmp_path: Path) -> FakeRun:
    """A finished run with a real model."""
    base = make_tiny_model(tmp_path / "base")
    lines = [f'"{TEXTS[n % 2]} {n}",{NAMES[n % 3]}' for n in range(60)]
    (tmp_path / "data.csv").write_text("text,label\n" + "\n".join(lines) + "\n")
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        f'task = "text-classification"\n[data]\npath = "data.csv"\ntest = 0.25\n'
        f'[model]\npath = "{base}"\nmax_length = {LONGEST}\n[run]\ndevice = "cpu"\n'
    )
    catalog = load_catalog(None, third_party=False)
    checked = check(load_recipe(recipe, catalog=catalog), home=home, catalog=catalog)
    run = finished_run(home, "trained")
    run.paths.recipe_toml.write_text(resolved_toml(checked.recipe, checked.facts))
    saved("text-classification", base, run.paths.model)
    return run


def test_an_evaluation_is_a_job_about_its_run(trained: FakeRun, verb: Run, tmp_path: Path) -> None:
    done = verb("evaluate", trained.short, "--wait", "--json")
    assert done.returncode == 0, done.stderr + done.stdout
    found = json.loads(done.stdout)
    assert (found["kind"], found["state"], found["of"]) == ("evaluate", "finished", {"run": trained.id})
    predictions = pq.read_table(Path(found["path"]) / "evaluations" / "test" / "predictions.parquet")
    right = [g == p for g, p in zip(predictions["gold"].to_pylist(), predictions["predicted"].to_pylist(), strict=True)]
    assert found["metrics"]["test_accuracy"] == pytest.approx(sum(right) / len(right))
    assert predictions.num_rows == 15

    # The same model says the same of the same texts one by one.
    (tmp_path / "texts.txt").write_text("\n".join(predictions["text"].to_pylist()) + "\n")
    said = json.loads(verb("predict", trained.short, "--file", str(tmp_path / "texts.txt"), "--json").stdout)
    assert [answer["label"] for answer in said] == predictions["predicted"].to_pylist()
    assert [answer["score"] for answer in said] == pytest.approx(predictions["score"].to_pylist(), abs=1e-4)


@pytest.mark.slow
def test_other_data_for_a_person(trained: FakeRun, verb: Run, tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("text,label\na fine film,pos\nbad,neg\nbad,so so\n")
    done = verb("evaluate", str(trained.paths.model), "--data", str(tmp_path / "new.csv"), "--wait")
    assert done.returncode == 0, done.stderr + done.stdout
    assert f"trained ({trained.short}) on test: 3 rows" in done.stdout
    assert "accuracy" in done.stdout
    assert "predictions.parquet" in done.stdout
