"""The real data sets train as they lie there, from what `config new --data` writes of them: few rows, short, one epoch."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from tests.calling import Cli
from tests.worker.forked import ForkServer
from tui_finetune.inference.task_card import TaskCard
from tui_finetune.runs.testing import check_run_directory

pytestmark = pytest.mark.real

ROWS = 64
SETS = (
    f"data.limit={ROWS}",
    f"data.limit_eval={ROWS}",
    "model.max_length=64",
    "train.num_train_epochs=1",
    "train.learning_rate=1e-3",
    "run.device=cpu",
)


class Expected(NamedTuple):
    task: str
    labels: int
    tested: bool
    main: str = "accuracy"


REAL = {
    "imdb": Expected("text-classification", 2, tested=True),
    "banking77": Expected("text-classification", 77, tested=True),
    "sst2": Expected("text-classification", 2, tested=True),
    "mrpc": Expected("text-classification", 2, tested=True),
    "waimai_10k": Expected("text-classification", 2, tested=False),
    "wnut17": Expected("token-classification", 13, tested=True, main="f1"),
}


@pytest.mark.parametrize("name", REAL)
def test_it_trains_without_conversion(
    name: str, real_data: Path, workers: ForkServer, tiny_model: Path, cli: Cli, tmp_path: Path
) -> None:
    expected, recipe = REAL[name], tmp_path / f"{name}.toml"
    said = cli("config", "new", "--data", str(real_data / name), "--model", str(tiny_model), "-o", str(recipe))
    assert said.code == 0, said.err
    said = cli("train", str(recipe), "--wait", "--json", *(part for value in SETS for part in ("--set", value)))
    assert said.code == 0, said.err
    run = said.json
    assert (run["state"], run["task"]) == ("finished", expected.task)
    splits = {"train", "validation", *(["test"] if expected.tested else [])}
    assert run["plan"]["rows"] == dict.fromkeys(splits, ROWS)
    assert run["plan"]["max_length"] == 64
    assert next(iter(run["metrics"])) == expected.main
    assert (f"test_{expected.main}" in run["metrics"]) is expected.tested
    assert len(TaskCard.read(Path(run["model_path"])).labels) == expected.labels
    check_run_directory(Path(run["path"]), only_known_events=True)
