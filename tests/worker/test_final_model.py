"""The model that a real run leaves: plain for transformers, described in its card, and a start for further runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.calling import Cli
from tests.worker.forked import ForkServer
from tests.worker.training import MAX_LENGTH, write_rows
from tui_finetune.paths import Home
from tui_finetune.runs.layout import RunPaths
from tui_finetune.runs.records import checkpoints
from tui_finetune.runs.tail import read_events

CLOSE = 1e-5
"""Padding and the size of a batch change the last digits."""
STILL = ("train.learning_rate=1e-12", "train.max_steps=1")
"""A run that leaves the weights where they are."""
TEXTS = ["red round 3", "sweet blue blue", "sour square sour square 17", "é😀 日本", "round " * 40]
RECIPE = """
task = "text-classification"
name = "shapes"
[run]
device = "cpu"
[data]
path = "rows.csv"
validation = 0.2
test = 0.2
[model]
path = "{model}"
max_length = {length}
[train]
learning_rate = 5e-3
per_device_train_batch_size = 8
num_train_epochs = 8
"""


@pytest.fixture
def recipe(workers: ForkServer, tiny_model: Path, tmp_path: Path) -> Path:
    write_rows(tmp_path / "rows.csv", 90)
    path = tmp_path / "shapes.toml"
    path.write_text(RECIPE.format(model=tiny_model, length=MAX_LENGTH))
    return path


def trained(cli: Cli, recipe: Path, *sets: str, name: str = "shapes") -> dict[str, Any]:
    """The object that `train --wait --json` prints."""
    said = cli("train", str(recipe), "--wait", "--json", "--name", name, *(p for s in sets for p in ("--set", s)))
    assert said.code == 0, said.err
    found: dict[str, Any] = said.json
    assert found["state"] == "finished"
    return found


def weights(run: dict[str, Any]) -> dict[str, Any]:
    from safetensors.torch import load_file

    found: dict[str, Any] = load_file(Path(run["model_path"]) / "model.safetensors")
    return found


def same(one: Any, other: Any) -> bool:
    """Up to what a single step of next to no rate moves."""
    return one.shape == other.shape and bool((one - other).abs().max() < 1e-6)


def test_transformers_gives_what_predict_gives(recipe: Path, cli: Cli) -> None:
    run = trained(cli, recipe)
    answers = cli("predict", run["id"], *TEXTS, "--json").json
    assert len({answer["label"] for answer in answers}) > 1, "the test would not notice a mixed order"
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline

    folder = run["model_path"]
    asked = pipeline("text-classification", model=folder, top_k=None)
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    for text, answer, said in zip(TEXTS, answers, asked(TEXTS, truncation=True, max_length=MAX_LENGTH), strict=True):
        assert answer["label"] == said[0]["label"]
        assert answer["scores"] == pytest.approx({one["label"]: one["score"] for one in said}, abs=CLOSE)
        with torch.no_grad():
            batch = tokenizer(text, truncation=True, max_length=MAX_LENGTH, return_tensors="pt")
            scores = model(**batch).logits[0].softmax(-1)
        named = {model.config.id2label[index]: float(score) for index, score in enumerate(scores)}
        assert answer["scores"] == pytest.approx(named, abs=CLOSE)


def test_the_card_tells_data_recipe_metrics_and_limits(recipe: Path, cli: Cli) -> None:
    from huggingface_hub import ModelCard

    run = trained(cli, recipe)
    card = ModelCard.load(Path(run["model_path"]) / "README.md")
    assert (card.data.pipeline_tag, card.data.library_name) == ("text-classification", "transformers")
    told = {(one.dataset_split, one.metric_type): one.metric_value for one in card.data.eval_results}
    assert told["test", "accuracy"] == pytest.approx(run["metrics"]["test_accuracy"], abs=1e-6)
    assert told["validation", "f1"] == pytest.approx(run["metrics"]["f1"], abs=1e-6)
    for part in ("## Data", "| train | 54 |", "## Metrics", "majority", "## Limits", f"cut to {MAX_LENGTH} tokens"):
        assert part in card.text
    recipe_toml = Path(run["recipe"]).read_text().strip()
    assert recipe_toml in card.text
    assert json.loads((Path(run["model_path"]) / "task.json").read_text())["metrics"] == run["metrics"]


@pytest.mark.slow
def test_a_run_from_another_runs_model_with_its_labels(recipe: Path, cli: Cli) -> None:
    first = trained(cli, recipe, 'data.labels=["c", "a", "b"]')
    second = trained(cli, recipe, f"model.path=run:{first['id'][-4:]}", *STILL, name="further")
    assert second["of"] == {"run": first["id"]}
    assert cli("show", "further", "--json").json["of"] == {"run": first["id"]}
    assert f"of          model of {first['name']} ({first['short']})" in cli("show", "further").out
    assert "Its head is kept: the labels are the same (c, a, b)." in second["notes"]
    before, after = weights(first), weights(second)
    assert before.keys() == after.keys()
    assert all(same(before[name], after[name]) for name in before)
    assert f"fine-tuned from `{first['id']}`" in (Path(second["model_path"]) / "README.md").read_text()


@pytest.mark.slow
def test_a_run_from_another_runs_model_with_other_labels(recipe: Path, cli: Cli, tmp_path: Path) -> None:
    first = trained(cli, recipe)
    (tmp_path / "rows.csv").write_text(
        "text,label\n" + "".join(f"{'loud' if n % 2 else 'low'} sound {n},{'xyz'[n % 3]}{n % 2}\n" for n in range(60))
    )
    said = cli("train", str(recipe), "--set", "model.path=run:shapes", "--name", "other", "--wait", "--json",
               *(p for s in STILL for p in ("--set", s)))  # fmt: skip
    assert said.code == 0, said.err
    second = said.json
    words = (
        "It was trained for other labels (a, b, c): its head is left out, "
        "and a new one is trained for x0, x1, y0, y1 and 2 more."
    )
    assert said.err.count(words) == 1, "told by the check, and not again while the run is followed"
    assert words in second["notes"]
    assert second["of"] == {"run": first["id"]}
    before, after = weights(first), weights(second)
    assert after["classifier.weight"].shape[0] == 6
    assert all(same(before[name], after[name]) for name in before if not name.startswith("classifier."))
    config = json.loads((Path(second["model_path"]) / "config.json").read_text())
    assert list(config["id2label"].values()) == ["x0", "x1", "y0", "y1", "z0", "z1"]


def test_a_run_from_a_checkpoint(recipe: Path, cli: Cli, home: Home) -> None:
    first = trained(cli, recipe, 'train.save_strategy="steps"', "train.save_steps=7", "train.save_total_limit=20")
    paths = RunPaths(Path(first["path"]))
    assert 7 in [one.step for one in checkpoints(paths, {})]
    text = 'of = { run = "shapes", checkpoint = 7 }\n' + recipe.read_text()
    lines = [line for line in text.splitlines() if not line.startswith('path = "/')]
    recipe.write_text("\n".join(lines))
    second = trained(cli, recipe, *STILL, name="from-7")
    assert second["of"] == {"run": first["id"], "checkpoint": 7}
    from safetensors.torch import load_file

    before, after = load_file(paths.checkpoint(7) / "model.safetensors"), weights(second)
    assert all(same(before[name], after[name]) for name in before)
    assert any("head is kept" in str(event.get("message")) for event in read_events(RunPaths(Path(second["path"]))))
