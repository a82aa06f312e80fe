"""The model card: front matter that YAML reads, figures beside their baselines, hostile names tamed."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from tui_finetune.inference.model_card import base_model, model_card, write_model_card

yaml = pytest.importorskip("yaml")

FACTS: dict[str, Any] = {
    "name": "reviews",
    "run": "20261123T091502-reviews-k3f9",
    "task": "text-classification",
    "task_title": "Text classification",
    "pipeline_tag": "text-classification",
    "base_model": "google-bert/bert-base-uncased",
    "base_revision": "86b5e09",
    "data": "stanfordnlp/imdb",
    "data_source": "hub",
    "data_revision": "e6281661",
    "rows": {"train": 22500, "validation": 2500, "test": 25000},
    "split_origin": {"train": "split train", "validation": "10 % of train", "test": "split test"},
    "labels": ["neg", "pos"],
    "max_length": 512,
    "metrics": {"accuracy": 0.93, "f1": 0.92, "loss": 0.2, "test_accuracy": 0.94, "test_f1": 0.931, "test_loss": 0.19},
    "baselines": {"majority": 0.5, "tfidf": 0.88},
    "main_metric": "accuracy",
    "recipe": 'task = "text-classification"\n',
    "steps": 4221,
    "best_step": 2814,
    "best_metric": "accuracy",
    "warnings": ["test: 5 rows are in train too."],
}


def front_matter(card: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(card.split("---\n")[1])
    return found


def test_front_matter() -> None:
    head = front_matter(model_card(FACTS))
    assert head["pipeline_tag"] == "text-classification"
    assert head["base_model"] == "google-bert/bert-base-uncased"
    assert head["datasets"] == ["stanfordnlp/imdb"]
    assert head["metrics"] == ["accuracy", "f1"]
    results = head["model-index"][0]["results"]
    assert [one["dataset"]["split"] for one in results] == ["validation", "test"]
    assert {m["type"]: m["value"] for m in results[1]["metrics"]} == {"accuracy": 0.94, "f1": 0.931, "loss": 0.19}


def test_text() -> None:
    card = model_card(FACTS)
    for part in (
        "fine-tuned from `google-bert/bert-base-uncased` (revision `86b5e09`)",
        "step 2,814, the best of 4,221 by accuracy on validation",
        "| train | 22,500 | split train |",
        "| accuracy | 0.9300 | 0.9400 |",
        "| this model | 0.9400 |",
        "| tfidf | 0.8800 |",
        "2: `neg`, `pos`.",
        "cut to 512 tokens",
        "- test: 5 rows are in train too.",
        'pipeline("text-classification", model="path/to/this/folder", top_k=None)',
        "AutoModelForSequenceClassification.from_pretrained",
        'task = "text-classification"',
    ):
        assert part in card


def test_without_a_test_split_it_says_so() -> None:
    facts = {**FACTS, "metrics": {"accuracy": 0.9}, "rows": {"train": 10}, "best_step": None}
    card = model_card(facts)
    assert "The figures are of validation, which chose the weights" in card
    assert "the last step, 4,221" in card


def test_not_measured() -> None:
    card = model_card({**FACTS, "metrics": {}, "baselines": {}})
    assert "Not measured" in card
    assert "model-index" not in front_matter(card)


def test_figures_that_are_not_finite() -> None:
    card = model_card({**FACTS, "metrics": {"accuracy": 0.9, "loss": math.nan}})
    assert "| loss | nan |" in card
    names = [m["type"] for m in front_matter(card)["model-index"][0]["results"][0]["metrics"]]
    assert names == ["accuracy"]


def test_a_task_without_a_pipeline_is_shown_on_the_command_line_only() -> None:
    card = model_card({**FACTS, "pipeline_tag": None})
    assert "from transformers import" not in card
    assert 'tui-finetune predict path/to/this/folder "A text."' in card


def test_hostile_names_stay_text() -> None:
    nasty = 'x: "y"\n---\n# | `\u2028\x9b\ud800 😀'
    facts = {
        **FACTS,
        "name": nasty,
        "labels": [nasty, "b"],
        "warnings": [nasty],
        "data": nasty,
        "data_source": "csv",
        "baselines": {nasty: 0.5},
        "recipe": "a = '''\n```\n'''\n",
    }
    card = model_card(facts)
    head = front_matter(card)
    assert head["model-index"][0]["name"] == nasty
    assert "\n---\n# |" not in card.split("---\n", 2)[2]
    assert "````toml" in card


def test_many_labels_are_counted() -> None:
    assert "and 50 more (in config.json)" in model_card({**FACTS, "labels": [f"l{n}" for n in range(150)]})


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("google-bert/bert-base-uncased", "google-bert/bert-base-uncased"),
        ("/home/me/models/mine", None),
        ("/c/hub/models--a--b/snapshots/0123456", "a/b"),
    ],
)
def test_what_it_was_made_from(path: str, name: str | None) -> None:
    assert base_model(path) == name
    head = front_matter(model_card({**FACTS, "base_model": path}))
    assert head.get("base_model") == name


def test_a_run_that_it_went_on_from_is_named() -> None:
    card = model_card({**FACTS, "base_model": "/home/me/runs/20261123T091502-first-k3f9/model", "base_revision": None})
    assert "fine-tuned from `20261123T091502-first-k3f9` with tui-finetune" in card


def test_paths_of_the_machine_are_not_told_above_the_recipe() -> None:
    card = model_card({**FACTS, "base_model": "/home/me/m", "data": "/home/me/reviews.csv", "data_source": "csv"})
    assert "/home/me" not in card
    assert "reviews.csv (source `csv`" in card


def test_written_beside_and_renamed(tmp_path: Path) -> None:
    write_model_card(tmp_path, {**FACTS, "name": "\ud800"})
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]
    assert (tmp_path / "README.md").read_text(encoding="utf-8").startswith("---\nlibrary_name:")


def test_limits_are_those_of_the_task() -> None:
    card = model_card({**FACTS, "labels": [], "windowed": True, "max_length": 128})
    assert "read in windows of 128 tokens" in card
    assert "its own labels" not in card
    assert "which need not be true" in card
    assert "Inputs are cut" in model_card(FACTS)
