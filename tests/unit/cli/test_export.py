"""`export`: what comes along of a checkpoint and what does not, what the card says, and where it is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.calling import Cli
from tests.fakes import FakeRun
from tests.model_folders import model_folder
from tui_finetune.inference.task_card import TaskCard
from tui_finetune.paths import Home
from tui_finetune.plugin_api import LabelSet
from tui_finetune.worker.checkpoints import write_whole

RECIPE = """version = 1
kind = "train"
task = "text-classification"
name = "reviews"
[data]
source = "files"
path = "/data/reviews.csv"
split = "train"
[model]
path = "google-bert/bert-base-uncased"
max_length = 64
"""


def fill(folder: Path) -> None:
    """What a worker writes into a checkpoint, and a file that a custom model brings."""
    model_folder(folder)
    TaskCard("text-classification", "builtin", LabelSet.of(["neg", "pos"]), 64).write(folder)
    for name in ("optimizer.pt", "scheduler.pt", "rng_state.pth", "trainer_state.json", "order.json", "steering.json"):
        (folder / name).write_text('{"best_global_step": 40}')
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text("{}")


@pytest.fixture
def run(home: Home) -> FakeRun:
    made = FakeRun(home, "reviews", recipe=RECIPE).begin().plan()
    for step, accuracy in ((20, 0.6), (40, 0.8)):
        made.evaluate(step, accuracy=accuracy).evaluate(step, "validation, first 5 rows", accuracy=0.1)
        write_whole(made.paths.checkpoint(step), fill, {"step": step})
    return made


def test_a_checkpoint_becomes_a_plain_model(run: FakeRun, cli: Cli, tmp_path: Path) -> None:
    target = tmp_path / "new" / "model"
    said = cli("export", f"{run.short}@20", str(target), "--json")
    assert said.code == 0, said.err
    names = {
        "README.md", "config.json", "model.safetensors", "task.json", "tokenizer.json", "tokenizer_config.json",
        "1_Pooling/config.json",
    }  # fmt: skip
    assert {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()} == names
    assert set(said.json["files"]) == names
    assert (target / "model.safetensors").read_bytes() == (run.paths.checkpoint(20) / "model.safetensors").read_bytes()
    assert [path.name for path in target.parent.iterdir()] == ["model"], "nothing half written stays"
    card = (target / "README.md").read_text()
    assert "The weights are those of step 20 of 100." in card
    assert '"value": 0.6' in card
    assert "0.1" not in card, "a part of validation is not validation"
    assert run.paths.checkpoint(20).is_dir()


def test_the_best_is_called_so(run: FakeRun, cli: Cli, tmp_path: Path) -> None:
    said = cli("export", run.short, str(tmp_path / "m"), "--checkpoint", "best")
    assert said.code == 0, said.err
    assert f"reviews ({run.short}) checkpoint-40: 7 files" in said.err
    assert "step 40, the best of 100 by accuracy" in (tmp_path / "m" / "README.md").read_text()


def test_an_exported_model_is_exported_again(run: FakeRun, cli: Cli, tmp_path: Path) -> None:
    assert cli("export", f"{run.short}@20", str(tmp_path / "a")).code == 0
    assert cli("export", str(tmp_path / "a"), str(tmp_path / "b")).code == 0
    assert (tmp_path / "b" / "README.md").read_text() == (tmp_path / "a" / "README.md").read_text()


def test_where_it_cannot_be(run: FakeRun, cli: Cli, home: Home, tmp_path: Path) -> None:
    full, file = tmp_path / "full", tmp_path / "file"
    full.mkdir()
    (full / "x").touch()
    file.touch()
    for place, why in (
        (full, "is there and not empty"),
        (file, "is a file"),
        (home.runs / "abc", "is among the runs themselves"),
        (file / "below", "cannot be written: Not a directory"),
    ):
        said = cli("export", f"{run.short}@20", str(place))
        assert said.code == 2
        assert why in said.err
    assert (full / "x").exists()


def test_what_is_not_whole_is_not_exported(run: FakeRun, cli: Cli, tmp_path: Path) -> None:
    weights = run.paths.checkpoint(20) / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    said = cli("export", f"{run.short}@20", str(tmp_path / "m"))
    assert said.code == 2
    assert "checkpoint-20" in said.err
    assert "content differs from the manifest" in said.err
    assert "There are: 40 (best)." in said.err
    assert not (tmp_path / "m").exists()


def test_an_adapter_is_merged_by_a_helper(
    run: FakeRun, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def adapted(folder: Path) -> None:
        fill(folder)
        (folder / "model.safetensors").rename(folder / "adapter_model.safetensors")
        base = model_folder(tmp_path / "base")
        facts = {"peft_type": "LORA", "base_model_name_or_path": str(base)}
        (folder / "adapter_config.json").write_text(json.dumps(facts))

    def save(self: object, folder: Path, progress: object) -> None:
        model_folder(folder)

    monkeypatch.setattr("tui_finetune.inference.client.ModelHelper.save", save)
    write_whole(run.paths.checkpoint(60), adapted, {"step": 60})
    said = cli("export", f"{run.short}@60", str(tmp_path / "m"))
    assert said.code == 0, said.err
    assert "its adapter merged into it" in said.err
    names = {path.name for path in (tmp_path / "m").iterdir()}
    assert {"model.safetensors", "task.json", "README.md"} <= names
    assert "adapter_config.json" not in names
