"""Where people really use it: in tmux, which is left and entered again, and over mosh, whose line goes and comes back."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.conftest import REPOSITORY
from tests.fakes import FakeRun
from tests.ui.terminal import INTERFACE, Terminal
from tui_finetune.paths import HOME_VARIABLE, Home

pytestmark = pytest.mark.slow


@pytest.fixture
def live(home: Home) -> FakeRun:
    run = FakeRun(home, "live").begin().plan(steps=1_000)
    for step in range(10, 500, 10):
        run.step(step, loss=0.5)
    return run


def environ(home: Home) -> dict[str, str]:
    own = {HOME_VARIABLE: str(home.root), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "HF_HUB_OFFLINE": "1"}
    return {**{name: value for name, value in os.environ.items() if name != "TMUX"}, **own}


@contextmanager
def tmux(home: Home) -> Iterator[tuple[str, ...]]:
    """The interface in a session of a server of its own; the command that attaches to it."""
    server = ("tmux", "-L", f"test-{os.getpid()}", "-f", "/dev/null")
    begin = [*server, "new-session", "-d", "-s", "it", "-x", "100", "-y", "30", *INTERFACE]
    subprocess.run(begin, env=environ(home), cwd=REPOSITORY, check=True)
    try:
        yield (*server, "attach-session", "-t", "it")
    finally:
        subprocess.run([*server, "kill-server"], env=environ(home), capture_output=True, check=False)


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_in_tmux_it_is_left_and_entered_again_from_a_smaller_window(home: Home, live: FakeRun) -> None:
    with tmux(home) as attach:
        with Terminal(home, command=attach, size=(100, 30), environ={"TMUX": ""}) as window:
            window.sees("● running")
            window.type("\r")
            window.sees("step 490 of 1,000")
            subprocess.run([*attach[:5], "detach-client", "-s", "it"], env=environ(home), check=True)
            window.until(lambda: window.process.poll() is not None, "tmux to let the window go")
        for step in range(500, 700, 10):
            live.step(step, loss=0.3)
        with Terminal(home, command=attach, size=(80, 24), environ={"TMUX": ""}) as window:
            window.sees("step 690 of 1,000")
            window.type("q")
            window.sees("[1 Runs]")
            window.type("q")
            window.until(lambda: window.process.poll() is not None, "the session to end with the program")
    assert live.info.status().live


@contextmanager
def mosh(home: Home) -> Iterator[Terminal]:
    """A client in a terminal; its server, and the interface in it, on this machine."""
    command = ["mosh-server", "new", "-i", "127.0.0.1", "--", *INTERFACE]
    begun = subprocess.run(command, env=environ(home), cwd=REPOSITORY, capture_output=True, text=True, check=True)
    found = re.search(r"MOSH CONNECT (\d+) (\S+)", begun.stdout)
    server = re.search(r"pid = (\d+)", begun.stderr + begun.stdout)
    assert found is not None, begun
    assert server is not None, begun
    port, key = found.groups()
    try:
        with Terminal(home, "127.0.0.1", port, command=("mosh-client",), environ={"MOSH_KEY": key}) as terminal:
            yield terminal
    finally:
        with contextlib.suppress(ProcessLookupError):  # as a rule it has ended with the program
            os.kill(int(server.group(1)), signal.SIGTERM)


@pytest.mark.skipif(shutil.which("mosh-server") is None, reason="mosh is not installed")
def test_over_mosh_it_is_there_when_the_line_comes_back(home: Home, live: FakeRun) -> None:
    with mosh(home) as terminal:
        terminal.sees("● running")
        terminal.type("\r")
        terminal.sees("step 490 of 1,000")
        terminal.resize(100, 30)
        terminal.type("?")
        terminal.sees("Help: chart")
        terminal.type("\x1b")
        terminal.until(lambda: "Help: chart" not in terminal.shown, "the help to close")
        terminal.signal(signal.SIGSTOP)
        for step in range(500, 700, 10):
            live.step(step, loss=0.3)
        terminal.signal(signal.SIGCONT)
        terminal.sees("step 690 of 1,000")
        terminal.type("q")
        terminal.sees("[1 Runs]")
        terminal.type("q")
        terminal.until(lambda: terminal.process.poll() is not None, "mosh to end with the program")
        assert "live" in terminal.text
    assert live.info.status().live
