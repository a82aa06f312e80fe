"""A plain script with sentence-transformers' own trainer, for the table of docs/tasks.md: same rows, model, seed and arguments.

    python benchmarks/plain_similarity.py FOLDER --model FOLDER_OF_THE_MODEL --epochs 2 --rate 5e-5 --length 64 --high 5

FOLDER holds train and test as stsb has them. Correlations are scipy's, before the training and after it.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.plain_task import rows_of


def correlations(model: Any, rows: list[list[str]]) -> dict[str, float]:
    from scipy.stats import pearsonr, spearmanr

    one, other = (model.encode([row[place] for row in rows]) for place in (5, 6))
    similar, gold = (one * other).sum(axis=1), [float(row[4]) for row in rows]
    return {"pearson": float(pearsonr(gold, similar)[0]), "spearman": float(spearmanr(gold, similar)[0])}


def trained(model: Any, rows: list[list[str]], asked: argparse.Namespace) -> float:
    """Seconds."""
    from datasets import Dataset
    from sentence_transformers import SentenceTransformerTrainer, SentenceTransformerTrainingArguments
    from sentence_transformers.sentence_transformer.losses import CoSENTLoss

    data = Dataset.from_dict(
        {
            "first": [row[5] for row in rows],
            "second": [row[6] for row in rows],
            "score": [float(row[4]) / asked.high for row in rows],
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        arguments = SentenceTransformerTrainingArguments(
            folder, num_train_epochs=asked.epochs, learning_rate=asked.rate, per_device_train_batch_size=16,
            weight_decay=0.01, seed=42, use_cpu=True, save_strategy="no", report_to="none", disable_tqdm=True,
        )  # fmt: skip
        started = time.monotonic()
        SentenceTransformerTrainer(model=model, args=arguments, train_dataset=data, loss=CoSENTLoss(model)).train()
        return time.monotonic() - started


def main() -> None:
    from sentence_transformers import SentenceTransformer

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", required=True)
    parser.add_argument("--epochs", type=float, default=2)
    parser.add_argument("--rate", type=float, default=5e-5)
    parser.add_argument("--length", type=int, default=64)
    parser.add_argument("--high", type=float, default=5)
    asked = parser.parse_args()
    model = SentenceTransformer(asked.model, device="cpu")
    model.max_seq_length = asked.length
    test = rows_of(asked.folder, "test")
    before = correlations(model, test)
    seconds = trained(model, rows_of(asked.folder, "train"), asked)
    print(json.dumps({"before": before, "after": correlations(model, test), "seconds": round(seconds)}, indent=2))


if __name__ == "__main__":
    main()
