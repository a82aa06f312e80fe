"""`export --soup`: the mean of models that were trained from the same one, and what makes no soup."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from tests.calling import Cli
from tests.fakes import FakeRun
from tests.model_folders import model_folder
from tests.unit.cli.test_export import RECIPE
from tui_finetune.inference.task_card import TaskCard
from tui_finetune.paths import Home
from tui_finetune.plugin_api import LabelSet
from tui_finetune.worker.checkpoints import write_whole


def trained(
    home: Home, name: str, value: float, labels: tuple[str, ...] = ("neg", "pos"), base: str = "base"
) -> FakeRun:
    run = FakeRun(home, name, recipe=RECIPE.replace("google-bert/bert-base-uncased", base)).begin().plan()

    def fill(folder: Path) -> None:
        model_folder(folder)
        weights = {"w": np.full((2, 3), value, np.float32), "half": np.full(2, value, np.float16), "n": np.arange(3)}
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        card = TaskCard(
            "text-classification", "builtin", LabelSet.of(labels), 64, run=run.id, metrics={"accuracy": 1.0}
        )
        card.write(folder)

    write_whole(run.paths.model, fill)
    return run


def test_the_mean_of_three(home: Home, cli: Cli, tmp_path: Path) -> None:
    for name, value in (("one", 1.0), ("two", 2.0), ("six", 6.0)):
        trained(home, name, value)
    said = cli("export", "one", str(tmp_path / "soup"), "--soup", "two", "--soup", "six", "--json")
    assert said.code == 0, said.err
    assert said.json["model"].startswith("the mean of one (")
    found = load_file(tmp_path / "soup" / "model.safetensors")
    assert np.array_equal(found["w"], np.full((2, 3), 3.0, np.float32))
    assert found["w"].dtype == np.float32
    assert found["half"].dtype == np.float16
    assert np.array_equal(found["n"], np.arange(3))
    card = json.loads((tmp_path / "soup" / "task.json").read_text())
    assert (card["run"], card["metrics"]) == (None, {}), "what was measured of one is not measured of the mean"
    assert "have not been measured" in (tmp_path / "soup" / "README.md").read_text()


@pytest.mark.parametrize(
    ("labels", "base", "words"),
    [
        (("pos", "neg"), "base", "their labels are not the same, in the same order"),
        (("neg", "pos"), "other", "they began from different models, base and other"),
    ],
)
def test_no_soup(labels: tuple[str, ...], base: str, words: str, home: Home, cli: Cli, tmp_path: Path) -> None:
    trained(home, "one", 1.0)
    trained(home, "two", 2.0, labels, base)
    said = cli("export", "one", str(tmp_path / "soup"), "--soup", "two")
    assert said.code != 0
    assert words in said.err
    assert not (tmp_path / "soup").exists()


def test_other_tensors(home: Home, cli: Cli, tmp_path: Path) -> None:
    trained(home, "one", 1.0)
    two = trained(home, "two", 2.0)
    save_file({"w": np.zeros((3, 3), np.float32)}, two.paths.model / "model.safetensors")
    said = cli("export", "one", str(tmp_path / "soup"), "--soup", "two")
    assert said.code != 0
    assert not (tmp_path / "soup").exists()
