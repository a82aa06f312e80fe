"""Following: until pre-flight, until the end, and leaving without harm."""

from __future__ import annotations

import io
import sys
import threading
import time

import click
import pytest

from tests.fakes import FakeRun, finished_run
from tests.waiting import wait_until
from tui_finetune.cli import follow as follow_module
from tui_finetune.cli import launching
from tui_finetune.cli.follow import Until, follow
from tui_finetune.cli.options import Call
from tui_finetune.launch.interrupts import HeldInterrupts
from tui_finetune.paths import Home


@pytest.fixture
def call(home: Home) -> Call:
    return Call(home, json=False)


class Terminal(io.StringIO):
    """stderr of a terminal that can rewrite a line."""

    def isatty(self) -> bool:
        return True


def later(*steps: object) -> threading.Timer:
    """Does what a worker would do a moment later."""

    def run() -> None:
        for step in steps:
            if callable(step):
                step()

    timer = threading.Timer(0.25, run)
    timer.start()
    return timer


def test_until_preflight_returns_when_training_begins(call: Call, home: Home) -> None:
    run = FakeRun(home).begin().phase("loading", "model")
    timer = later(run.plan)
    status = follow(call, run.info, until="preflight")
    timer.join()
    assert (status.state, status.phase) == ("running", "training")


@pytest.mark.parametrize("until", ["preflight", "end"])
def test_a_run_that_fails_in_preflight_is_returned_as_failed(call: Call, home: Home, until: Until) -> None:
    run = FakeRun(home).begin().phase("pre-flight")
    timer = later(lambda: run.end("failed", reason="out of memory", step=None))
    status = follow(call, run.info, until=until)
    timer.join()
    assert (status.state, status.reason) == ("failed", "out of memory")


def test_until_preflight_returns_with_queued(call: Call, home: Home) -> None:
    run = FakeRun(home).begin().phase("queued")
    run.events.write("queued", behind=["x"], place=1, why="behind imdb (k3f9)")
    assert follow(call, run.info, until="preflight").state == "queued"


def test_until_preflight_of_a_job_without_one(call: Call, home: Home) -> None:
    run = FakeRun(home, kind="evaluate").begin().phase("loading").phase("evaluating", "final")
    assert follow(call, run.info, until="preflight").phase == "evaluating"


def test_a_resumed_run_is_not_taken_for_started_by_its_earlier_attempt(call: Call, home: Home) -> None:
    run = FakeRun(home).begin().plan().step(10).end("stopped")
    run.begin(from_step=10).phase("loading")
    timer = later(run.plan)
    status = follow(call, run.info, until="preflight")
    timer.join()
    assert (status.attempt, status.phase) == (2, "training")


def test_a_worker_that_dies_ends_the_following(call: Call, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow_module, "STATUS_SECONDS", 0.1)
    run = FakeRun(home).begin().plan().step(10)
    timer = later(run.die)
    assert follow(call, run.info).state == "died"
    timer.join()


def test_in_a_pipe_the_talk_is_a_line_for_what_matters(
    call: Call, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    status = follow(call, finished_run(home).info)
    said = capsys.readouterr()
    assert status.state == "finished"
    assert said.out == ""
    assert "test at step 100: accuracy 0.880, loss 0.350" in said.err
    assert "pre-flight passed" in said.err
    assert "checkpoint at step" not in said.err
    assert "\x1b" not in said.err
    assert "\r" not in said.err


def test_what_earlier_attempts_said_is_not_told_again(
    call: Call, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    run = FakeRun(home).begin().plan().evaluate(5, accuracy=0.111).end("stopped", step=10)
    run.begin(from_step=10).plan().evaluate(20, accuracy=0.222).end()
    follow(call, run.info)
    said = capsys.readouterr().err
    assert "0.222" in said
    assert "0.111" not in said


def test_quiet_says_nothing_of_the_past(call: Call, home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    follow(call, finished_run(home).info, quiet=True)
    assert capsys.readouterr().err == ""


def test_on_a_terminal_one_line_is_rewritten(call: Call, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    run = FakeRun(home).begin().plan().step(10)
    timer = later(
        lambda: run.step(50),
        lambda: wait_until(lambda: "step 50 of 100" in terminal.getvalue(), "the line to tell of step 50"),
        run.end,
    )
    follow(call, run.info)
    timer.join()
    text = terminal.getvalue()
    assert text.count("\r\x1b[K") >= 2
    assert "step 50 of 100  50 %" in text
    assert text.endswith("finished\n")


@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_terminal_that_cannot_rewrite_gets_lines(
    call: Call, home: Home, monkeypatch: pytest.MonkeyPatch, term: str
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", term)
    follow(call, finished_run(home).info)
    assert "\x1b" not in terminal.getvalue()


def test_ctrl_c_leaves_the_run_alone(
    call: Call, home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = FakeRun(home, "imdb").begin().plan()

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", interrupt)
    status = follow(call, run.info)
    assert status.live
    said = capsys.readouterr().err
    assert said.count(f"imdb ({run.short}) goes on. tui-finetune watch {run.short} shows it again.") == 1


@pytest.mark.parametrize("until", ["preflight", "end"])
def test_that_it_goes_on_is_said_once_whoever_stops_looking(
    call: Call, home: Home, monkeypatch: pytest.MonkeyPatch, until: Until
) -> None:
    run = FakeRun(home, "imdb").begin()
    asked: list[str] = []

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", interrupt)
    monkeypatch.setattr(follow_module, "say", asked.append)
    monkeypatch.setattr(launching, "say", asked.append)
    with click.Context(click.Command("train")), pytest.raises(click.exceptions.Exit):
        launching.follow_training(call, run.info, HeldInterrupts(), wait=until == "end")
    assert sum("goes on" in line for line in asked) == 1
