"""What the rows of the fault matrix share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.place import Place
from tests.worker import training
from tests.worker.forked import ForkServer
from tests.worker.training import Ground, finished, weights
from tui_finetune.paths import Home

HARM = Path(__file__).with_name("harm.py")


@pytest.fixture(scope="session")
def _calm_weights() -> dict[str, str]:
    """Order to the weights of a run to which nothing happens; made once."""
    return {}


@pytest.fixture
def place(
    home: Home,
    workers: ForkServer,
    tiny_model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    _calm_weights: dict[str, str],
) -> Iterator[Place]:
    """A home, rows and a model; the calm run has been done."""
    for folder in ("data", "plugins"):
        (tmp_path / folder).mkdir()
    shutil.copy(HARM, tmp_path / "plugins" / "harm.py")
    flag = tmp_path / "harmed"
    monkeypatch.setenv("TEST_HARM_FLAG", str(flag))
    monkeypatch.setenv("TEST_HARM", "none@never")
    ground = Ground(
        home,
        tiny_model,
        training.write_rows(tmp_path / "data" / "rows.csv"),
        (tmp_path / "plugins",),
        {"batching__order": "length", "train__save_total_limit": 20},
    )
    if "length" not in _calm_weights:
        _calm_weights["length"] = weights(finished(ground.start("calm")))
    yield Place(ground, flag, monkeypatch, _calm_weights)
    flag.unlink(missing_ok=True)
