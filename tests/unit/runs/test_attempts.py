"""Claims: of two at once one wins, and what the earlier attempt left is kept."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import FakeRun
from tests.waiting import wait_until
from tui_finetune.paths import Home
from tui_finetune.runs import atomic
from tui_finetune.runs.attempts import AttemptTaken, claim_attempt, newest_attempt
from tui_finetune.runs.layout import RunPaths
from tui_finetune.runs.process import this_process

CLAIM = """
import sys, pathlib, time
from tui_finetune.runs.attempts import AttemptTaken, claim_attempt
from tui_finetune.runs.layout import RunPaths
root = pathlib.Path(sys.argv[1])
print("ready", flush=True)
while not (root.parent / "go").exists():
    pass
try:
    print("won", claim_attempt(RunPaths(root), 1))
except AttemptTaken as taken:
    print("told", taken)
"""


def test_attempts_are_numbered_from_one(home: Home) -> None:
    paths = FakeRun(home).paths
    assert newest_attempt(paths) == 0
    assert [claim_attempt(paths), claim_attempt(paths, 2), newest_attempt(paths)] == [1, 2, 2]
    assert paths.attempt(1).stat().st_mode & 0o777 == 0o700


def test_an_attempt_that_is_not_the_next_is_refused(home: Home) -> None:
    paths = FakeRun(home).paths
    claim_attempt(paths)
    for wrong in (1, 3):
        with pytest.raises(AttemptTaken):
            claim_attempt(paths, wrong)
    assert newest_attempt(paths) == 1


def test_of_two_claims_at_once_one_wins_and_the_other_is_told(home: Home) -> None:
    run = FakeRun(home)
    claimers = [
        subprocess.Popen([sys.executable, "-c", CLAIM, str(run.paths.root)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for claimer in claimers:
        assert claimer.stdout is not None
        assert claimer.stdout.readline() == "ready\n"
    (run.paths.root.parent / "go").touch()
    said = sorted(claimer.communicate(timeout=30)[0].split()[0] for claimer in claimers)
    assert said == ["told", "won"]
    assert newest_attempt(run.paths) == 1


def test_two_claims_between_looking_and_making_the_folder(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = FakeRun(home).paths
    mkdir = Path.mkdir

    def outrun(path: Path, **kwargs: Any) -> None:
        if path == paths.attempt(1):
            os.mkdir(path)  # somebody else was quicker
        mkdir(path, **kwargs)

    monkeypatch.setattr(Path, "mkdir", outrun)
    with pytest.raises(AttemptTaken, match="claimed by another"):
        claim_attempt(paths, 1)


def test_what_the_earlier_attempt_left_moves_into_its_folder(home: Home) -> None:
    run = FakeRun(home).begin().plan().end("stopped", step=10)
    run.begin(from_step=10)
    assert not run.paths.result_json.exists()
    assert atomic.read_json(run.paths.attempt(1) / "result.json")["state"] == "stopped"
    assert atomic.read_json(run.paths.attempt(1) / "process.json")["attempt"] == 1
    assert atomic.read_json(run.paths.process_json)["attempt"] == 2


def test_a_broken_result_moves_too(home: Home) -> None:
    run = FakeRun(home).begin().end("stopped")
    run.paths.result_json.write_bytes(b'{"state": "sto')
    claim_attempt(run.paths)
    assert (run.paths.attempt(1) / "result.json").read_bytes() == b'{"state": "sto'


@pytest.fixture
def other_process() -> Callable[[], dict[str, object]]:
    """The identity of the test's parent: another process that lives."""

    def identity() -> dict[str, object]:
        from tui_finetune.runs.process import start_ticks

        pid = os.getppid()
        return {**this_process().as_json(), "pid": pid, "start_ticks": start_ticks(pid)}

    return identity


def test_nobody_claims_while_another_process_works_on_it(
    home: Home, other_process: Callable[[], dict[str, object]]
) -> None:
    run = FakeRun(home).begin(process=other_process())
    with pytest.raises(AttemptTaken, match="works on"):
        claim_attempt(run.paths)
    assert newest_attempt(run.paths) == 1
    run.end("stopped")
    assert claim_attempt(run.paths) == 2  # it has written its result: the claim is given up while it exits


def test_a_run_whose_process_died_can_be_claimed(home: Home) -> None:
    run = FakeRun(home).begin().die()
    assert claim_attempt(run.paths) == 2


def test_names_that_are_no_numbers_are_no_attempts(tmp_path: Path) -> None:
    paths = RunPaths(tmp_path)
    for name in ("1", "2.bak", "x", "-3"):
        (paths.attempts / name).mkdir(parents=True)
    assert newest_attempt(paths) == 1
    assert wait_until(lambda: claim_attempt(paths) == 2, "the second attempt")
