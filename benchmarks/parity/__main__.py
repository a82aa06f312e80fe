"""The losses of a run with our speed choices off beside those of a plain script, for the tasks that both have, digit by digit.

python -m benchmarks.parity [--only TASK] [--steps 4]

The rows are made up: what is compared is the arithmetic, not the quality. Ends with 1 where any loss differs.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.common import REPOSITORY
from benchmarks.training import ARGUMENTS, SEED, model_folder

LENGTH, BATCH = 48, 4
WORDS = ("red", "round", "sweet", "blue", "square", "sour", "unforeseeable", "Köln")


def _texts(draw: random.Random) -> str:
    return " ".join(draw.choices(WORDS, k=draw.randint(2, 12)))


def _asked(draw: random.Random) -> dict[str, Any]:
    words = draw.choices(WORDS, k=8)
    place = draw.randrange(8)
    start = len(" ".join(words[:place])) + (1 if place else 0)
    answers = {"text": [words[place]], "answer_start": [start]}
    return {"question": f"Which word is number {place}?", "context": " ".join(words), "answers": answers}


def _tagged(draw: random.Random) -> dict[str, Any]:
    tokens = draw.choices(WORDS, k=draw.randint(2, 9))
    return {"tokens": tokens, "tags": ["B-COLOUR" if token in ("red", "blue") else "O" for token in tokens]}


TASKS: dict[str, tuple[Callable[[random.Random], dict[str, Any]], str, str]] = {
    "text-classification": (
        lambda draw: {"text": _texts(draw), "label": draw.choice("abc")},
        'task = "text-classification"',
        'columns = { text = "text", label = "label" }',
    ),
    "multi-label": (
        lambda draw: {"text": _texts(draw), "label": draw.sample("abc", draw.randint(1, 2))},
        'task = "text-classification"\ntask_options = { problem_type = "multi_label_classification" }',
        'columns = { text = "text", label = "label" }',
    ),
    "regression": (
        lambda draw: {"text": _texts(draw), "score": round(draw.random(), 3)},
        'task = "regression"',
        'columns = { text = "text", score = "score" }',
    ),
    "token-classification": (
        _tagged,
        'task = "token-classification"',
        'columns = { tokens = "tokens", tags = "tags" }',
    ),
    "question-answering": (
        _asked,
        'task = "question-answering"',
        'columns = { question = "question", context = "context" }',
    ),
}
"""To a row of it, the head of its recipe, and its columns."""


def compared(task: str, steps: int, folder: Path) -> tuple[list[float], list[float]]:
    """Losses of ours and of the plain script."""
    make, head, columns = TASKS[task]
    draw, data = random.Random(SEED), folder / f"{task}.jsonl"
    data.write_text("".join(json.dumps(make(draw)) + "\n" for _ in range(BATCH * steps)), encoding="utf-8")
    arguments = {**ARGUMENTS, "per_device_train_batch_size": BATCH, "logging_steps": 1}
    recipe = folder / f"{task}.toml"
    recipe.write_text(_recipe(head, data, columns, arguments), encoding="utf-8")
    given = {"task": task, "data": str(data), "model": str(model_folder()), "max_length": LENGTH, "seed": SEED}
    plain = _output("-m", "benchmarks.parity.plain", json.dumps({**given, "arguments": arguments}))
    home = str(folder / "home")
    ran = _output("-m", "tui_finetune", "train", str(recipe), "--wait", "--json", "--home", home)
    events = (Path(json.loads(ran)["path"]) / "events.jsonl").read_text(encoding="utf-8").splitlines()
    read = [json.loads(line) for line in events]
    return [event["loss"] for event in read if event["event"] == "step"], json.loads(plain.splitlines()[-1])


def _output(*arguments: str) -> str:
    ran = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, cwd=REPOSITORY)
    if ran.returncode != 0:
        sys.exit(f"{' '.join(arguments)} ended with {ran.returncode}:\n{ran.stdout[-1000:]}{ran.stderr[-3000:]}")
    return ran.stdout


def _recipe(head: str, data: Path, columns: str, arguments: dict[str, Any]) -> str:
    """All that is for speed switched off: random order, fp32."""
    lines = "\n".join(f"{key} = {json.dumps(value)}" for key, value in arguments.items())
    return f"""version = 1
{head}
[run]
device = "cpu"
seed = {SEED}
[data]
path = {json.dumps(str(data))}
validation = {json.dumps(str(data))}
test = {json.dumps(str(data))}
limit_eval = 4
{columns}
[model]
path = {json.dumps(str(model_folder()))}
max_length = {LENGTH}
[batching]
order = "random"
[train]
{lines}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=[*TASKS])
    parser.add_argument("--steps", type=int, default=4)
    given = parser.parse_args()
    differ = []
    print("| task | losses of the first steps | plain script |\n|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        for task in [given.only] if given.only else TASKS:
            ours, plain = compared(task, given.steps, Path(name))
            same = ours == plain
            differ += [] if same else [task]
            print(f"| {task} | {ours} | {'the same, every digit' if same else plain} |", flush=True)
    sys.exit(f"different: {', '.join(differ)}" if differ else 0)


if __name__ == "__main__":
    main()
