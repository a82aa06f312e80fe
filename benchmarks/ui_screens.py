"""Start, keys, long runs and memory of the interface."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.common import Ratio, alternating
from tests.fakes import FakeRun, many_ended
from tests.ui.line import Line
from tui_finetune.paths import HOME_VARIABLE, Home

PYTHON = sys.executable
RUNS = 1000
BARE_ROWS = 20
KEYS = 400
ROUND = 20
"""Keys that one of two programs gets before the other has its turn."""
EVENTS = 1_000_000
DOWN, UP = "\x1b[B", "\x1b[A"
FRAME_ENDS = b"\x1b[?2026l"
TRAINING = """
import torch
torch.set_num_threads(2)
model = torch.nn.Sequential(*(torch.nn.Linear(384, 384) for _ in range(6)))
optimizer = torch.optim.AdamW(model.parameters())
while True:
    model(torch.randn(512, 384)).square().mean().backward()
    optimizer.step()
"""


def ours(home: Home, *arguments: str, size: tuple[int, int] = (80, 24), **line: float) -> Line:
    """The interface on a home."""
    return Line(*arguments, size=size, environ={HOME_VARIABLE: str(home.root)}, **line)  # type: ignore[arg-type]


def bare(rows: int) -> Line:
    return Line(str(rows), command=(PYTHON, "-m", "benchmarks.bare_app"))


def first_paint(folder: Path, pairs: int) -> Sequence[str]:
    home = Home(folder).ensure()
    many_ended(home, RUNS)

    def seconds(begin: Callable[[], Line], text: str) -> Callable[[], float]:
        def measure() -> float:
            with begin() as line:
                return line.sees(text) - line.started

        return measure

    theirs = seconds(lambda: bare(BARE_ROWS), "Runs")
    first = alternating(seconds(lambda: ours(home), "Runs"), theirs, pairs, what="first paint")
    rows = alternating(seconds(lambda: ours(home), "bulk-"), theirs, pairs, what="first rows")
    return [
        f"| first paint, `Runs` on it, against the bare app's | {Ratio.of(first)}, {_median(first):.2f} s | at most 2 |",
        f"| the newest of {RUNS:,} runs listed, against the bare app's first paint | {Ratio.of(rows)}, {_median(rows):.2f} s | |",
    ]


def _median(pairs: Sequence[tuple[float, float]]) -> float:
    return statistics.median(ours for ours, _ in pairs)


@contextmanager
def training() -> Iterator[None]:
    """Steps of a small network on both cores, as long as it is wanted."""
    process = subprocess.Popen([PYTHON, "-c", TRAINING], env={**os.environ, "OMP_NUM_THREADS": "2"})
    try:
        yield
    finally:
        process.kill()
        process.wait()


def painted(line: Line, key: str) -> float:
    """Seconds from a key to the end of the frame that it makes."""
    pressed = line.type(key)
    line.until(lambda: any(FRAME_ENDS in data for _, data in line.since(pressed)), f"a paint after {key!r}", seconds=10)
    return next(t for t, data in line.since(pressed) if FRAME_ENDS in data) - pressed


def share(times: Sequence[float], quantile: float) -> float:
    return sorted(times)[min(len(times) - 1, int(quantile * len(times)))]


def _p50_p99(times: Sequence[float]) -> str:
    return f"{1e3 * share(times, 0.5):.1f}, {1e3 * share(times, 0.99):.1f}"


def keys_under_load(folder: Path, pairs: int) -> Sequence[str]:
    home = Home(folder).ensure()
    many_ended(home, RUNS)
    with ExitStack() as stack:
        one, other = stack.enter_context(ours(home)), stack.enter_context(bare(RUNS))
        one.sees("bulk-"), other.sees("run-")
        one.settle(1.5), other.settle()
        alone = _keys(one, other, 100)
        stack.enter_context(training())
        loaded = _keys(one, other, KEYS)
    found = []
    for name, (mine, theirs) in (("", alone), (", a training on both cores", loaded)):
        goal = "p99 under 50 ms" if name else ""
        found.append(
            f"| key to paint, {RUNS:,} runs listed{name}: p50, p99 | {_p50_p99(mine)} ms; bare {_p50_p99(theirs)} ms | {goal} |"
        )
    return found


def _keys(one: Line, other: Line, count: int) -> tuple[list[float], list[float]]:
    times: tuple[list[float], list[float]] = ([], [])
    for begun in range(0, count, ROUND):
        for line, found in zip((one, other), times, strict=True):
            found += [painted(line, UP if begun // ROUND % 4 == 3 else DOWN) for _ in range(ROUND)]
    return times


def long_run(folder: Path, pairs: int) -> Sequence[str]:
    home = Home(folder).ensure()
    many_ended(home, 3)
    run = FakeRun(home, "long").begin().plan(steps=EVENTS + 1000, steps_per_epoch=10_000, epochs=100.0)
    run.step(1)
    line = run.paths.events.read_bytes().splitlines()[-1].decode()
    with run.paths.events.open("a", encoding="utf-8") as file:
        file.writelines(
            line.replace('"step":1,', f'"step":{step},').replace('"loss":0.5', f'"loss":{50 / (50 + step**0.5):.4f}')
            + "\n"
            for step in range(2, EVENTS)
        )
    run.step(EVENTS, loss=0.05)
    opened, whole, drawn = [], [], []
    for _ in range(max(3, pairs // 3)):
        with ours(home) as screen:
            run.beat()
            screen.sees("long")
            screen.settle(1.0)
            pressed = screen.type("\r")
            opened.append(screen.sees("health:", pressed) - pressed)
            whole.append(screen.settle(3.0) - pressed)
            drawn += [painted(screen, key) for key in "+" * 8 + "-" * 8]
            after = screen.memory()
    size = run.paths.events.stat().st_size / 1e6
    return [
        f"| a run of {EVENTS:,} events ({size:.0f} MB) opened | {statistics.median(opened):.2f} s | within 1 s |",
        f"| … and read whole | {statistics.median(whole):.1f} s | |",
        f"| … its chart drawn anew, key to paint: p50, p99 | {_p50_p99(drawn)} ms | a frame |",
        f"| … memory of the interface then | {_said(after)} | under 120 MB |",
    ]


def memory(folder: Path, pairs: int) -> Sequence[str]:
    home = Home(folder).ensure()
    many_ended(home, RUNS)
    data = folder / "rows.csv"
    with data.open("w", encoding="utf-8") as file:
        file.write("text,label\n")
        file.writelines(
            f"row {row} of a file of some size that says a thing or two,{'abc'[row % 3]}\n" for row in range(200_000)
        )
    with ours(home) as screen, bare(RUNS) as other:
        screen.sees("bulk-"), other.sees("run-")
        screen.settle(3.0), other.settle()
        alone, theirs = screen.memory(), other.memory()
        screen.type("2")
        screen.sees("[2 Data]")
        screen.type("i")
        screen.sees("Open data")
        screen.type(f"{data}\r")
        screen.sees("200,000")
        screen.settle(3.0)
        opened, helpers = screen.memory(), screen.memory(children=True)
    more = (helpers["pss"] - alone["pss"]) / 1e6
    return [
        f"| memory, {RUNS:,} runs listed | {_said(alone)}; bare app {_said(theirs)} | under 120 MB |",
        f"| memory, data of 200,000 rows open: the interface | {_said(opened)} | |",
        f"| … with its helper | {_said(helpers)}: {more:.0f} MB more | at most 150 MB more |",
    ]


def _said(found: dict[str, int]) -> str:
    return f"RSS {found['rss'] / 1e6:.0f} MB, PSS {found['pss'] / 1e6:.0f} MB"
