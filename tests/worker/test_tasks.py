"""Several labels, numbers and levels through the whole life of a run: trained, evaluated, predicted, measured anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.calling import Cli
from tests.worker.forked import ForkServer
from tests.worker.training import MAX_LENGTH

RECIPE = """
task = "{task}"
[run]
device = "cpu"
[data]
path = "rows.jsonl"
validation = 0.25
test = 0.25
[model]
path = "{model}"
max_length = {length}
[train]
learning_rate = 5e-3
per_device_train_batch_size = 8
num_train_epochs = 6
[task_options]
{options}
"""
WORDS = {"joy": "sweet round", "fear": "sour blue", "anger": "red square"}
MOODS: tuple[list[str], ...] = (["joy"], ["fear"], ["joy", "anger"], [])


def moods(index: int) -> dict[str, Any]:
    labels = MOODS[index % 4]
    return {"text": " ".join(["plain", *(WORDS[label] for label in labels), str(index)]), "labels": labels}


def numbers(index: int) -> dict[str, Any]:
    return {"text": f"{'sweet ' * (index % 5)}thing {index}", "score": [index % 5, 10.0 - index % 5]}


def stars(index: int) -> dict[str, Any]:
    return {"text": f"{'sweet ' * (index % 4)}thing {index}", "stars": index % 4 + 1}


def trained(cli: Cli, folder: Path, model: Path, task: str, rows: Any, options: str = "") -> dict[str, Any]:
    lines = [json.dumps(rows(index)) for index in range(120)]
    (folder / "rows.jsonl").write_text("\n".join(lines) + "\n")
    recipe = folder / "recipe.toml"
    recipe.write_text(RECIPE.format(task=task, model=model, length=MAX_LENGTH, options=options))
    said = cli("train", str(recipe), "--wait", "--json", "--name", task)
    assert said.code == 0, said.err
    found: dict[str, Any] = said.json
    return found


def predictions(run: dict[str, Any], split: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(
        Path(run["path"]) / "evaluations" / split / "predictions.parquet"
    ).to_pylist()
    return rows


@pytest.mark.slow
def test_several_labels_keep_their_thresholds_from_training_to_prediction(
    workers: ForkServer, cli: Cli, tiny_model: Path, tmp_path: Path
) -> None:
    options = 'problem_type = "multi_label_classification"\nclass_weights = "balanced"\nfocal_gamma = 1.0'
    run = trained(cli, tmp_path, tiny_model, "text-classification", moods, options)
    thresholds = json.loads((Path(run["model_path"]) / "task.json").read_text())["options"]["thresholds"]
    assert set(thresholds) == set(WORDS)
    names = sorted(WORDS)
    for row in predictions(run, "test"):
        said = [name for name, score in zip(names, row["scores"], strict=True) if score >= thresholds[name]]
        near = any(abs(score - thresholds[name]) < 1e-3 for name, score in zip(names, row["scores"], strict=True))
        assert near or row["predicted"] == said
    rows = predictions(run, "test")
    answers = cli("predict", run["id"], *(row["text"] for row in rows[:6]), "--json").json
    assert [sorted(answer["labels"]) for answer in answers] == [row["predicted"] for row in rows[:6]]
    again = cli("evaluate", run["id"], "--wait", "--json").json
    assert again["metrics"]["test_f1"] == pytest.approx(run["metrics"]["test_f1"])


@pytest.mark.slow
def test_several_numbers_stay_in_their_units(workers: ForkServer, cli: Cli, tiny_model: Path, tmp_path: Path) -> None:
    run = trained(cli, tmp_path, tiny_model, "regression", numbers, 'range = [0, 10]\ntargets = ["up", "down"]')
    rows = predictions(run, "test")
    assert all(0 <= value <= 10 for row in rows for value in row["predicted"])
    apart = [abs(s - g) for row in rows for s, g in zip(row["predicted"], row["gold"], strict=True)]
    assert run["metrics"]["test_mae"] == pytest.approx(sum(apart) / len(apart), abs=1e-6)
    answer = cli("predict", run["id"], rows[0]["text"], "--json").json[0]
    assert list(answer["values"].values()) == pytest.approx(rows[0]["predicted"], abs=1e-3)
    report = json.loads((Path(run["path"]) / "evaluations" / "test" / "report.json").read_text())
    assert [target["name"] for target in report["targets"]] == ["up", "down"]
    assert set(report["smaller_is_better"]) == {"mae", "mse"}


@pytest.mark.slow
def test_levels_are_learnt_in_their_order(workers: ForkServer, cli: Cli, tiny_model: Path, tmp_path: Path) -> None:
    run = trained(cli, tmp_path, tiny_model, "ordinal", stars)
    baselines = json.loads((Path(run["path"]) / "evaluations" / "test" / "report.json").read_text())["baselines"]
    assert run["metrics"]["test_mae"] < baselines["majority"]["metrics"]["mae"]
    rows = predictions(run, "test")
    answers = cli("predict", run["id"], *(row["text"] for row in rows[:6]), "--json").json
    assert [answer["label"] for answer in answers] == [row["predicted"] for row in rows[:6]]
