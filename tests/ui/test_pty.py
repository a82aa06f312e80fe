"""The interface in a real terminal: it begins, survives what terminals do, gives the terminal back, and hurts no run."""

from __future__ import annotations

import json
import os
import random
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes import FakeRun, finished_run
from tests.ui.terminal import Terminal
from tests.waiting import wait_until
from tests.worker import training
from tests.worker.forked import ForkServer
from tests.worker.training import Ground
from tui_finetune.paths import Home
from tui_finetune.runs.info import read_info

CTRL_Q, CTRL_Z, CTRL_C, CTRL_L = "\x11", "\x1a", "\x03", "\x0c"


@pytest.fixture
def live(home: Home) -> FakeRun:
    finished_run(home, "old")
    return FakeRun(home, "live").begin().plan().step(10, loss=0.9)


def stopped(pid: int) -> bool:
    """True while the process is suspended."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def asleep_at(terminal: Terminal) -> Callable[[], bool]:
    return lambda: stopped(terminal.process.pid)


def test_it_begins_shows_the_runs_and_gives_the_terminal_back(home: Home, live: FakeRun) -> None:
    with Terminal(home) as terminal:
        terminal.sees("[1 Runs]")
        terminal.sees("● running")
        assert not terminal.restored
        terminal.type(CTRL_Q)
        assert terminal.wait() == 0
        assert terminal.restored
        assert f"live ({live.short}) goes on. tui-finetune shows it again." in terminal.text


def test_it_opens_on_a_run(home: Home, live: FakeRun) -> None:
    with Terminal(home, "open", "live") as terminal:
        terminal.sees("[4 Run]")
        terminal.sees("step 10 of 100")
        terminal.type("q")
        terminal.sees("live goes on.")
        terminal.type("q")
        assert terminal.wait() == 0


def test_ctrl_c_ends_nothing_and_says_what_does(home: Home, live: FakeRun) -> None:
    with Terminal(home) as terminal:
        terminal.sees("● running")
        terminal.type(CTRL_C)
        terminal.sees("q leaves, ctrl+q quits.")
        terminal.type("q")
        assert terminal.wait() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=["SIGTERM", "SIGHUP"])
def test_ended_from_outside_it_gives_the_terminal_back(home: Home, live: FakeRun, number: signal.Signals) -> None:
    with Terminal(home) as terminal:
        terminal.sees("● running")
        terminal.signal(number)
        assert terminal.wait() == 0
        assert terminal.restored
        assert "Traceback" not in terminal.text


@pytest.mark.slow
def test_ended_from_outside_while_the_terminal_takes_nothing(home: Home, live: FakeRun) -> None:
    """A line that was cut, a program that holds it: the end comes all the same, and what was remembered is written."""
    with Terminal(home, size=(120, 40)) as terminal:
        terminal.sees("● running")
        terminal.hold()
        terminal.type("31" * 40 + "y")  # whole screens, more than the kernel keeps for the terminal
        wait_until((home.root / "copied.txt").exists, "the keys to be answered")
        terminal.signal(signal.SIGTERM)
        wait_until(lambda: terminal.process.poll() is not None, "the program to end", timeout=20)
        terminal.take()
        assert terminal.wait() == 0
        assert terminal.restored
    assert json.loads((home.root / "interface.json").read_text())["v"] == 1


def test_a_terminal_that_is_closed_ends_it_and_nothing_else(home: Home, live: FakeRun) -> None:
    with Terminal(home) as terminal:
        terminal.sees("● running")
        terminal.hang_up()
        terminal.wait()
    assert read_info(live.paths).status().state == "running"
    assert not home.log.exists() or "Traceback" not in home.log.read_text()
    with Terminal(home) as terminal:
        terminal.sees("● running")


@pytest.mark.parametrize("how", ["ctrl+z", "Z", "SIGTSTP"])
def test_it_is_suspended_and_goes_on(home: Home, live: FakeRun, how: str) -> None:
    with Terminal(home) as terminal:
        terminal.sees("● running")
        if how == "SIGTSTP":
            terminal.signal(signal.SIGTSTP)
        else:
            terminal.type(CTRL_Z if how == "ctrl+z" else how)
        terminal.until(asleep_at(terminal), "it to be suspended")
        terminal.until(lambda: terminal.restored, "the terminal to be as it was")
        live.step(40, loss=0.7)
        terminal.forget()
        terminal.signal(signal.SIGCONT)
        terminal.sees("[1 Runs]")
        terminal.sees("40 %")
        terminal.type("?")
        terminal.sees("Help: list of the Runs screen")
        terminal.type(CTRL_Q)
        assert terminal.wait() == 0
        assert terminal.restored


def test_what_another_program_has_written_is_painted_over(home: Home, live: FakeRun) -> None:
    with Terminal(home) as terminal:
        terminal.sees("● running")
        terminal.scribble("Broadcast message: this machine goes down")
        assert "[1 Runs]" not in terminal.shown
        terminal.type(CTRL_L)
        terminal.until(lambda: "Broadcast" not in terminal.shown and "[1 Runs]" in terminal.shown, "the screen, whole")


def test_a_storm_of_sizes(home: Home, live: FakeRun) -> None:
    draw = random.Random(7)
    with Terminal(home, "open", "live", environ={"COLUMNS": "80", "LINES": "24"}) as terminal:
        terminal.sees("step 10 of 100")
        for _ in range(60):
            terminal.resize(draw.choice((1, 2, 20, 79, 80, 120, 300)), draw.choice((1, 2, 4, 23, 24, 40, 90)))
            terminal.signal(signal.SIGWINCH)
        terminal.resize(20, 4)
        terminal.forget()
        terminal.resize(100, 30)
        terminal.sees("[4 Run]")
        terminal.forget()
        terminal.type("[")
        terminal.sees("[Control 0]")
        terminal.type(CTRL_Q)
        assert terminal.wait() == 0
        assert terminal.restored


@pytest.mark.parametrize("term", ["xterm", "linux", "screen", "tmux-256color", "vt100", "something-new"])
def test_terminals_of_many_names(home: Home, live: FakeRun, term: str) -> None:
    with Terminal(home, environ={"TERM": term}) as terminal:
        terminal.sees("[1 Runs]")
        terminal.sees("running")
        if term in ("linux", "vt100"):
            assert terminal.text.isascii()
        terminal.type(CTRL_Q)
        assert terminal.wait() == 0


@pytest.mark.parametrize("environ", [{"TERM": "dumb"}, {"TERM": ""}], ids=["dumb", "none"])
def test_a_terminal_that_cannot_draw_is_told_what_works(home: Home, live: FakeRun, environ: dict[str, str]) -> None:
    with Terminal(home, environ=environ) as terminal:
        assert terminal.wait() == 2
        assert "TERM names a terminal that cannot draw in place; the verbs work as they are." in terminal.text
        assert "\x1b" not in terminal.raw.decode()


@pytest.mark.parametrize(
    ("environ", "unseen"),
    [
        ({"NO_COLOR": "1"}, [rb"\x1b\[[0-9;]*\b(3[0-7]|38|9[0-7])[;m]"]),
        ({"LANG": "C", "LC_ALL": "C"}, ["[●─▸]".encode()]),
    ],
    ids=["NO_COLOR", "LANG=C"],
)
def test_colours_and_signs_that_a_terminal_does_not_want(
    home: Home, live: FakeRun, environ: dict[str, str], unseen: list[bytes]
) -> None:
    with Terminal(home, environ=environ) as terminal:
        terminal.sees("running")
        assert not [sign for sign in unseen if re.search(sign, terminal.raw)]


def test_bytes_that_are_no_text_end_nothing(home: Home, live: FakeRun) -> None:
    """A line that garbles what is typed, and something pasted that is no text at all."""
    with Terminal(home) as terminal:
        terminal.sees("● running")
        terminal.type(b"\xff\xfe\x80\xc3")
        terminal.type("/")
        terminal.sees(" / ")
        terminal.type(b"\x1b[200~state:fin\x1b]52;c;YWJj\x07\x9b31m\xff\ns\r\x1b[201~")
        terminal.sees("No run matches")
        terminal.type("\x15state:fin")
        terminal.sees("[All 1]")
        terminal.type(CTRL_Q)
        assert terminal.wait() == 0
        assert b"\x1b]52;" not in terminal.raw


def test_killed_it_leaves_nothing_that_the_next_one_minds(home: Home, live: FakeRun) -> None:
    before = sorted(path.name for path in live.paths.root.iterdir())
    with Terminal(home) as terminal:
        terminal.sees("● running")
        terminal.signal(signal.SIGKILL)
        assert terminal.wait() == -signal.SIGKILL
    assert sorted(path.name for path in live.paths.root.iterdir()) == before
    assert read_info(live.paths).status().state == "running"
    with Terminal(home) as terminal:
        terminal.sees("● running")
        terminal.type(CTRL_Q)
        assert terminal.wait() == 0


def test_two_on_one_home(home: Home, live: FakeRun) -> None:
    """What one changes the other shows; both leave, and what they remember is whole."""
    with Terminal(home) as one, Terminal(home) as other:
        one.sees("● running")
        other.sees("● running")
        one.type("T-of-one\r")
        one.sees("Saved: live-of-one")
        other.sees("live-of-one")
        other.type("T-and-other\r")
        one.sees("live-of-one-and-other")
        for terminal in (one, other):
            terminal.type(CTRL_Q)
            assert terminal.wait() == 0
    assert json.loads(live.paths.label_json.read_text())["name"] == "live-of-one-and-other"
    assert json.loads((home.root / "interface.json").read_text())["v"] == 1


def test_a_home_that_cannot_be_written_is_said_and_shown(home: Home, live: FakeRun) -> None:
    """A folder stands where each file would be written: so it is as root too, who may write everywhere."""
    (home.root / "copied.txt").mkdir()
    (home.root / "interface.json").mkdir()
    with Terminal(home) as terminal:
        terminal.sees("● running")
        terminal.type("y")
        terminal.sees("Copy: ")
        terminal.type(CTRL_Q)
        assert terminal.wait() == 0
        assert "Traceback" not in terminal.text


@pytest.mark.slow
def test_killed_in_the_middle_of_a_training_that_goes_on(
    home: Home, workers: ForkServer, tiny_model: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "ground"
    folder.mkdir()
    ground = Ground(home, tiny_model, training.write_rows(folder / "rows.csv", 200))
    info = ground.start("imdb-bert", train__num_train_epochs=6)
    with Terminal(home, "open", info.short) as terminal:
        terminal.sees("● running, training")
        terminal.signal(signal.SIGKILL)
        terminal.wait()
    training.finished(info)
    steps = [event.step for event in training.events(info, "step")]
    assert steps == list(range(1, len(steps) + 1)), "no step is missing"
    with Terminal(home, "open", info.short) as terminal:
        terminal.sees("✓ finished")
    assert not os.path.exists(info.paths.root / "lock")
