"""The verbs that a person types all day, against `python -c "import click"`: what no command line made with click undercuts.

python -m benchmarks.startup [--pairs 15] [--runs 1000] [--write]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.common import Ratio, alternating, report, seconds
from tui_finetune.paths import HOME_VARIABLE, Home
from tui_finetune.runs.store import RunStore

PYTHON = sys.executable
VERBS: Sequence[Sequence[str]] = (("--help",), ("runs",), ("runs", "--json"), ("show", "latest"), ("plugins", "list"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--write", action="store_true", help="put the result into docs/benchmarks.md")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        few, many = Path(name) / "few", Path(name) / "many"
        make_runs(few, 3)
        make_runs(many, given.runs)
        lines = ["| command | against `import click` | median, seconds |", "|---|---|---|"]
        lines += [measured(verb, few, given.pairs) for verb in VERBS]
        lines.append(measured(("runs",), many, given.pairs, note=f" over {given.runs:,} runs"))
    report('Start of a verb against `python -c "import click"`', lines, write=given.write)


def make_runs(home: Path, count: int) -> None:
    """Runs that have not begun: `runs` reads the same files of each as of any other."""
    store = RunStore(Home(home).ensure())
    for index in range(count):
        store.create(f"run-{index}", kind="train", task="text-classification", of=None, model="m", data="d")


def measured(verb: Sequence[str], home: Path, pairs: int, note: str = "") -> str:
    """A row of the table."""
    name = f"{' '.join(verb)}{note}"
    taken = alternating(
        lambda: seconds([PYTHON, "-m", "tui_finetune", *verb], **{HOME_VARIABLE: str(home)}),
        lambda: seconds([PYTHON, "-c", "import click"]),
        pairs,
        what=name,
    )
    median = sorted(ours for ours, _ in taken)[len(taken) // 2]
    return f"| `{' '.join(verb)}`{note} | {Ratio.of(taken)} | {median:.3f} |"


if __name__ == "__main__":
    main()
