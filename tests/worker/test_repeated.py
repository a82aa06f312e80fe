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


@pytest.mark.slow
def test_every_row_is_held_out_once(workers: ForkServer, cli: Cli, tiny_model: Path, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    write_rows(tmp_path / "rows.csv")
    recipe, target = tmp_path / "shapes.toml", tmp_path / "held-out.parquet"
    recipe.write_text(RECIPE.format(model=tiny_model).replace('validation = "./rows.csv"', "folds = 3"))
    said = cli("train", str(recipe), "--over", "data.fold=1..3", "--wait", "--json")
    assert said.code == 0, said.err
    ids = [run["id"] for run in said.json]
    told = cli("compare", "--spread", *ids, "--out-of-fold", str(target))
    assert told.code == 0, told.err
    assert f"{target}: 60 rows, each by the run that held it out." in told.err
    assert "Their recipes differ in data.fold." in told.out
    table = pq.read_table(target)
    assert sorted(int(row.rpartition(":")[2]) for row in table.column("row_id").to_pylist()) == list(range(2, 62))
    assert set(table.column("run").to_pylist()) == set(ids)
    refused = cli("compare", ids[0], ids[1], "--out-of-fold", str(tmp_path / "x.csv"))
    assert ".parquet" in refused.err


def test_what_is_wrong_starts_none(workers: ForkServer, cli: Cli, tiny_model: Path, tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.csv")
    recipe = tmp_path / "shapes.toml"
    recipe.write_text(RECIPE.format(model=tiny_model))
    said = cli("train", str(recipe), "--over", "train.learning_rate=1e-3,fast")
    assert said.code != 0
    assert "train.learning_rate" in said.err
    assert cli("runs", "--json").json == []
