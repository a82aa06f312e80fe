"""The real conversations train as they lie there, from what `config new --data` writes of them: a few rows, short, one epoch."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import tomli

from tests.calling import Cli
from tests.worker import language_models
from tests.worker.forked import ForkServer

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        importlib.util.find_spec("trl") is None, reason='without the extra "trl" there is nothing to train by'
    ),
]
ROWS = 24
SETS = (f"data.limit={ROWS}", "data.limit_eval=6", "model.max_length=64", "train.num_train_epochs=1", "run.device=cpu")
REAL = {
    "alpaca_en_demo/alpaca_en_demo.json": ("sft", {"prompt": "instruction", "input": "input", "answer": "output"}),
    "alpaca_en_demo/glaive_toolcall_en_demo.first60.json": ("sft", {"prompt": "conversations", "tools": "tools"}),
    "dpo_en_demo": ("dpo", {"prompt": "conversations", "chosen": "chosen.value", "rejected": "rejected.value"}),
}


@pytest.mark.parametrize("name", REAL)
def test_they_train_without_conversion(
    name: str, real_data: Path, workers: ForkServer, cli: Cli, tmp_path: Path
) -> None:
    task, columns = REAL[name]
    model = language_models.make("gpt2", tmp_path / "gpt2")
    recipe = tmp_path / "recipe.toml"
    said = cli("config", "new", "--data", str(real_data / name), "--model", str(model), "-o", str(recipe))
    assert said.code == 0, said.err
    assert tomli.loads(recipe.read_text(encoding="utf-8"))["data"]["columns"] == columns
    said = cli("train", str(recipe), "--wait", "--json", *(part for value in SETS for part in ("--set", value)))
    assert said.code == 0, said.err
    run = said.json
    assert (run["state"], run["task"], run["plan"]["rows"]) == ("finished", task, {"train": ROWS, "validation": 6})
    if task == "dpo":
        assert run["metrics"]["loss"] == pytest.approx(0.6931, abs=0.01), "nothing is learnt in a few steps: ln 2"
