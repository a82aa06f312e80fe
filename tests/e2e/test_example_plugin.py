"""The example plugin through the verbs: its source, preprocessor and head trained, used, measured, and loaded again."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.calling import Cli
from tests.conftest import REPOSITORY
from tests.worker.forked import ForkServer
from tui_finetune.runs.layout import RunPaths
from tui_finetune.runs.testing import check_run_directory

PLUGIN = REPOSITORY / "plugins" / "tui-finetune-ordinal"
(RECIPE,) = re.findall("```toml\n(.*?)```", (PLUGIN / "README.md").read_text(encoding="utf-8"), re.S)
SMALL = ("data.options.rows=120", "train.num_train_epochs=2", "train.learning_rate=3e-3", "run.device=cpu")
LEVELS = ["1", "2", "3", "4", "5"]
CLOSE = 1e-5


@pytest.fixture
def recipe(workers: ForkServer, tiny_model: Path, tmp_path: Path) -> Path:
    """The recipe of its README, with a tiny model."""
    path = tmp_path / "stars.toml"
    path.write_text(re.sub('path = "sentence-transformers/.*"', f'path = "{tiny_model}"', RECIPE))
    assert str(tiny_model) in path.read_text()
    return path


def call(cli: Cli, *arguments: str) -> Any:
    said = cli(*arguments, "--plugin-dir", str(PLUGIN), "--json")
    assert said.code == 0, said.err
    return said.json


def test_trained_used_measured_and_loaded_again(recipe: Path, cli: Cli) -> None:
    run = call(cli, "train", str(recipe), "--wait", "--name", "stars", *(p for s in SMALL for p in ("--set", s)))
    assert (run["state"], run["task"]) == ("finished", "ordinal-classification")
    assert run["plan"]["rows"].keys() == {"train", "validation", "test"}
    assert next(iter(run["metrics"])) == "mean_absolute_error"
    assert {"quadratic_weighted_kappa", "accuracy", "test_mean_absolute_error"} <= run["metrics"].keys()
    check_run_directory(Path(run["path"]), only_known_events=True)
    the_preprocessor_has_worked(run)
    answers = call(cli, "predict", "stars", "The room was awful.", "Perfect, superb, wonderful.")
    assert [list(answer["scores"]) for answer in answers] == [LEVELS, LEVELS]
    loaded_again_it_says_the_same(run, answers)
    measured = call(cli, "evaluate", "stars", "--wait")
    assert measured["of"] == {"run": run["id"]}
    for name in ("mean_absolute_error", "quadratic_weighted_kappa", "accuracy"):
        assert measured["metrics"][f"test_{name}"] == pytest.approx(run["metrics"][f"test_{name}"])


def the_preprocessor_has_worked(run: dict[str, Any]) -> None:
    from tui_finetune.evaluation.predictions import read
    from tui_finetune.runs.layout import PREDICTIONS

    rows = read(RunPaths(Path(run["path"])).evaluation("test") / PREDICTIONS, ["text", "gold"]).to_pylist()
    assert {row["gold"] for row in rows} <= set(LEVELS)
    assert not [row["text"] for row in rows if re.search(r"[★☆]|\d/5|\d stars", row["text"])]


def loaded_again_it_says_the_same(run: dict[str, Any], answers: list[dict[str, Any]]) -> None:
    """Through the Auto class, which knows the plugin's model class once its module is imported."""
    import numpy as np
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    heads = importlib.import_module("tui_finetune_ordinal.heads")
    model = AutoModelForSequenceClassification.from_pretrained(run["model_path"]).eval()
    assert isinstance(model, heads.EncoderForOrdinalClassification)
    assert json.loads((Path(run["model_path"]) / "config.json").read_text())["model_type"] == "ordinal-encoder"
    tokenizer = AutoTokenizer.from_pretrained(run["model_path"])
    for answer in answers:
        with torch.no_grad():
            logits = model(**tokenizer(answer["text"], return_tensors="pt")).logits[0].double()
        higher = np.concatenate([[1.0], torch.sigmoid(logits).numpy(), [0.0]])
        assert list(answer["scores"].values()) == pytest.approx(higher[:-1] - higher[1:], abs=CLOSE)


def test_without_the_plugin_the_run_is_refused_by_its_name(recipe: Path, cli: Cli) -> None:
    said = cli("train", str(recipe))
    assert said.code == 2
    for name in ("ordinal-classification", "star-reviews", "hide-ratings"):
        assert name in said.err
    assert cli("runs", "--json").json == []


def test_its_run_without_the_plugin_is_told(recipe: Path, cli: Cli) -> None:
    run = call(cli, "train", str(recipe), "--wait", *(p for s in (*SMALL, "train.max_steps=1") for p in ("--set", s)))
    said = cli("predict", run["id"], "a text")
    assert said.code == 2
    assert "is for the task ordinal-classification of the plugin tui_finetune_ordinal, which is not here." in said.err
    (Path(run["path"]) / "result.json").write_text(
        json.dumps({"v": 1, "attempt": 1, "state": "stopped", "exit_code": 0})
    )
    said = cli("resume", run["id"])
    assert said.code == 2
    assert said.err.startswith(
        "the run needs task 'ordinal-classification', preprocessor 'hide-ratings', source 'star-reviews' of the plugin "
        "tui_finetune_ordinal, which is not here."
    )
    assert len(cli("show", run["id"], "--json").json["attempts"]) == 1
