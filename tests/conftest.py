"""Fixtures that every tier shares."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
if (
    "HF_HOME" not in os.environ
):  # what the libraries keep there is no part of a person's own cache, and theirs none of a test
    os.environ["HF_HOME"] = tempfile.mkdtemp(prefix="tests-hf-")
    atexit.register(shutil.rmtree, os.environ["HF_HOME"], ignore_errors=True)

from tests.calling import cli
from tests.worker.forked import fork_server, tiny_model, workers
from tui_finetune.paths import Home

# A loaded machine is no failure: no test asserts on time.
hypothesis.settings.register_profile("ours", deadline=None)
hypothesis.settings.load_profile("ours")

__all__ = ["cli", "fork_server", "tiny_model", "workers"]

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """An empty home of the test's own, also for the processes it starts."""
    root = tmp_path / "home"
    monkeypatch.setenv("TUI_FINETUNE_HOME", str(root))
    return Home(root).ensure()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data sets; the test is skipped where it is absent."""
    folder = Path(os.environ.get("TUI_FINETUNE_REAL_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data sets at {folder} (TUI_FINETUNE_REAL_DATA names another place)")
    return folder


@pytest.fixture
def run_python() -> Callable[[str], subprocess.CompletedProcess[str]]:
    """Runs statements in a fresh interpreter and returns what it printed."""

    def run(statements: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", statements], capture_output=True, text=True, timeout=120, cwd=REPOSITORY
        )

    return run
