"""What the interface sends, and how it is on a thin line."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.ui_screens import ours, share
from tests.fakes import FakeRun, finished_run, many_ended
from tests.ui.line import Line
from tui_finetune.paths import Home
from tui_finetune.ui.screens import SCREENS

STEPS = 50_000
STEPS_A_SECOND = 10
LIVE_SECONDS, IDLE_SECONDS = 30.0, 10.0
BYTES_A_SECOND = 200_000 / 8
DELAY = 0.15
"""One way: a round trip is 300 ms."""
SIZES = ((80, 24), (120, 40))
ROUND_TRIP = sorted(SCREENS, key=lambda one: (one.name == "predict", one.name == "run"))
"""All screens from Run on: Run itself comes late, and Predict last, as keys are text there."""
LETTERS = "jkcp"
"""They do nothing on the Run screen, which it says: the smallest answer."""


@contextmanager
def stepping(home: Home) -> Iterator[FakeRun]:
    """A run that takes ten steps a second, with an evaluation now and then."""
    run = FakeRun(home, "live").begin().plan(steps=STEPS, steps_per_epoch=1000)
    ended = threading.Event()

    def train() -> None:
        begun, step = time.perf_counter(), 0
        while not ended.wait(max(0.0, begun + step / STEPS_A_SECOND - time.perf_counter())):
            step += 1
            noise = (step * 7919 % 100) / 100
            run.step(step, loss=2 / (1 + step / 200) + noise / 10, grad_norm=1 + noise, steps_per_second=10 + noise)
            if step % 200 == 0:
                run.evaluate(step, accuracy=1 - 1 / (2 + step / 300), loss=1 / (1 + step / 300))

    trains = threading.Thread(target=train)
    trains.start()
    try:
        yield run
    finally:
        ended.set()
        trains.join()


def bytes_sent(folder: Path, pairs: int) -> Sequence[str]:
    home = Home(folder).ensure()
    many_ended(home, 100)
    done = finished_run(home)
    found = []
    for size in SIZES:
        with stepping(home) as run, ours(home, "open", run.short, size=size) as line:
            line.sees(f"of {STEPS:,}")
            time.sleep(3)
            live = _rate(line, LIVE_SECONDS)
            line.type("1")
            time.sleep(3)
            listed = _rate(line, LIVE_SECONDS / 2)
        run.end("finished")
        goal = "at most 5 kB/s" if size == SIZES[0] else ""
        found.append(
            f"| bytes a second at {_by(size)}, 10 steps a second: Run, Runs | {live:,.0f}, {listed:,.0f} | {goal} |"
        )
    with ours(home, "open", done.short) as line:
        line.sees("finished")
        line.settle(2.0)
        idle = {}
        for entry in ROUND_TRIP:
            line.settle(2.0, after=line.type(entry.number))
            idle[entry.title] = _rate(line, IDLE_SECONDS)
    loud = ", ".join(f"{name} {rate:.0f}" for name, rate in idle.items() if rate)
    found.append(f"| bytes a second of the {len(idle)} screens where nothing happens | {loud or 0} | 0 |")
    return found


def _rate(line: Line, seconds: float) -> float:
    begun = time.perf_counter()
    time.sleep(seconds)
    return line.bytes(begun) / seconds


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


def thin_line(folder: Path, pairs: int) -> Sequence[str]:
    home = Home(folder).ensure()
    many_ended(home, 100)
    done = finished_run(home)
    found = []
    for size, goal in zip(SIZES, (2, 3), strict=True):
        with stepping(home) as run, ours(home, "open", run.short, size=size, rate=BYTES_A_SECOND, delay=DELAY) as line:
            begun = line.sees("? Help") - line.started
            line.sees(f"of {STEPS:,}")
            time.sleep(5)
            keys = []
            for count in range(40):
                letter = LETTERS[count % len(LETTERS)]
                pressed = line.type(letter)
                keys.append(line.sees(f"{letter} does nothing here", pressed) - pressed)
                time.sleep(0.4 + count % 7 / 10)
        run.end("finished")
        slowest, seconds = _screens(home, done.short, size)
        p50, most = (f"{1e3 * share(keys, at):.0f}" for at in (0.5, 1.0))
        found += [
            f"| 200 kbit/s, 300 ms, {_by(size)}: key to answer, a run live (p50, most) | {p50}, {most} ms | 300 ms |",
            f"| … the slowest screen ({slowest}) whole, from its key | {seconds:.2f} s | {goal} s |",
            f"| … the first paint whole, from the start | {begun:.2f} s | |",
        ]
    return found


def _screens(home: Home, run: str, size: tuple[int, int]) -> tuple[str, float]:
    """The screen that takes longest, and how long: from its key to the last byte of what it shows at first."""
    taken = {}
    with ours(home, "open", run, size=size, rate=BYTES_A_SECOND, delay=DELAY) as line:
        line.sees("finished")
        line.settle(2.0)
        for entry in ROUND_TRIP:
            pressed = line.type(entry.number)
            taken[entry.title] = line.settle(2.0, after=pressed) - pressed
    slowest = max(taken, key=lambda title: taken[title])
    return slowest, taken[slowest]
