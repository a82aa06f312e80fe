"""Real checkpoints: what they hold, what can be done with each, and a run that goes on otherwise than it began."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.calling import Cli
from tests.worker import training
from tests.worker.forked import ForkServer
from tests.worker.training import Ground, ended, events, finished, weights
from tui_finetune.paths import Home
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.layout import MANIFEST, TRAINER_STATE
from tui_finetune.runs.manifest import problem, read_manifest
from tui_finetune.runs.store import RunStore
from tui_finetune.runs.testing import check_run_directory
from tui_finetune.worker.checkpoints import RESUME_FILES

pytestmark = pytest.mark.slow

KILLER = Path(__file__).with_name("killer.py")


@pytest.fixture
def ground(
    home: Home, workers: ForkServer, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Ground:
    for folder in ("data", "plugins"):
        (tmp_path / folder).mkdir()
    (tmp_path / "plugins" / "killer.py").write_bytes(KILLER.read_bytes())
    monkeypatch.setenv("TEST_KILL_FLAG", str(tmp_path / "killed"))
    rows = training.write_rows(tmp_path / "data" / "rows.csv")
    return Ground(home, tiny_model, rows, (tmp_path / "plugins",), {"train__save_total_limit": 20})


def test_a_checkpoint_holds_everything_that_a_training_has_state_for(ground: Ground) -> None:
    import torch

    info = finished(ground.start(train__max_steps=6))
    folder = info.paths.checkpoint(4)
    assert problem(folder, needs=RESUME_FILES) is None
    made = read_manifest(folder).facts["made_with"]
    assert (
        made["versions"]["torch"] == torch.__version__.partition("+")[0]
        or made["versions"]["torch"] == torch.__version__
    )
    assert made["device_kind"] == "cpu"
    assert made["threads"] >= 1
    generators = torch.load(folder / "rng_state.pth", weights_only=False)
    assert {"python", "numpy", "cpu"} <= generators.keys()
    optimizer = torch.load(folder / "optimizer.pt", weights_only=True)
    assert {"exp_avg", "exp_avg_sq", "step"} <= next(iter(optimizer["state"].values())).keys()
    assert torch.load(folder / "scheduler.pt", weights_only=True)["last_epoch"] == 4
    state = json.loads((folder / TRAINER_STATE).read_text())
    assert (state["global_step"], state["max_steps"]) == (4, 6)
    order = json.loads((folder / "order.json").read_text())
    assert (order["order"], order["rows"], "generator" in order) == ("length", 48, True)


@pytest.mark.parametrize("name", ["optimizer.pt", "rng_state.pth"])
@pytest.mark.parametrize("how", ["lost", "never written"])
def test_a_part_that_is_not_there_is_noticed(
    ground: Ground, name: str, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library would go on with a fresh one and say nothing."""
    whole = finished(ground.start("whole"))
    monkeypatch.setenv("TEST_KILL_AT", "step:9")
    info = ground.start("killed")
    assert ended(info).state == "died"
    folder = info.paths.checkpoint(8)
    (folder / name).unlink()
    if how == "never written":
        raw = json.loads((folder / MANIFEST).read_text())
        raw["files"] = [one for one in raw["files"] if one["file"] != name]
        (folder / MANIFEST).write_text(json.dumps(raw))
    finished(ground.resume(info))
    (skipped,) = events(info, "checkpoint_skipped")
    assert name in str(skipped.get("why"))
    assert [attempt.get("from_step") for attempt in events(info, "attempt")] == [0, 4]
    assert weights(info) == weights(whole)


def test_every_kept_checkpoint_can_be_measured_and_predicted_with(ground: Ground, cli: Cli) -> None:
    info = finished(ground.start(train__max_steps=10))
    (info.paths.checkpoint(10) / "model.safetensors").write_bytes(b"not whole")
    plugins = ("--plugin-dir", str(ground.plugin_dirs[0]))
    for named, step in ((f"{info.short}@best", _best(info)), (f"{info.short}@last", 8)):
        said = cli("predict", named, "red round", "--json", *plugins)
        assert said.code == 0, said.err
        assert said.json[0]["label"] in "abc"
        said = cli("evaluate", info.short, "--checkpoint", named.partition("@")[2], "--wait", "--json", *plugins)
        assert (said.code, said.json["state"]) == (0, "finished"), said.err
        assert said.json["of"] == {"run": info.id, "checkpoint": step}
        assert said.json["name"].startswith(f"eval run@{step}")
        told = next(e for e in events(info, "evaluation") if e.step == step and e.get("split") == "validation")
        measured = cli("evaluate", named, "--split", "validation", "--wait", "--json", *plugins)
        assert measured.json["metrics"]["accuracy"] == pytest.approx(told.get("metrics")["accuracy"])
    broken = cli("evaluate", info.short, "--checkpoint", "10", *plugins)
    assert broken.code == 2
    assert f"checkpoint-10 of run ({info.short}) is not whole (model.safetensors: 9 of" in broken.err
    refused = cli("predict", f"{info.short}@5", "red", *plugins)
    assert "has no checkpoint of step 5. There are: 4" in refused.err


def _best(info: RunInfo) -> int:
    step = info.status().best_step
    assert step is not None
    return step


def test_what_was_accepted_and_set_stands_in_the_history(
    ground: Ground, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Loader workers change no weight; another torch may, and is not gone on with unasked."""
    whole = finished(ground.start("whole"))
    monkeypatch.setenv("TEST_KILL_AT", "step:7")
    info = ground.start("killed")
    assert ended(info).state == "died"
    path = info.paths.checkpoint(4) / MANIFEST
    raw: dict[str, Any] = json.loads(path.read_text())
    now = raw["made_with"]["versions"]["torch"]
    raw["made_with"]["versions"]["torch"] = "1.0.0"
    path.write_text(json.dumps(raw))
    given = (
        "resume",
        info.short,
        "--set",
        "train.dataloader_num_workers=2",
        "--plugin-dir",
        str(ground.plugin_dirs[0]),
    )
    refused = cli(*given)
    assert refused.code == 2
    assert f"! torch 1.0.0 → {now}: results may differ in the last digits" in refused.err
    assert len(events(info, "attempt")) == 1
    said = cli(*given, "--accept", "--wait", "--json")
    assert (said.code, said.json["state"]) == (0, "finished"), said.err
    assert "! train.dataloader_num_workers default → 2: changes no result" in said.err
    second = events(info, "attempt")[1]
    assert second.get("accepted")[0]["name"] == "torch"
    assert second.get("set") == {"train.dataloader_num_workers": [None, 2]}
    assert weights(info) == weights(whole)
    check_run_directory(info.paths.root, only_known_events=True)
    assert RunStore(ground.home).find(info.short).status().attempt == 2
