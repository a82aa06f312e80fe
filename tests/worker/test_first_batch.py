"""The first batch, looked at before a run, is the one that the run then trains on."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.calling import Cli
from tests.worker import training
from tests.worker.forked import ForkServer
from tests.worker.training import Ground, finished
from tui_finetune.paths import Home


@pytest.fixture
def ground(home: Home, workers: ForkServer, tiny_model: Path, tmp_path: Path) -> Ground:
    (tmp_path / "data").mkdir()
    shutil.copy(Path(__file__).with_name("batch_recorder.py"), home.plugins / "batch_recorder.py")
    return Ground(home, tiny_model, training.write_rows(tmp_path / "data" / "rows.csv"))


def recipe_of(ground: Ground, folder: Path) -> Path:
    path = folder / "recipe.toml"
    path.write_text(ground._recipe())
    return path


@pytest.mark.slow
@pytest.mark.parametrize("order", ["length", "random"])
def test_it_is_the_batch_that_is_trained_on(
    order: str, ground: Ground, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_BATCH", str(tmp_path / "batch.json"))
    finished(ground.start("run", batching__order=order, train__max_steps=2))
    trained = json.loads((tmp_path / "batch.json").read_text())
    said = cli("data", "batch", str(recipe_of(ground, tmp_path)), "--set", f"batching.order={order}", "--json")
    assert said.code == 0, said.err
    rows = said.json["rows"]
    assert [row["input_ids"] for row in rows] == trained["input_ids"]
    assert [row["attention_mask"] for row in rows] == trained["attention_mask"]
    assert len({row["row_id"] for row in rows}) == len(rows)
    for row in rows:
        assert row["padded"] == row["attention_mask"].count(0)
        assert len(row["tokens"]) == len(row["input_ids"])
        assert row["tokens"][0] == "[CLS]"


@pytest.mark.slow
def test_what_each_way_of_batching_wastes_and_takes(ground: Ground, cli: Cli, tmp_path: Path) -> None:
    said = cli("data", "batch", str(recipe_of(ground, tmp_path)), "--measure", "--json")
    assert said.code == 0, said.err
    choices = {(one["order"], one["padding"]): one for one in said.json["choices"]}
    by_length, drawn = choices["length", "longest"], choices["random", "longest"]
    assert by_length["waste"] <= drawn["waste"] < choices["random", "max_length"]["waste"]
    assert [key for key, one in choices.items() if one["chosen"]] == [("length", "longest")]
    assert by_length["seconds"] > 0
    assert drawn["seconds"] > 0
    assert not list(ground.home.runs.iterdir()), "nothing stays of it"


def test_what_stands_in_its_way_is_told(ground: Ground, cli: Cli, tmp_path: Path) -> None:
    recipe = recipe_of(ground, tmp_path)
    said = cli("data", "batch", str(recipe), "--set", "data.path=nowhere.csv")
    assert said.code == 2
    assert "nowhere.csv" in said.err
    assert said.out == ""
