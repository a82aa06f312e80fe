"""Weights that are not the model's: the library would draw all of it by chance and say so in a log."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tui_finetune.builtin.tasks import TASKS
from tui_finetune.builtin.tasks.text_classification import TextClassification
from tui_finetune.errors import ModelError
from tui_finetune.plugin_api import LabelSet, ModelRequest
from tui_finetune.plugin_api.heavy import resolve


def test_a_model_whose_weights_are_anothers_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    task = TextClassification()
    head = resolve(task.heavy)(task)
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    request = ModelRequest(str(folder), LabelSet.of(["a", "b", "c"]), {})
    assert head.load_model(request).config.num_labels == 3
    weights = load_file(folder / "model.safetensors")
    few = {name: value for name, value in weights.items() if "embeddings.LayerNorm" in name}
    save_file({**few, "other.weight": torch.zeros(2)}, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ValueError, match=r"its weights are another model's: \d+ of the \d+ parts of BertModel"):
        head.load_model(request)
    headless = {name: value for name, value in weights.items() if not name.startswith("classifier")}
    save_file(headless, folder / "model.safetensors", metadata={"format": "pt"})
    assert head.load_model(request).config.num_labels == 3, "a head is drawn anew"


@pytest.mark.parametrize("name", ["fill-mask", "sentence-similarity"])
def test_so_is_it_for_heads_that_load_their_model_in_their_own_way(name: str, tiny_model: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    task = next(one for one in TASKS if one.name == name)
    head = resolve(task.heavy)(task)
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    request = ModelRequest(str(folder), LabelSet.of(()), {})
    assert head.load_model(request).config.model_type == "bert"
    save_file({"other.weight": torch.zeros(2)}, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises((ValueError, ModelError), match="its weights are another model's"):
        head.load_model(request)
