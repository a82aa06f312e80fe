"""How far off a forecast is: MiniLM trained in two shapes, what pre-flight said beside what came.

python -m benchmarks.forecast [--rows 1920] [--times 3] [--write]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import training
from benchmarks.common import REPOSITORY, report
from tui_finetune.live.forecast import NAMES, Row, result_rows

GOAL = 0.10
JUDGED = ("peak memory", "time")


@dataclass(frozen=True)
class Shape:
    """One way of training the same rows."""

    name: str
    batch: int
    max_length: int
    order: str
    padding: str
    epochs: int


SHAPES = (
    Shape("batch 16, at most 48 tokens, length groups", 16, 48, "length", "longest", 2),
    Shape("batch 8, every row 128 tokens long, random order", 8, 128, "random", "max_length", 1),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1920)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="put the result into docs/benchmarks.md")
    given = parser.parse_args()
    lines = [
        f"MiniLM on the processor, {given.rows} short sentences, evaluated and saved at each epoch's end; the median of "
        f"{given.times} runs by the size of its error, in brackets the largest error. Goal: memory and time within "
        f"{GOAL:.0%}.",
        "",
        "| shape | figure | forecast | came | error |",
        "|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        folder = Path(name)
        data = training.write_rows(folder, given.rows)
        for shape in SHAPES:
            results = [train(folder, data, shape) for _ in range(given.times)]
            lines += table(shape.name, [{row.name: row for row in result_rows(result)} for result in results])
    report("Forecasts against what came", lines, write=given.write)


def train(folder: Path, data: Path, shape: Shape) -> Mapping[str, Any]:
    """The `forecast_result` of one run."""
    recipe = folder / "recipe.toml"
    recipe.write_text(_recipe(data, shape), encoding="utf-8")
    command = [sys.executable, "-m", "tui_finetune", "train", str(recipe), "--wait", "--json"]
    ran = subprocess.run([*command, "--home", str(folder / "home")], capture_output=True, text=True, cwd=REPOSITORY)
    if ran.returncode != 0:
        sys.exit(f"train ended with {ran.returncode}:\n{ran.stderr[-3000:]}")
    found: Mapping[str, Any] = json.loads(ran.stdout)["forecast_result"]
    print(f"{shape.name}: {found}", file=sys.stderr, flush=True)
    return found


def table(shape: str, runs: Sequence[Mapping[str, Row]]) -> list[str]:
    """One line a figure: the run of the median error, and the largest error of all."""
    lines = []
    for name in NAMES.values():
        rows = sorted((run[name] for run in runs if name in run), key=lambda row: abs(row.error or 0.0))
        if not rows:
            continue
        middle = rows[(len(rows) - 1) // 2]
        judged = f"**{middle.off}**" if name in JUDGED else middle.off
        lines.append(f"| {shape} | {name} | {middle.forecast} | {middle.actual} | {judged} ({rows[-1].off}) |")
        shape = ""
    return lines


def _recipe(data: Path, shape: Shape) -> str:
    return f"""version = 1
task = "text-classification"

[run]
device = "cpu"
seed = {training.SEED}

[data]
source = "csv"
path = {json.dumps(str(data))}
validation = 0.2

[model]
path = {json.dumps(str(training.model_folder()))}
max_length = {shape.max_length}

[batching]
order = "{shape.order}"
padding = "{shape.padding}"

[train]
learning_rate = 5e-5
per_device_train_batch_size = {shape.batch}
num_train_epochs = {shape.epochs}
"""


if __name__ == "__main__":
    main()
