"""A run whose batches are made by tokens: its steps, its words, and the same weights after a kill."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.worker import training
from tests.worker.training import Ground, ended, events, finished, weights
from tui_finetune.paths import Home

BUDGET = 96


@pytest.fixture
def ground(home: Home, tiny_model: Path, tmp_path: Path) -> Ground:
    for folder in ("data", "plugins"):
        (tmp_path / folder).mkdir()
    shutil.copy(Path(__file__).with_name("killer.py"), tmp_path / "plugins" / "killer.py")
    sets = {
        "batching.tokens": BUDGET,
        "train.per_device_train_batch_size": 1,
        "train.gradient_accumulation_steps": 1,
    }
    rows = training.write_rows(tmp_path / "data" / "rows.csv")
    return Ground(home, tiny_model, rows, (tmp_path / "plugins",), sets)


@pytest.mark.slow
def test_killed_and_resumed_is_the_same_run(ground: Ground, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    whole = finished(ground.start("whole"))
    plan = events(whole, "plan")[-1]
    (words,) = (one for one in plan.get("choices") if "tokens" in one)
    assert words.startswith(f"batches of at most {BUDGET} tokens: ")
    rows, per_epoch = plan.get("rows")["train"], plan.get("steps_per_epoch")
    assert plan.get("steps") == 3 * per_epoch
    assert 1 < per_epoch < rows / 2
    speed = events(whole, "step")[0]
    assert speed.get("samples_per_second") > 1.5 * speed.get("steps_per_second")
    monkeypatch.setenv("TEST_KILL_AT", "step:7")
    monkeypatch.setenv("TEST_KILL_FLAG", str(tmp_path / "killed"))
    killed = ground.start("killed")
    assert ended(killed).state == "died"
    finished(ground.resume(killed))
    assert weights(killed) == weights(whole)


@pytest.mark.slow
def test_a_budget_that_a_row_exceeds_is_refused(ground: Ground) -> None:
    info = ground.start("small", batching__tokens=5)
    status = ended(info)
    assert status.state == "failed"
    assert "batching.tokens: is 5, and a row has 24 tokens." in (status.reason or "")
