"""Runs with a model and with stored evaluations, made without torch: what the Predict and Evaluate screens look at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.fakes import FakeRun, finished_run
from tests.model_folders import model_folder
from tui_finetune.builtin.metrics import METRICS
from tui_finetune.builtin.tasks.text_classification import TextClassification
from tui_finetune.builtin.tasks.token_classification import TokenClassification
from tui_finetune.evaluation.measure import measure
from tui_finetune.evaluation.predictions import PredictionWriter, common_columns, common_schema
from tui_finetune.evaluation.reports import make_report, write_report
from tui_finetune.inference.task_card import TaskCard
from tui_finetune.paths import Home
from tui_finetune.plugin_api import Baseline, Decoded, LabelSet, Task
from tui_finetune.runs.layout import PREDICTIONS, REPORT, RunPaths

Row = tuple[str, str, str, float]
"""Text, gold, predicted, score of what was predicted."""
LABELS = ("long", "short")
RECIPE = """version = 1
kind = "train"
task = "text-classification"
[data]
source = "csv"
path = "/data/texts.csv"
[model]
path = "google-bert/bert-base-uncased"
"""


def trained_run(
    home: Home, name: str, *, labels: Sequence[str] = LABELS, pairs: bool = False, **result: Any
) -> FakeRun:
    """A finished run whose model a helper could load."""
    run = finished_run(home, name, **result)
    run.paths.recipe_toml.write_text(RECIPE)
    columns = {"text": "text", **({"text_pair": "second"} if pairs else {}), "label": "label"}
    model_card(run.paths.model, labels, columns=columns, run=run.id)
    return run


def model_card(
    folder: Path, labels: Sequence[str], *, task: str = "text-classification", run: str | None = None, **facts: Any
) -> Path:
    """A model folder that looks right, with its task card."""
    architecture = "BertForTokenClassification" if task == "token-classification" else "BertForSequenceClassification"
    model_folder(folder, {"architectures": [architecture]})
    TaskCard(task, "builtin", LabelSet.of(list(labels)), 8, run=run, **facts).write(folder)
    return folder


def store(
    paths: RunPaths, rows: Sequence[Row], *, labels: Sequence[str] | None = None, split: str = "test", **inputs: Any
) -> Path:
    """Predictions and report of label rows. inputs: further columns, as `text_pair`, `row_id`."""
    task, names = TextClassification(), tuple(labels or sorted({label for row in rows for label in row[1:3]}))
    known = LabelSet.of(names)
    logits = []
    for _, _, predicted, score in rows:
        rest = (1 - score) / max(1, len(names) - 1)
        logits.append(np.log([score if name == predicted else max(rest, 1e-9) for name in names]))
    gold = [names.index(row[1]) for row in rows]
    columns: dict[str, Any] = {
        "row_id": [f"data.csv:{i}" for i in range(len(rows))],
        "row_hash": [f"{i:016x}" for i in range(len(rows))],
        "text": [row[0] for row in rows],
        "labels": gold,
        "length": [len(row[0].split()) + 2 for row in rows],
        "truncated": [False] * len(rows),
        **inputs,
    }
    roles = [name for name in ("text", "text_pair") if name in columns]
    return _write(paths, split, task, columns, task.decode(logits, columns, known, {}), roles)


def store_tags(
    paths: RunPaths, rows: Sequence[tuple[Sequence[str], Sequence[str], Sequence[str]]], split: str = "test"
) -> Path:
    """Predictions and report of tagged rows: words, gold tags, predicted tags."""
    task = TokenClassification()
    names = tuple(sorted({tag for row in rows for tags in row[1:] for tag in tags}, key=lambda tag: (tag != "O", tag)))
    columns: dict[str, Any] = {
        "row_id": [f"data.conll:{i}" for i in range(len(rows))],
        "row_hash": [f"{i:016x}" for i in range(len(rows))],
        "tokens": [list(row[0]) for row in rows],
        "tags": [list(row[1]) for row in rows],
        "word_starts": [list(range(len(row[0]))) for row in rows],
        "length": [len(row[0]) + 2 for row in rows],
        "truncated": [False] * len(rows),
    }
    logits = [np.array([[3.0 if name == tag else 0.0 for name in names] for tag in row[2]]) for row in rows]
    return _write(paths, split, task, columns, task.decode(logits, columns, LabelSet.of(names), {}), ["tokens"])


def _write(
    paths: RunPaths, split: str, task: Task, columns: dict[str, Any], decoded: Decoded, roles: Sequence[str]
) -> Path:
    folder = paths.evaluation(split)
    folder.mkdir(parents=True, exist_ok=True)
    with PredictionWriter(folder / PREDICTIONS, common_schema(task, decoded.labels, roles)) as writer:
        writer.write({**common_columns(task, columns, decoded), **task.prediction_columns(decoded)})
    wanted = task.default_metrics(decoded.labels)
    figures = measure(decoded, [metric for metric in METRICS if metric.name in wanted and metric.shape == task.shape])
    baselines = [Baseline("majority", dict.fromkeys(figures, 0.1), "The most frequent label, always.")]
    write_report(folder / REPORT, make_report(task, decoded, figures, baselines, split=split))
    return folder
