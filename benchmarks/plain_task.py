"""A plain script with the library's Trainer, for the table of docs/tasks.md: the same rows, model, seed and arguments.

    python benchmarks/plain_task.py regression FOLDER --epochs 2 --rate 1e-4 --length 64 --low 0 --high 5
    python benchmarks/plain_task.py multi-label FOLDER --epochs 2 --rate 2e-4 --length 48

FOLDER holds train, dev and test as stsb and goemotions have them. Metrics are scipy's and scikit-learn's.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

SPLITS = ("train", "dev", "test")


def rows_of(folder: Path, split: str) -> list[list[str]]:
    path = next(path for path in sorted(folder.glob("*.tsv")) if path.stem.rpartition("-")[2] == split)
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def encoded(task: str, rows: list[list[str]], tokenizer: Any, asked: argparse.Namespace) -> Any:
    from datasets import Dataset

    if task == "regression":
        texts: tuple[list[str], ...] = ([row[5] for row in rows], [row[6] for row in rows])
        labels: list[Any] = [(float(row[4]) - asked.low) / (asked.high - asked.low) for row in rows]
    else:
        texts = ([row[0] for row in rows],)
        given = [{int(one) for one in row[1].split(",")} for row in rows]
        labels = [[float(label in row) for label in range(asked.labels)] for row in given]
    inputs = tokenizer(*texts, truncation=True, max_length=asked.length)
    return Dataset.from_dict({**inputs, "labels": labels})


def figures(task: str, logits: np.ndarray, gold: np.ndarray, thresholds: np.ndarray | None) -> dict[str, float]:
    if task == "regression":
        from scipy.stats import pearsonr, spearmanr

        said = np.clip(logits.reshape(-1), 0, 1)
        return {"pearson": float(pearsonr(gold, said)[0]), "spearman": float(spearmanr(gold, said)[0])}
    from sklearn.metrics import f1_score

    said = 1 / (1 + np.exp(-logits)) >= (0.5 if thresholds is None else thresholds)
    return {name: float(f1_score(gold, said, average=name, zero_division=0)) for name in ("macro", "micro")}


def tuned(logits: np.ndarray, gold: np.ndarray) -> np.ndarray:
    """The best of 99 thresholds for each label."""
    from sklearn.metrics import f1_score

    scores, grid = 1 / (1 + np.exp(-logits)), np.arange(0.01, 1.0, 0.01)
    f1 = [[f1_score(g, s >= one, zero_division=0) for one in grid] for s, g in zip(scores.T, gold.T, strict=True)]
    found: np.ndarray = grid[np.argmax(f1, axis=1)]
    return found


def main() -> None:
    from transformers import (
        AutoModelForSequenceClassification,
        AutoTokenizer,
        DataCollatorWithPadding,
        Trainer,
        TrainingArguments,
        set_seed,
    )

    parser = argparse.ArgumentParser()
    parser.add_argument("task", choices=["regression", "multi-label"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", required=True)
    for name, kind, usual in (("epochs", float, 2), ("rate", float, 1e-4), ("length", int, 64), ("batch", int, 16),
                              ("seed", int, 42), ("low", float, 0), ("high", float, 1), ("labels", int, 28)):  # fmt: skip
        parser.add_argument(f"--{name}", type=kind, default=usual)
    asked = parser.parse_args()
    started = time.monotonic()
    set_seed(asked.seed)
    tokenizer = AutoTokenizer.from_pretrained(asked.model)
    parts = {split: encoded(asked.task, rows_of(asked.folder, split), tokenizer, asked) for split in SPLITS}
    problem = "regression" if asked.task == "regression" else "multi_label_classification"
    model = AutoModelForSequenceClassification.from_pretrained(
        asked.model, num_labels=1 if asked.task == "regression" else asked.labels, problem_type=problem
    )
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder, learning_rate=asked.rate, num_train_epochs=asked.epochs, seed=asked.seed, use_cpu=True,
            per_device_train_batch_size=asked.batch, save_strategy="no", report_to="none", disable_tqdm=True,
        )  # fmt: skip
        trainer = Trainer(
            model=model, args=arguments, train_dataset=parts["train"], data_collator=DataCollatorWithPadding(tokenizer)
        )
        trainer.train()
        validation = trainer.predict(parts["dev"])
        thresholds = None if asked.task == "regression" else tuned(validation.predictions, validation.label_ids)
        test = trainer.predict(parts["test"])
    found = figures(asked.task, test.predictions, test.label_ids, thresholds)
    print(json.dumps({**found, "seconds": round(time.monotonic() - started)}))


if __name__ == "__main__":
    main()
