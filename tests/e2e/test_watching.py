"""Looking at a run from processes of their own: ctrl+c and a reader that goes away hurt nothing."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from tests.fakes import FakeRun, finished_run
from tests.waiting import wait_until
from tui_finetune.paths import Home


def start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tui_finetune", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize(
    "verb", [("watch", "a"), ("watch", "a", "--json"), ("logs", "-f", "a"), ("logs", "-f", "--events", "a")]
)
def test_ctrl_c_detaches_with_code_0(home: Home, verb: tuple[str, ...]) -> None:
    run = FakeRun(home, "a").begin().plan().step(10, loss=0.25).prints("hello\n")
    run.events.write("note", message="here")
    watcher = start(*verb)
    stream = watcher.stderr if "--json" in verb else watcher.stdout
    assert stream is not None
    first = stream.readline()
    assert first
    watcher.send_signal(signal.SIGINT)
    _, err = watcher.communicate(timeout=30)
    assert watcher.returncode == 0
    assert f"a ({run.short}) goes on." in err
    assert "Traceback" not in err
    assert run.info.status().live


def test_a_reader_that_goes_away_is_no_error(home: Home) -> None:
    run = FakeRun(home, "a").begin().plan()
    for step in range(1, 4_000):
        run.step(step)
    watcher = start("watch", "a")
    assert watcher.stdout is not None
    assert watcher.stdout.readline()
    watcher.stdout.close()
    run.step(4_000)
    wait_until(lambda: watcher.poll() is not None, "the watcher to notice that nobody reads")
    assert watcher.returncode == 0
    assert watcher.stderr is not None
    assert "Traceback" not in watcher.stderr.read()


def test_history_is_there_for_who_comes_later(home: Home) -> None:
    finished_run(home, "a")
    done = subprocess.run([sys.executable, "-m", "tui_finetune", "watch", "a"], capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stdout.count("  loss ") >= 10
    assert done.stdout.rstrip().endswith("finished")
    assert done.stderr == ""
