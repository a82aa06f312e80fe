"""The keeper: when it starts another attempt, when it does not, and what it says of itself. Workers are written by hand."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from tests.fakes import FakeRun, gone_process
from tui_finetune.launch.handoff import ATTEMPT_TAKEN
from tui_finetune.launch.keeper import Keeper
from tui_finetune.paths import Home
from tui_finetune.runs.keeping import keeping, kept_by, write_keeping

Life = Callable[[FakeRun], int]
GONE = gone_process()


def died(step: int, code: int = -9) -> Life:
    def life(run: FakeRun) -> int:
        run.begin(process=GONE).plan().step(step)
        run.close()
        return code

    return life


def ends(state: str, step: int = 5) -> Life:
    def life(run: FakeRun) -> int:
        run.begin(process=GONE).plan().step(step).end(state, step=step)
        return 0 if state != "failed" else 1

    return life


class Worker:
    """A worker's life, lived when the keeper waits for it."""

    returncode: int | None = None

    def __init__(self, run: FakeRun, life: Life) -> None:
        self.pid = 4_000_000
        self._run, self._life = run, life

    def wait(self, timeout: float | None = None) -> int:
        self.returncode = self._life(self._run)
        return self.returncode


class Kept:
    """A run and what its workers do, one after another."""

    def __init__(self, home: Home, *lives: Life, times: int = 3, waits: Sequence[float] = (0.0,)) -> None:
        self.run = FakeRun(home, "kept")
        self.lives = list(lives)
        self.commands: list[list[str]] = []
        self.keeper = Keeper(self.run.paths, ("--home", str(home.root)), times, waits=waits, spawn=self._spawn)

    def _spawn(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        self.commands.append(list(command))
        return cast("subprocess.Popen[bytes]", Worker(self.run, self.lives.pop(0)))

    def words(self) -> str:
        found = keeping(self.run.paths)
        assert found is not None
        return found.words()


def test_a_run_that_ends_is_left_alone(home: Home) -> None:
    for state in ("finished", "stopped", "aborted", "failed"):
        kept = Kept(home, ends(state))
        assert kept.keeper.run(1) == (1 if state == "failed" else 0)
        assert kept.words() == "0 of 3"


def test_after_a_death_the_next_attempt_begins(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    kept = Kept(home, died(7), ends("preempted", 9), ends("finished"))
    assert kept.keeper.run(1) == 0
    assert [command[command.index("--attempt") + 1] for command in kept.commands] == ["1", "2", "3"]
    assert kept.words() == "2 of 3"
    said = capsys.readouterr().out
    assert "keeper: attempt 1 died: process gone without a result at step 7; attempt 2 begins in 0 s" in said


def test_not_after_the_same_failure_twice_at_the_same_step(home: Home) -> None:
    kept = Kept(home, died(7), died(7))
    assert kept.keeper.run(1) == 128 + 9
    assert kept.words() == "1 of 3; twice the same end at step 7: another attempt would meet it again"


@pytest.mark.parametrize(
    "second", [died(20), died(7, -11), ends("preempted", 7)], ids=["further on", "otherwise", "asked"]
)
def test_another_failure_is_another(second: Life, home: Home) -> None:
    kept = Kept(home, died(7), second, ends("finished"))
    assert kept.keeper.run(1) == 0


def test_at_most_so_many_times(home: Home) -> None:
    kept = Kept(home, died(5), died(15), died(25), times=2)
    kept.keeper.run(1)
    assert len(kept.commands) == 3
    assert kept.words() == "2 of 2; all 2 are used up"


def test_somebody_else_goes_on(home: Home) -> None:
    kept = Kept(home, died(5), lambda run: ATTEMPT_TAKEN)
    assert kept.keeper.run(1) == ATTEMPT_TAKEN
    assert kept.words() == "1 of 3; somebody else has started the next attempt"


def test_told_to_end_while_it_waits(home: Home) -> None:
    kept = Kept(home, died(5), waits=(600.0,))

    def told(run: FakeRun) -> int:
        code = died(5)(run)
        kept.keeper.end(signal.SIGTERM)
        return code

    kept.lives = [told]
    kept.keeper.run(1)
    assert kept.words() == "0 of 3; it was told to start no other"


def test_the_words_of_each_moment(home: Home) -> None:
    run = FakeRun(home)
    assert keeping(run.paths) is None
    write_keeping(run.paths, times=3, made=1, worker=5, next_at=1_030.0, over=None)
    found = keeping(run.paths)
    assert found is not None
    assert found.waits
    assert found.words(now=1_000.0) == "1 of 3; the next attempt begins in 30 s"
    assert found.words(now=1_031.0) == "1 of 3; the next attempt begins now"
    assert kept_by(run.paths, os.getpid()) == 5
    assert kept_by(run.paths, 1) is None
    write_keeping(run.paths, times=3, made=1, worker=5, next_at=None, over=None)
    assert keeping(run.paths).words() == "1 of 3"  # type: ignore[union-attr]


def test_a_keeper_that_is_gone(home: Home) -> None:
    from tui_finetune.runs import atomic

    run = FakeRun(home)
    atomic.write_json(run.paths.keeper_json, {"v": 1, "keeper": GONE, "times": 3, "made": 0, "next_at": 1.0})
    found = keeping(run.paths)
    assert found is not None
    assert not found.waits
    assert not found.end()
    assert found.words() == "0 of 3; its keeper is gone: the next attempt is started by hand"


def test_what_a_later_keeper_says_stands(home: Home) -> None:
    from tui_finetune.runs import atomic

    kept = Kept(home, lambda run: 0)
    later: dict[str, Any] = {"v": 1, "keeper": GONE, "times": 2, "made": 0}

    def replaced(run: FakeRun) -> int:
        atomic.write_json(run.paths.keeper_json, later)
        return ATTEMPT_TAKEN

    kept.lives = [replaced]
    kept.keeper.run(1)
    assert atomic.read_json(kept.run.paths.keeper_json)["times"] == 2


def test_it_imports_nothing_heavy(run_python: Callable[[str], subprocess.CompletedProcess[str]]) -> None:
    heavy = ("torch", "transformers", "pydantic", "pyarrow", "numpy", "click", "textual", "duckdb", "pluggy")
    done = run_python(f"import tui_finetune.launch.keeper, sys; print([m for m in {heavy} if m in sys.modules])")
    assert done.stdout.strip() == "[]", done.stderr


def test_what_a_dead_worker_cannot_say_its_keeper_does(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = Kept(home, died(7), died(7))
    told = tmp_path / "told"
    kept.run.paths.recipe_toml.write_text(f'[run]\nnotify = ["command: sh -c \'cat >> {told}\'", "desktop"]\n')
    kept.keeper.run(1)
    title = f"kept ({kept.run.short}) died at step 7\nprocess gone without a result at step 7; "
    next_one, last = "it goes on in 0 s\n", "no other attempt is started: twice the same end at step 7: "
    assert told.read_text() == f"{title}{next_one}{title}{last}another attempt would meet it again\n"
    assert "keeper: notice by command: sent\n" in capsys.readouterr().out


def test_a_run_that_was_thrown_away_meanwhile_is_left_alone(home: Home) -> None:
    def lost(run: FakeRun) -> int:
        code = died(5)(run)
        run.remove()
        return code

    kept = Kept(home, lost, died(7))
    kept.keeper.run(1)
    assert len(kept.commands) == 1
