"""What the benchmarks share: two things measured in turns on the same machine, their ratio with its interval, the report.

A ratio of neighbours says more than two figures: what else the machine does slows both of a pair.
"""

from __future__ import annotations

import importlib.metadata
import math
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
RESULTS = REPOSITORY / "docs" / "benchmarks.md"
PAIRS = 9
"""Fewest pairs that give an interval of more than 95 %: from the second to the last but one."""
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Ratio:
    """ours / theirs over several pairs: the median, and where it lies with 95 % confidence."""

    median: float
    low: float
    high: float
    pairs: int

    @classmethod
    def of(cls, pairs: Sequence[tuple[float, float]]) -> Ratio:
        ratios = sorted(ours / theirs for ours, theirs in pairs)
        first = _rank(len(ratios))
        return cls(statistics.median(ratios), ratios[first], ratios[-1 - first], len(ratios))

    def __str__(self) -> str:
        return f"{self.median:.3f} ({self.low:.3f} to {self.high:.3f}, {self.pairs} pairs)"


def _rank(count: int) -> int:
    """Index of the order statistic that begins the interval of a median: exact, whatever the distribution."""
    outside, index = 0.0, 0
    for below in range(count // 2):
        outside += 2 * math.comb(count, below) / 2**count
        if outside > 1 - CONFIDENCE:
            break
        index = below
    return index


def alternating(
    ours: Callable[[], float], theirs: Callable[[], float], pairs: int, *, what: str
) -> list[tuple[float, float]]:
    """Seconds of both, `pairs` times after one that warms caches; who begins changes from pair to pair."""
    found = []
    for index in range(pairs + 1):
        first, second = (ours, theirs) if index % 2 else (theirs, ours)
        a, b = first(), second()
        pair = (a, b) if first is ours else (b, a)
        if index:
            found.append(pair)
        note = f"ratio {pair[0] / pair[1]:.3f}" + ("" if index else " (not counted)")
        print(f"{what}: pair {index} of {pairs}: {pair[0]:.3f} s, {pair[1]:.3f} s, {note}", file=sys.stderr, flush=True)
    return found


def seconds(command: Sequence[str], **environ: str) -> float:
    """Wall time of a process that must end with code 0."""
    started = time.perf_counter()
    ran = subprocess.run(command, capture_output=True, env={**os.environ, **environ}, cwd=REPOSITORY)
    taken = time.perf_counter() - started
    if ran.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {ran.returncode}:\n{ran.stderr.decode(errors='replace')[-2000:]}")
    return taken


def machine() -> str:
    """Date, processor, cores and versions, as a result needs them."""
    model = "unknown processor"
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    except OSError:
        model = platform.processor() or model
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = f"load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("torch", "transformers"))
    date = datetime.now(UTC).strftime("%Y-%m-%d")
    return f"{date}; {model}, {cores} cores, {load}; Python {platform.python_version()}, {versions}"


def report(title: str, lines: Sequence[str], *, write: bool) -> None:
    """Prints a section, and with `write` puts it into docs/benchmarks.md in place of the one of that title."""
    section = "\n".join([f"## {title}", "", *lines, "", f"{machine()}.", ""])
    print(section)
    if not write:
        return
    page = RESULTS.read_text(encoding="utf-8") if RESULTS.is_file() else "# Benchmarks\n"
    old = re.compile(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    replaced, count = old.subn(lambda _: section + "\n", page)
    RESULTS.write_text((replaced if count else f"{page.rstrip()}\n\n{section}").rstrip() + "\n", encoding="utf-8")
