"""sft, dpo and reward on a tiny decoder: TRL's own losses, and killed and gone on with. tests/full has their whole cycle."""

from __future__ import annotations

import importlib.util
import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.worker import language_models
from tests.worker.forked import ForkServer
from tests.worker.test_going_on import KILLER, same_ends
from tests.worker.training import Ground, ended, events, finished
from tui_finetune.paths import Home
from tui_finetune.runs.info import RunInfo

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("trl") is None, reason='without the extra "trl" there is nothing to train by'
    ),
]
PAIRS = ("dpo", "reward")


def rows(task: str) -> list[dict[str, Any]]:
    """One of the answers always begins alike: a model has something to learn."""
    draw = random.Random(0)

    def words(most: int) -> str:
        return " ".join(draw.choices(language_models.WORDS, k=draw.randint(1, most)))

    if task == "sft":
        return [{"prompt": words(5), "answer": f"slept well {words(4)}"} for _ in range(40)]
    return [
        {"prompt": f"{words(5)} ", "chosen": f"slept well {words(5)}", "rejected": f"ran under {words(5)}"}
        for _ in range(40)
    ]


@pytest.fixture
def gpt2(tmp_path: Path) -> Path:
    (tmp_path / "gpt2").mkdir()
    return language_models.make("gpt2", tmp_path / "gpt2")


def ground_of(task: str, model: Path, home: Home, tmp_path: Path, **sets: Any) -> Ground:
    (tmp_path / "plugins").mkdir(exist_ok=True)
    shutil.copy(KILLER, tmp_path / "plugins" / "killer.py")
    data = tmp_path / "rows.jsonl"
    data.write_text("\n".join(map(json.dumps, rows(task))), encoding="utf-8")
    length = {"model__max_length": 64}
    return Ground(home, model, data, (tmp_path / "plugins",), {"task": task, **length, **sets})


@pytest.mark.parametrize("task", ["sft", *PAIRS])
def test_the_losses_are_those_of_trl(task: str, workers: ForkServer, gpt2: Path, home: Home, tmp_path: Path) -> None:
    sets: dict[str, Any] = {
        "batching__order": "random",
        "data__validation": 0.1,
        "train__gradient_accumulation_steps": 1,
    }
    once: dict[str, Any] = {"train__num_train_epochs": 2, "train__eval_strategy": "no", "train__save_strategy": "no"}
    info = finished(ground_of(task, gpt2, home, tmp_path).start(**sets, **once))
    ours = [loss for event in events(info, "step") for loss in event.get("losses")]
    trained = [one for one in rows(task) if one not in held_out(info, rows(task))]
    (tmp_path / "train.jsonl").write_text("\n".join(map(json.dumps, trained)), encoding="utf-8")
    arguments = (task, str(gpt2), str(tmp_path / "train.jsonl"), str(tmp_path / "losses.json"))
    code = workers.call("tests.worker.plain_trl:losses", *arguments, log=tmp_path / "log")
    assert code == 0, (tmp_path / "log").read_text()[-3000:]
    theirs = json.loads((tmp_path / "losses.json").read_text())
    assert len(ours) == len(theirs) == 18
    assert ours == pytest.approx(theirs, abs=2e-4)
    if task == "dpo":
        assert ours[0] == pytest.approx(0.693147, abs=1e-4)


def held_out(info: RunInfo, every: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of validation, of which the predictions tell the places."""
    import pyarrow.parquet as pq

    stored = pq.read_table(info.paths.evaluation("validation") / "predictions.parquet").to_pylist()
    return [every[int(one["row_id"].rpartition(":")[2]) - 1] for one in stored]


@pytest.mark.parametrize("task", ["sft", "dpo"])
def test_a_killed_run_ends_as_the_whole_one(
    task: str, workers: ForkServer, gpt2: Path, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_KILL_FLAG", str(tmp_path / "killed"))
    ground = ground_of(task, gpt2, home, tmp_path, batching__order="length", train__metric_for_best_model="loss")
    whole = finished(ground.start("whole"))
    monkeypatch.setenv("TEST_KILL_AT", "step:7")
    info = ground.start("killed")
    assert ended(info).state == "died"
    finished(ground.resume(info))
    same_ends(info, whole)


def test_our_loop_takes_no_name_of_trls() -> None:
    """A member of the mixin would come before TRL's of the same name; those that are meant are named here."""
    from trl import DPOTrainer, RewardTrainer, SFTTrainer

    from tui_finetune.worker.steered import SteeredLoop
    from tui_finetune.worker.trainer import RunTrainerMixin

    theirs = {name for trainer in (DPOTrainer, RewardTrainer, SFTTrainer) for name in vars(trainer)}
    ours = {name for mixin in (RunTrainerMixin, SteeredLoop) for name in vars(mixin)}
    meant = {"compute_loss", "training_step", "log", "evaluate", "_save_checkpoint", "loss_is_scaled_for_ga"}
    common = {name for name in ours & theirs if not name.startswith("__")}
    assert common <= meant
