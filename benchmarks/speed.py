"""A run with our defaults beside the guide's script and beside a well-written one with dynamic padding: seconds of training.

python -m benchmarks.speed FOLDER [--pairs 3] [--rows 256] [--max-length 256] [--write]

FOLDER holds imdb (aclImdb/train/pos and neg) and banking77 (train.csv). In turns, each in a process of its own: the guide's
(every row padded to the maximum, random order), dynamic (DataCollatorWithPadding), ours (groups of like length), and ours
in bf16, which a run of these lengths is too short to choose by itself. Ratios, not seconds: the machine may be busy.
"""

from __future__ import annotations

import argparse
import csv
import random
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from benchmarks import training
from benchmarks.common import Ratio, report

OURS = {"order": "length", "padding": "longest"}
GOALS = {"imdb": 0.5, "banking77": 0.25}
"""Of the guide's time."""


def reviews(folder: Path, rows: int) -> list[tuple[str, str]]:
    """As many of either label, drawn."""
    found = []
    for label in ("neg", "pos"):
        files = sorted((folder / "imdb" / "aclImdb" / "train" / label).glob("*.txt"))
        if not files:
            sys.exit(f"{folder}/imdb has no aclImdb/train/{label}/*.txt")
        drawn = random.Random(training.SEED).sample(files, min(rows // 2, len(files)))
        found += [(file.read_text(encoding="utf-8"), label) for file in drawn]
    random.Random(training.SEED).shuffle(found)
    return found


def questions(folder: Path, rows: int) -> list[tuple[str, str]]:
    """Drawn from the ten labels that come first, so that each has rows."""
    with (folder / "banking77" / "train.csv").open(encoding="utf-8", newline="") as file:
        found = [(row["text"], row["category"]) for row in csv.DictReader(file)]
    labels = sorted({label for _, label in found})[:10]
    found = [one for one in found if one[1] in labels]
    return random.Random(training.SEED).sample(found, min(rows, len(found)))


def written(path: Path, rows: Sequence[tuple[str, str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("text", "label"))
        writer.writerows(rows)
    return path


def in_turns(ways: dict[str, Callable[[], float]], turns: int, *, what: str) -> list[dict[str, float]]:
    """Seconds of each, after a turn that warms caches; who begins changes."""
    found = []
    for turn in range(turns + 1):
        names = [*ways] if turn % 2 else [*reversed(ways)]
        taken = {name: ways[name]() for name in names}
        told = ", ".join(f"{name} {taken[name]:.1f} s" for name in ways)
        print(f"{what}: turn {turn} of {turns}: {told}", file=sys.stderr, flush=True)
        if turn:
            found.append(taken)
    return found


def lines_of(name: str, rows: int, turns: Sequence[dict[str, float]]) -> list[str]:
    """A table's rows: each way against the guide's and against dynamic padding."""
    found = []
    for way in turns[0]:
        seconds = median(turn[way] for turn in turns)
        against = [
            "–" if way == other else f"{Ratio.of([(turn[way], turn[other]) for turn in turns]).median:.2f}"
            for other in ("guide", "dynamic")
        ]
        found.append(f"| {name}, {rows:,} rows | {way} | {seconds:.1f} s | {' | '.join(against)} |")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--rows", type=int, default=256)
    parser.add_argument("--max-length", type=int, default=256)
    parser.add_argument("--only", choices=[*GOALS], help="one of the sets")
    parser.add_argument("--write", action="store_true", help="put the result into docs/benchmarks.md")
    given = parser.parse_args()
    lines = ["| data | script | time of an epoch | against the guide's | against dynamic |", "|---|---|---|---|---|"]
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        folder = Path(name)
        for what, read in (("imdb", reviews), ("banking77", questions)):
            if given.only in (None, what):
                rows = read(given.folder, given.rows)
                data = written(folder / f"{what}.csv", rows)
                turns = in_turns(_ways(folder, data, given.max_length), given.pairs, what=what)
                lines += lines_of(what, len(rows), turns)
    goals = ", ".join(f"{name} at most {goal}" for name, goal in GOALS.items())
    lines += [
        "",
        f"MiniLM on the processor, one epoch, at most {given.max_length} tokens, {given.pairs} turns, medians.",
    ]
    report("Our defaults beside the guide's script", [*lines, f"Goal against the guide's: {goals}."], write=given.write)


def _ways(folder: Path, data: Path, length: int) -> dict[str, Callable[[], float]]:
    def ours(*, bf16: bool) -> float:
        more = {"bf16": bf16}
        return training.through_us(folder, data, max_length=length, batching=OURS, more=more).seconds

    return {
        "guide": lambda: training.by_script(data, max_length=length, padding="max_length").seconds,
        "dynamic": lambda: training.by_script(data, max_length=length).seconds,
        "ours": lambda: ours(bf16=False),
        "ours, bf16": lambda: ours(bf16=True),
    }


if __name__ == "__main__":
    main()
