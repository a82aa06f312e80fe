"""Starts that go wrong or are broken off: the run is not there, or it is there and its end has a reason.

| bad input | held by |
|---|---|
| two resumes of one run at once (one wins, the other is told) | test_two_resumes_at_once, test_a_resume_that_comes_second, \
test_a_resume_between_a_claim_and_its_process |
| ctrl+c before the handoff: 130 and nothing left | test_interrupted_while_it_starts, test_interrupted_while_checking, \
test_interrupted_before_the_handoff, test_a_resume_interrupted_before_the_handoff |
| ctrl+c after it: detaches, prints the id, code 0 | test_interrupted_at_the_handoff, test_interrupted_while_following |
| exit code 4 on a failed pre-flight | test_a_failed_preflight; and of a model in test_bad_input_models.py |
| exit code 4 where the worker does not come up | test_a_worker_that_dies_before_it_begins |
| a died run (kill -9) is told as died, and resume goes on | test_a_run_that_died |
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.calling import Cli
from tests.e2e.bad_input import HEADER, Desk, desk, nothing_half_written, nothing_left, plain, refused, rows
from tests.model_folders import model_folder
from tests.waiting import wait_until
from tests.worker.forked import ForkedWorker, ForkServer
from tests.worker.training import events, finished
from tui_finetune.launch import handoff
from tui_finetune.launch.handoff import Launch
from tui_finetune.runs.info import RunInfo, read_info
from tui_finetune.runs.layout import RunPaths
from tui_finetune.runs.process import start_ticks
from tui_finetune.runs.store import RunStore
from tui_finetune.runs.testing import check_run_directory

__all__ = ["desk"]

KILLER = Path(__file__).parent.parent / "worker" / "killer.py"
STEPS = 9
SAVING = 'save_steps = 4\nsave_strategy = "steps"\neval_strategy = "no"\n'


@pytest.fixture
def recipe(desk: Desk, workers: ForkServer, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A training of nine steps that saves at the fourth, and the plugin that kills or holds it where TEST_KILL_AT says."""
    desk.write(HEADER + rows())
    shutil.copy(KILLER, desk.home.plugins / "killer.py")
    monkeypatch.setenv("TEST_KILL_FLAG", str(flag(desk)))
    return desk.recipe(tiny_model, SAVING)


def flag(desk: Desk) -> Path:
    return desk.folder / "flag"


def train(cli: Cli, recipe: str, *more: str) -> Any:
    return cli("train", recipe, "--set", f"train.max_steps={STEPS}", *more)


def died(cli: Cli, recipe: str, monkeypatch: pytest.MonkeyPatch) -> RunInfo:
    """A run that was killed with SIGKILL at step 6; its newest checkpoint is of step 4."""
    monkeypatch.setenv("TEST_KILL_AT", "step:6")
    said = train(cli, recipe, "--wait", "--json")
    monkeypatch.setenv("TEST_KILL_AT", "none:0")
    assert (said.code, said.json["state"]) == (1, "died"), said.err
    return read_info(RunPaths(Path(said.json["path"])))


def test_a_run_that_died(cli: Cli, recipe: str, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KILL_AT", "step:6")
    said = train(cli, recipe, "--wait")
    monkeypatch.setenv("TEST_KILL_AT", "none:0")
    assert said.code == 1
    plain(said.out + said.err)
    assert re.search("died: process gone without a result at step [56]\n", said.out), (
        "it was killed while it told of step 6"
    )
    assert "goes on from the newest whole checkpoint." in said.out
    assert "✗ died" in cli("runs").out
    assert "died: process gone without a result at step " in cli("show", "latest").out
    assert cli("watch", "latest").code == 1
    refused(cli("stop", "latest"), code=3)
    going_on = cli("resume", "latest", "--wait", "--json")
    assert (going_on.code, going_on.json["state"], going_on.json["step"]) == (0, "finished", STEPS), going_on.err
    info = read_info(RunPaths(Path(going_on.json["path"])))
    assert [event.get("from_step") for event in events(info, "attempt")] == [0, 4]
    check_run_directory(info.paths.root, only_known_events=True)
    nothing_half_written(desk.home)


# Two at once


@pytest.mark.slow
def test_two_resumes_at_once(cli: Cli, recipe: str, monkeypatch: pytest.MonkeyPatch) -> None:
    info = died(cli, recipe, monkeypatch)
    verb = [sys.executable, "-m", "tui_finetune", "resume", info.short, "--wait"]
    both = [subprocess.Popen(verb, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [(*resume.communicate(timeout=280), resume.returncode) for resume in both]
    (won,) = [one for one in said if one[2] == 0]
    (told,) = [one for one in said if one[2] != 0]
    assert "finished" in won[0]
    for out, err, _ in said:
        plain(out + err)
    assert told[2] in (2, 4)
    assert (
        "was started by somebody else at the same time; it goes on." in told[1]
        or " is starting" in told[1]
        or (" is running" in told[1])
    ), told[1]
    assert [event.get("from_step") for event in events(finished(info), "attempt")] == [0, 4]
    assert len(list(info.paths.attempts.iterdir())) == 2


def test_a_resume_that_comes_second(
    cli: Cli, recipe: str, workers: ForkServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have looked, both start a worker, and the other's claims first."""
    info = died(cli, recipe, monkeypatch)
    other: list[ForkedWorker] = []

    def outrun(command: Sequence[str], paths: RunPaths) -> ForkedWorker:
        other.append(workers.spawn(command, paths))
        wait_until(lambda: handoff.claimed(paths, 2, other[0].pid), "the other's claim")
        return workers.spawn(command, paths)

    monkeypatch.setattr(handoff, "_spawn", outrun)
    said = cli("resume", info.short, "--wait")
    refused(said, f"Attempt 2 of {info.id} was started by somebody else at the same time; it goes on.", code=4)
    assert [event.get("from_step") for event in events(finished(info), "attempt")] == [0, 4]
    check_run_directory(info.paths.root, only_known_events=True)


def test_a_resume_between_a_claim_and_its_process(cli: Cli, recipe: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a moment an attempt is claimed and nobody has said by whom."""
    info = died(cli, recipe, monkeypatch)
    info.paths.attempt(2).mkdir(mode=0o700)
    refused(cli("resume", info.short), f"rows ({info.short}) is starting: ", f"watch {info.short} shows it.")
    assert [path.name for path in info.paths.attempts.iterdir()] in (["1", "2"], ["2", "1"])


# ctrl+c


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


@contextlib.contextmanager
def interrupted_when(condition: Callable[[], bool]) -> Iterator[None]:
    """ctrl+c from another thread as soon as the condition holds."""

    def press() -> None:
        wait_until(condition, "the moment to interrupt")
        interrupt()

    thread = threading.Thread(target=press)
    thread.start()
    yield
    thread.join()


WHILE_IMPORTED = """
import os, runpy, signal, sys

class Presses:
    def find_spec(self, name, path=None, target=None):
        if name == "tui_finetune.cli.main":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Presses())
runpy.run_module("tui_finetune", run_name="__main__")
"""


def test_interrupted_while_it_starts(run_python: Callable[[str], subprocess.CompletedProcess[str]]) -> None:
    done = run_python(WHILE_IMPORTED)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


SOURCE = """
import os, signal
from tui_finetune.plugin_api import Source, hookimpl, no_progress

class Slow(Source):
    name = "slow"
    help = "Is interrupted while it is read."
    needs_path = False

    def open(self, request, progress=no_progress):
        (request.cache / ".writing-half").write_text("half")
        try:
            os.kill(os.getpid(), signal.SIGINT)
            while True:
                progress("reading", 1, None)
        finally:
            (request.cache / ".writing-half").unlink()

@hookimpl
def register_datasets():
    return [Slow()]
"""


def test_interrupted_while_checking(desk: Desk, cli: Cli) -> None:
    (desk.home.plugins / "slow.py").write_text(SOURCE)
    recipe = desk.recipe(model_folder(desk.folder / "model"), data='source = "slow"')
    for verb in ("train", "data show"):
        said = cli(*verb.split(), recipe)
        assert (said.code, said.out) == (130, "")
        assert said.err.splitlines()[-1] == "Interrupted."
        plain(said.err)
    nothing_left(desk.home)


@pytest.fixture
def sleeping(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Workers that never begin: real processes. Their pids; ctrl+c comes once one is there."""
    pids: list[int] = []
    spawn, claimed = SPAWN, handoff.claimed

    def spawned(command: Sequence[str], paths: RunPaths) -> subprocess.Popen[bytes]:
        worker = spawn([sys.executable, "-c", "import time; time.sleep(1000)"], paths)
        pids.append(worker.pid)
        return worker

    def looked_at(paths: RunPaths, attempt: int, pid: int) -> bool:
        interrupt()
        return claimed(paths, attempt, pid)

    monkeypatch.setattr(handoff, "_spawn", spawned)
    monkeypatch.setattr(handoff, "claimed", looked_at)
    yield pids
    for pid in pids:
        if start_ticks(pid) is not None:
            os.kill(pid, signal.SIGKILL)


SPAWN = handoff._spawn
"""How a worker is really started."""


def test_interrupted_before_the_handoff(recipe: str, cli: Cli, desk: Desk, sleeping: list[int]) -> None:
    said = train(cli, recipe)
    assert (said.code, said.out) == (130, "")
    assert said.err.splitlines()[-1] == "Interrupted."
    (pid,) = sleeping
    assert start_ticks(pid) is None, "the worker was ended"
    nothing_left(desk.home)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_resume_interrupted_before_the_handoff(
    recipe: str, cli: Cli, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    info = died(cli, recipe, monkeypatch)
    pids = request.getfixturevalue("sleeping")
    said = cli("resume", info.short)
    assert (said.code, said.out) == (130, "")
    (pid,) = pids
    assert start_ticks(pid) is None
    assert info.status().state == "died"
    assert [path.name for path in info.paths.attempts.iterdir()] == ["1"]


@pytest.mark.parametrize("verb", ["train", "train --json", "resume", "evaluate"])
def test_interrupted_at_the_handoff(
    verb: str, recipe: str, cli: Cli, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the very moment in which the worker claims its run: it is the machine's, and the person is told which one."""
    arguments: tuple[str, ...] = (recipe, "--set", f"train.max_steps={STEPS}")
    if verb == "resume":
        arguments = (died(cli, recipe, monkeypatch).id,)
    elif verb == "evaluate":
        arguments = (train(cli, recipe, "--wait", "--json").json["id"], "--wait")
    claimed, pressed = handoff.claimed, list[bool]()

    def looked_at(paths: RunPaths, attempt: int, pid: int) -> bool:
        if claimed(paths, attempt, pid) and not pressed:
            pressed.append(True)
            interrupt()
        return claimed(paths, attempt, pid)

    monkeypatch.setattr(handoff, "claimed", looked_at)
    name, *options = verb.split()
    said = cli(name, *arguments, *options)
    assert said.code == 0, said
    assert pressed
    plain(said.err)
    info = RunStore(desk.home).list()[0]
    assert f"{info.title} goes on. tui-finetune watch {info.short} shows it again." in said.err
    if options:
        assert said.json["id"] == info.id
    else:
        assert said.out == f"{info.id}\n"
    finished(info)


@pytest.mark.parametrize("options", [(), ("--json",)], ids=["words", "json"])
def test_interrupted_while_following(
    options: tuple[str, ...], recipe: str, cli: Cli, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_KILL_AT", "pause:2")
    with interrupted_when(flag(desk).exists):
        said = train(cli, recipe, "--wait", *options)
    assert said.code == 0, said
    (info,) = RunStore(desk.home).list()
    assert info.status().live
    assert f"{info.title} goes on." in said.err
    assert said.json["state"] == "running" if options else said.out == f"{info.id}\n"
    flag(desk).unlink()
    finished(info)


# Exit code 4


FAILING = """
from tui_finetune.builtin.tasks.text_classification import TextClassification
from tui_finetune.plugin_api import hookimpl

class Failing(TextClassification):
    name = "failing"
    help = "Its loss cannot be computed."
    heavy = "failing_heavy:Head"

@hookimpl
def register_tasks():
    return [Failing()]
"""
FAILING_HEAVY = """
from tui_finetune.builtin.heads.text_classification import TextClassificationHead

class Head(TextClassificationHead):
    def collator(self, tokenizer, *, padding, max_length):
        def collate(rows):
            raise MemoryError("this batch is too large")
        return collate
"""


@pytest.mark.parametrize("options", [(), ("--wait",), ("--json",)], ids=["words", "wait", "json"])
def test_a_failed_preflight(options: tuple[str, ...], recipe: str, cli: Cli, desk: Desk) -> None:
    (desk.home.plugins / "failing.py").write_text(FAILING)
    (desk.home.plugins / "failing_heavy.py").write_text(FAILING_HEAVY)
    said = train(cli, recipe, "--set", "task=failing", *options)
    assert said.code == 4, said
    plain(said.out + said.err)
    shown = cli("show", "latest", "--json").json
    assert (shown["state"], shown["step"]) == ("failed", 0)
    assert shown["reason"].startswith("Memory: more than is there, ")
    assert shown["reason"] in said.out
    check_run_directory(shown["path"], only_known_events=True)


def test_a_worker_that_dies_before_it_begins(
    recipe: str, cli: Cli, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with an installation that is broken: a traceback in its log, of which a person reads the last line."""
    monkeypatch.setattr(handoff, "_spawn", SPAWN)
    broken = [sys.executable, "-c", "import no_such_module_of_mine"]
    monkeypatch.setattr(Launch, "command", lambda self, paths, attempt: broken)
    said = train(cli, recipe)
    refused(
        said,
        "The worker ended with code 1 before it began. Its last lines:",
        "ModuleNotFoundError: No module named 'no_such_module_of_mine'",
        code=4,
    )
    nothing_left(desk.home)
