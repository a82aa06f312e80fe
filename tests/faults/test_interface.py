"""What happens to the interface and its terminal happens to no run."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

import pytest

from tests.faults.place import Place, worker_pid
from tests.ui.terminal import Terminal
from tests.worker.training import ended

pytestmark = pytest.mark.slow


def killed(terminal: Terminal) -> None:
    terminal.signal(signal.SIGKILL)
    terminal.wait()


def told_to_end(number: signal.Signals) -> Callable[[Terminal], None]:
    def act(terminal: Terminal) -> None:
        terminal.signal(number)
        terminal.wait()

    return act


def interrupted(terminal: Terminal) -> None:
    """Nothing ends: in a terminal it is ctrl+c, which is the slip of a finger."""
    terminal.signal(signal.SIGINT)
    terminal.type("?")
    terminal.until(lambda: terminal.process.poll() is not None or "Keys" in terminal.shown, "an answer")


def closed(terminal: Terminal) -> None:
    terminal.hang_up()
    terminal.process.wait(60)


ACTS: dict[str, Callable[[Terminal], None]] = {
    "interface-killed": killed,
    "interface-sigterm": told_to_end(signal.SIGTERM),
    "interface-sigint": interrupted,
    "interface-sighup": told_to_end(signal.SIGHUP),
    "terminal-closed": closed,
}


@pytest.mark.parametrize("row", ACTS)
def test_the_run_goes_on_and_is_seen_again(row: str, place: Place) -> None:
    info = place.waiting(6)
    home = place.ground.home
    with Terminal(home) as terminal:
        terminal.sees("● running")
        ACTS[row](terminal)
    begun = time.time()
    with Terminal(home, "open", info.short) as again:
        again.sees("● running")
    seconds = round(time.time() - begun, 1)
    seen = info.status()
    place.release()
    then = f"it goes on by itself; opened again, the interface shows it after {seconds} s"
    place.unharmed(row, info, seen=seen, begun=begun, reached=6, then=then)


def test_both_are_killed(place: Place) -> None:
    info = place.waiting(6)
    with Terminal(place.ground.home) as terminal:
        terminal.sees("● running")
        os.kill(worker_pid(info), signal.SIGKILL)
        killed(terminal)
    place.flag.unlink()
    place.go_on("both-killed", info, reached=6, seen=ended(info))
