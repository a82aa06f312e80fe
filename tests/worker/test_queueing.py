"""Runs that wait: for a device of their own, for another run; asked to go meanwhile; their place."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.calling import Cli
from tests.fakes import FakeRun, finished_run
from tests.waiting import wait_until
from tests.worker import training
from tests.worker.forked import ForkServer
from tests.worker.training import Ground, ended, events, finished
from tui_finetune.paths import Home
from tui_finetune.runs import queue
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.store import RunStore

KILLER = Path(__file__).with_name("killer.py")
SHORT = {"train__max_steps": 3, "train__save_steps": 100, "train__eval_steps": 100}


@pytest.fixture
def ground(home: Home, workers: ForkServer, tiny_model: Path, tmp_path: Path) -> Ground:
    (tmp_path / "data").mkdir()
    return Ground(home, tiny_model, training.write_rows(tmp_path / "data" / "rows.csv"), sets=SHORT)


@pytest.fixture
def holder(ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunInfo]:
    """A run that works on the device until the test ends, or until `release`."""
    flag = tmp_path / "held"
    (tmp_path / "plugins").mkdir()
    shutil.copy(KILLER, tmp_path / "plugins" / "killer.py")
    monkeypatch.setenv("TEST_KILL_FLAG", str(flag))
    monkeypatch.setenv("TEST_KILL_AT", "pause:2")
    ground.plugin_dirs = (tmp_path / "plugins",)
    info = ground.start("holder")
    wait_until(flag.exists, "step 2")
    monkeypatch.setenv("TEST_KILL_AT", "none:0")
    yield info
    flag.unlink(missing_ok=True)
    ended(info)


def queued(info: RunInfo, words: str) -> None:
    wait_until(lambda: info.fresh().status().words == words, f"{info.name} to be {words!r}")


def test_it_waits_its_turn_and_takes_it(ground: Ground, holder: RunInfo, cli: Cli, tmp_path: Path) -> None:
    second = ground.start("second", run__queue=True)
    queued(second, f"queued, place 1, behind {holder.title}")
    assert [(one["place"], one["name"]) for one in cli("queue", "--json").json] == [(None, "holder"), (1, "second")]
    assert f"place 1, behind {holder.title}" in cli("runs").out
    (tmp_path / "held").unlink()
    finished(second)
    assert events(holder, "end")[0].t <= events(second, "plan")[0].t, "one at a time"
    line = queue.read_line(ground.home.queue)
    assert line.waiting == ()
    wait_until(lambda: not [entry for entry in line.working if entry.counts], "the devices to be free")


@pytest.mark.slow
def test_in_another_order(ground: Ground, holder: RunInfo, cli: Cli, tmp_path: Path) -> None:
    second, third = ground.start("second", run__queue=True), ground.start("third", run__queue=True)
    queued(third, f"queued, place 2, behind {holder.title} and {second.title}")
    moved = cli("queue", "move", "third", "--first")
    assert (moved.code, moved.err) == (0, f"{third.title} has place 1 now.\n")
    queued(third, f"queued, place 1, behind {holder.title}")
    (tmp_path / "held").unlink()
    for info in (third, second):
        finished(info)
    assert events(third, "end")[0].t <= events(second, "plan")[0].t


@pytest.mark.slow
def test_train_returns_once_the_run_waits(ground: Ground, holder: RunInfo, cli: Cli, tmp_path: Path) -> None:
    recipe = ground.data.parent / "recipe.toml"
    recipe.write_text(holder.paths.request_toml.read_text())
    train = ("train", str(recipe), "--set", "train.max_steps=2", "--json")
    waits, later = cli(*train, "--queue"), cli(*train, "--after", "holder")
    assert (waits.code, waits.json["state"], waits.json["phase"]) == (0, "queued", "queued")
    assert waits.json["reason"] == f"place 1, behind {holder.title}"
    assert (later.json["state"], later.json["reason"]) == ("queued", f"after {holder.title}")
    assert f"waits: place 1, behind {holder.title}. tui-finetune queue shows the line." in waits.err
    (tmp_path / "held").unlink()
    store = RunStore(ground.home)
    for one in (waits, later):
        finished(store.find(one.json["id"]))


@pytest.mark.slow
def test_a_holder_that_is_killed_frees_its_device(ground: Ground, holder: RunInfo) -> None:
    second = ground.start("second", run__queue=True)
    queued(second, f"queued, place 1, behind {holder.title}")
    os.kill(holder.status().process["pid"], signal.SIGKILL)
    finished(second)


@pytest.mark.slow
def test_asked_to_go_while_it_waits(ground: Ground, holder: RunInfo, cli: Cli) -> None:
    for act, state in (("stop", "stopped"), ("abort", "aborted"), ("queue remove", "stopped")):
        info = ground.start(act.replace(" ", "-"), run__queue=True)
        queued(info, f"queued, place 1, behind {holder.title}")
        assert cli(*act.split(), info.short).code == 0
        assert ended(info).state == state
        assert queue.read_line(ground.home.queue).place(info.id) is None
    info = ground.start("signalled", run__queue=True)
    queued(info, f"queued, place 1, behind {holder.title}")
    os.kill(info.status().process["pid"], signal.SIGTERM)
    assert ended(info).state == "preempted"


@pytest.mark.slow
def test_after_another_run(ground: Ground, holder: RunInfo, tmp_path: Path) -> None:
    info = ground.start("later", run__after="holder")
    queued(info, f"queued, after {holder.title}")
    (tmp_path / "held").unlink()
    finished(info)
    assert events(holder, "end")[0].t <= events(info, "plan")[0].t


@pytest.mark.slow
def test_after_a_run_that_did_not_finish(ground: Ground, home: Home) -> None:
    broken = FakeRun(home, "broken").begin().plan().end("failed", reason="loss is nan", step=7)
    info = ground.start("later", run__after="broken")
    goes_on = "it goes on after that run's resume"
    queued(info, f"queued, after {broken.info.title}, which failed at step 7: loss is nan: {goes_on}")
    whatever = ground.start("whatever", run__after="broken", run__after_any=True)
    finished(whatever)
    assert info.status().state == "queued"
    broken.remove()
    status = ended(info)
    assert status.state == "failed"
    assert "is not there any more" in (status.reason or "")


def test_what_is_waited_for_must_be_there(cli: Cli, home: Home, tmp_path: Path, tiny_model: Path) -> None:
    finished_run(home, "imdb")
    training.write_rows(tmp_path / "rows.csv")
    text = f'task = "text-classification"\n[data]\npath = "rows.csv"\n[model]\npath = "{tiny_model}"\n'
    (tmp_path / "recipe.toml").write_text(text)
    said = cli("train", str(tmp_path / "recipe.toml"), "--after", "imbd")
    assert said.code == 2
    assert "run.after: No run 'imbd'. Did you mean imdb" in said.err


def test_places_that_cannot_be_given(cli: Cli, home: Home) -> None:
    run = finished_run(home, "done")
    said = cli("queue", "move", "done", "--first")
    assert (said.code, said.err.startswith(f"{run.info.title} does not wait: it is finished.")) == (2, True)
    assert "where to is missing" in cli("queue", "move", "done").err
    assert "does not wait" in cli("queue", "remove", "done").err
    assert "Nobody works and nobody waits." in cli("queue").out


def test_it_waits_before_torch_is_imported(
    home: Home, tmp_path: Path, run_python: Callable[[str], subprocess.CompletedProcess[str]]
) -> None:
    """The real worker, as far as its turn."""
    recipe = (
        'version = 1\ntask = "text-classification"\n[run]\nqueue = true\n[data]\npath = "x.csv"\n[model]\npath = "x"\n'
    )
    run = FakeRun(home, "waits", recipe=recipe)
    done = run_python(
        f"""
import os, sys
from tui_finetune.worker import __main__, lifecycle
def turn(*given):
    print([name for name in ("torch", "transformers", "datasets") if name in sys.modules], flush=True)
    os._exit(0)
lifecycle.take_turn = turn
__main__.main(["{run.paths.root}", "--home", "{home.root}", "--attempt", "1"])
"""
    )
    assert done.stdout.splitlines()[-1] == "[]", done.stderr
