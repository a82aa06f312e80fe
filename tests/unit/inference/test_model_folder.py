"""What a folder with a trained model is for, with a task card and without."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.model_folders import model_folder
from tui_finetune.errors import ModelError, UserError
from tui_finetune.inference.model_folder import open_model_folder
from tui_finetune.inference.task_card import TaskCard
from tui_finetune.paths import Home
from tui_finetune.plugin_api import LabelSet
from tui_finetune.plugin_api.manager import Catalog


def test_the_card_counts(tmp_path: Path, catalog: Catalog, home: Home) -> None:
    folder = model_folder(tmp_path, {"architectures": ["BertForTokenClassification"]})
    card = TaskCard("token-classification", "builtin", LabelSet.of(["O", "B-x"]), 17)
    card.write(folder)
    found = open_model_folder(folder, catalog, home)
    assert (found.card, found.task.name) == (card, "token-classification")


@pytest.mark.parametrize(
    ("architecture", "task"),
    [
        ("RobertaForSequenceClassification", "text-classification"),
        ("BertForTokenClassification", "token-classification"),
    ],
)
def test_without_a_card_the_architecture(
    architecture: str, task: str, tmp_path: Path, catalog: Catalog, home: Home
) -> None:
    found = open_model_folder(model_folder(tmp_path, {"architectures": [architecture]}), catalog, home)
    assert (found.card.task, found.card.labels.names, found.card.run) == (task, ("neg", "pos"), None)


@pytest.mark.parametrize(
    ("config", "longest"),
    [
        ({"max_position_embeddings": 512}, 64),
        ({"max_position_embeddings": 40}, 40),
        ({"max_position_embeddings": 42, "model_type": "roberta"}, 40),
        ({"max_position_embeddings": None}, 64),
    ],
)
def test_its_longest_input(
    config: dict[str, object], longest: int, tmp_path: Path, catalog: Catalog, home: Home
) -> None:
    assert open_model_folder(model_folder(tmp_path, config), catalog, home).card.max_length == longest


def test_labels_stand_in_the_order_of_their_numbers(tmp_path: Path, catalog: Catalog, home: Home) -> None:
    labels = {str(number): f"l{number}" for number in reversed(range(12))}
    found = open_model_folder(model_folder(tmp_path, {"id2label": labels}), catalog, home)
    assert found.card.labels.names == tuple(f"l{number}" for number in range(12))


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"architectures": ["BertModel"]}, "is a BertModel: no task here uses it. Tasks by architecture: text-"),
        ({"architectures": None}, "does not say what it is: no task here uses it"),
    ],
)
def test_what_no_task_uses(config: dict[str, object], said: str, tmp_path: Path, catalog: Catalog, home: Home) -> None:
    with pytest.raises(ModelError, match=r".") as caught:
        open_model_folder(model_folder(tmp_path, config), catalog, home)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("config", "task", "shape"),
    [
        ({}, "text-classification", "labels"),
        ({"problem_type": "multi_label_classification"}, "text-classification", "multilabels"),
        ({"problem_type": "regression", "id2label": {"0": "a", "1": "b"}}, "regression", "numbers"),
        ({"id2label": {"0": "score"}}, "regression", "numbers"),
    ],
)
def test_a_model_from_elsewhere_says_which_task_it_is_for(
    config: dict[str, object], task: str, shape: str, tmp_path: Path, catalog: Catalog, home: Home
) -> None:
    found = open_model_folder(model_folder(tmp_path, config), catalog, home)
    assert (found.card.task, found.task.shape) == (task, shape)
    assert found.task.variant(found.card.options).shape == shape


def test_a_card_of_a_plugin_that_is_not_here(tmp_path: Path, catalog: Catalog, home: Home) -> None:
    TaskCard("ordinal-classification", "ordinal", LabelSet.of(["a", "b"]), 17).write(model_folder(tmp_path))
    with pytest.raises(UserError, match="the task ordinal-classification of the plugin ordinal, which is not here"):
        open_model_folder(tmp_path, catalog, home)


def test_a_broken_model_with_a_good_card(tmp_path: Path, catalog: Catalog, home: Home) -> None:
    TaskCard("text-classification", "builtin", LabelSet.of(["a", "b"]), 17).write(
        model_folder(tmp_path, without=["model.safetensors", "tokenizer.json"])
    )
    with pytest.raises(ModelError) as caught:
        open_model_folder(tmp_path, catalog, home)
    assert len(caught.value.problems) == 2
