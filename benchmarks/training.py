"""Runs of the same training, through us and by a bare script, and the seconds that training alone took of each."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.common import REPOSITORY

SEED = 42
ARGUMENTS: dict[str, Any] = {
    "learning_rate": 5e-5,
    "per_device_train_batch_size": 16,
    "num_train_epochs": 1,
    "weight_decay": 0.01,
    "logging_steps": 5,
    "logging_nan_inf_filter": False,
    "eval_strategy": "no",
    "save_strategy": "no",
    "warmup_steps": 0,
    "bf16": False,
}
"""All that both are given; neither evaluates or saves within the loop."""


@dataclass(frozen=True)
class Trained:
    """What one run took and learnt."""

    seconds: float
    """From the beginning to the end of `Trainer.train`."""
    losses: tuple[float, ...]
    """As logged, every digit."""
    tokens: int = 0


def write_rows(folder: Path, rows: int) -> Path:
    """A CSV file with the first rows of the demo's data."""
    from tui_finetune.builtin.sources.stdlib_docs import StdlibDocs
    from tui_finetune.plugin_api import OpenRequest

    split = StdlibDocs().open(OpenRequest(None, folder / "cache")).splits["train"]
    table = split.table().slice(0, split.rows).take(list(range(0, split.rows, max(1, split.rows // rows)))[:rows])
    path = folder / "rows.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("text", "label"))
        writer.writerows(zip(table["text"].to_pylist(), table["label"].to_pylist(), strict=True))
    return path


def model_folder() -> Path:
    """The demo's model."""
    from tui_finetune.inference.builtin_models import builtin_folder
    from tui_finetune.paths import Home

    return builtin_folder("builtin:all-MiniLM-L6-v2", Home(Path(tempfile.mkdtemp(prefix="benchmark-"))))


def through_us(
    folder: Path, data: Path, *, max_length: int, batching: Mapping[str, str], more: Mapping[str, Any] | None = None
) -> Trained:
    """`tui-finetune train`, its worker's own events read afterwards. more: arguments beside, or in place of, ARGUMENTS."""
    recipe = folder / "recipe.toml"
    recipe.write_text(_recipe(data, max_length, batching, {**ARGUMENTS, **(more or {})}), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "tui_finetune",
        "train",
        str(recipe),
        "--wait",
        "--json",
        "--home",
        str(folder / "home"),
    ]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY)
    if ran.returncode != 0:
        sys.exit(f"train ended with {ran.returncode}:\n{ran.stderr[-3000:]}")
    events = (Path(json.loads(ran.stdout)["path"]) / "events.jsonl").read_text(encoding="utf-8").splitlines()
    return from_events([json.loads(line) for line in events])


def from_events(events: Sequence[Mapping[str, Any]]) -> Trained:
    """The training phase: from its beginning to the beginning of the next one."""
    phases = [(e["phase"], e["t"]) for e in events if e["event"] == "phase"]
    begin = next(index for index, (phase, _) in enumerate(phases) if phase == "training")
    steps = [e for e in events if e["event"] == "step"]
    tokens = next((e["tokens"] for e in events if e["event"] == "plan"), 0)
    return Trained(phases[begin + 1][1] - phases[begin][1], tuple(e["loss"] for e in steps), tokens)


def by_script(data: Path, *, max_length: int, padding: str = "longest") -> Trained:
    """The bare script, in a process of its own. padding: longest, of each batch; max_length, as the guide has it."""
    given = {
        "data": str(data),
        "model": str(model_folder()),
        "max_length": max_length,
        "padding": padding,
        "seed": SEED,
        "arguments": ARGUMENTS,
    }
    command = [sys.executable, "-m", "benchmarks.bare_script", json.dumps(given)]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY)
    if ran.returncode != 0:
        sys.exit(f"the bare script ended with {ran.returncode}:\n{ran.stderr[-3000:]}")
    found = json.loads(ran.stdout.splitlines()[-1])
    return Trained(found["seconds"], tuple(found["losses"]))


def _recipe(data: Path, max_length: int, batching: Mapping[str, str], given: Mapping[str, Any]) -> str:
    arguments = "\n".join(f"{key} = {json.dumps(value)}" for key, value in given.items())
    return f"""version = 1
task = "text-classification"

[run]
device = "cpu"
seed = {SEED}

[data]
source = "csv"
path = {json.dumps(str(data))}
validation = {json.dumps(str(data))}
test = {json.dumps(str(data))}
limit_eval = 8

[model]
path = {json.dumps(str(model_folder()))}
max_length = {max_length}

[batching]
order = "{batching["order"]}"
padding = "{batching["padding"]}"

[train]
{arguments}
"""
