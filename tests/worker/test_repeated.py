"""`train --over`: the same recipe with several seeds, one run behind the other, and the spread of their figures."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.calling import Cli
from tests.worker.forked import ForkServer
from tests.worker.training import write_rows

RECIPE = """
task = "text-classification"
name = "shapes"
[run]
device = "cpu"
[data]
path = "rows.csv"
validation = "./rows.csv"
[model]
path = "{model}"
max_length = 24
[train]
max_steps = 3
"""


@pytest.mark.slow
def test_a_run_for_each_seed(workers: ForkServer, cli: Cli, tiny_model: Path, tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.csv")
    recipe = tmp_path / "shapes.toml"
    recipe.write_text(RECIPE.format(model=tiny_model))
    said = cli("train", str(recipe), "--over", "run.seed=1..3", "--wait", "--json")
    assert said.code == 0, said.err
    runs = said.json
    assert [run["name"] for run in runs] == ["shapes seed 1", "shapes seed 2", "shapes seed 3"]
    assert {run["state"] for run in runs} == {"finished"}
    assert "tui-finetune compare --spread" in said.err
    found = cli("compare", "--spread", *(run["id"] for run in runs), "--json").json
    assert found["recipe"] == {"run.seed": [1, 2, 3]}
    assert found["spread"]["loss"]["runs"] == 3
    assert found["spread"]["loss"]["deviation"] > 0


def test_what_is_wrong_starts_none(workers: ForkServer, cli: Cli, tiny_model: Path, tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.csv")
    recipe = tmp_path / "shapes.toml"
    recipe.write_text(RECIPE.format(model=tiny_model))
    said = cli("train", str(recipe), "--over", "train.learning_rate=1e-3,fast")
    assert said.code != 0
    assert "train.learning_rate" in said.err
    assert cli("runs", "--json").json == []
