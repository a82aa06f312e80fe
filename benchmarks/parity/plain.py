"""What one would write without us, for each task: rows of a JSON Lines file, the library's models and Trainer. Prints the losses.

python -m benchmarks.parity.plain '{"task": ..., "data": ..., "model": ..., "max_length": ..., "seed": ..., "arguments": {...}}'
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

from datasets import Dataset
from transformers import (
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    AutoTokenizer,
    DataCollatorForTokenClassification,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
    set_seed,
)

Rows = Sequence[Mapping[str, Any]]


def text_classification(rows: Rows, tokenizer: Any, length: int) -> tuple[Any, Any, dict[str, Any]]:
    names = sorted({row["label"] for row in rows})
    inputs = tokenizer([row["text"] for row in rows], truncation=True, max_length=length)
    labels = [names.index(row["label"]) for row in rows]
    return AutoModelForSequenceClassification, {**inputs, "labels": labels}, {"num_labels": len(names)}


def multi_label(rows: Rows, tokenizer: Any, length: int) -> tuple[Any, Any, dict[str, Any]]:
    names = sorted({label for row in rows for label in row["label"]})
    inputs = tokenizer([row["text"] for row in rows], truncation=True, max_length=length)
    labels = [[float(name in row["label"]) for name in names] for row in rows]
    options = {"num_labels": len(names), "problem_type": "multi_label_classification"}
    return AutoModelForSequenceClassification, {**inputs, "labels": labels}, options


def regression(rows: Rows, tokenizer: Any, length: int) -> tuple[Any, Any, dict[str, Any]]:
    inputs = tokenizer([row["text"] for row in rows], truncation=True, max_length=length)
    options = {"num_labels": 1, "problem_type": "regression"}
    return AutoModelForSequenceClassification, {**inputs, "labels": [row["score"] for row in rows]}, options


def token_classification(rows: Rows, tokenizer: Any, length: int) -> tuple[Any, Any, dict[str, Any]]:
    names = sorted({tag for row in rows for tag in row["tags"]}, key=lambda tag: (tag != "O", tag))
    words = [row["tokens"] for row in rows]
    inputs = tokenizer(words, is_split_into_words=True, truncation=True, max_length=length)
    labels = []
    for place, row in enumerate(rows):
        of = inputs.word_ids(place)
        first = [word is not None and word != before for word, before in zip(of, [None, *of], strict=False)]
        labels.append([names.index(row["tags"][word]) if new else -100 for word, new in zip(of, first, strict=True)])
    return AutoModelForTokenClassification, {**inputs, "labels": labels}, {"num_labels": len(names)}


def question_answering(rows: Rows, tokenizer: Any, length: int) -> tuple[Any, Any, dict[str, Any]]:
    """Contexts that are short enough to be read whole."""
    questions, contexts = [row["question"] for row in rows], [row["context"] for row in rows]
    inputs = tokenizer(questions, contexts, truncation="only_second", max_length=length, return_offsets_mapping=True)
    starts, ends = [], []
    for place, row in enumerate(rows):
        (begin,), (text,) = row["answers"]["answer_start"], row["answers"]["text"]
        spans = list(enumerate(zip(inputs.sequence_ids(place), inputs["offset_mapping"][place], strict=True)))
        inside = [token for token, (side, (a, b)) in spans if side == 1 and a < begin + len(text) and b > begin]
        starts.append(inside[0])
        ends.append(inside[-1])
    del inputs["offset_mapping"]
    return AutoModelForQuestionAnswering, {**inputs, "start_positions": starts, "end_positions": ends}, {}


TASKS = {
    "text-classification": text_classification,
    "multi-label": multi_label,
    "regression": regression,
    "token-classification": token_classification,
    "question-answering": question_answering,
}


def main() -> None:
    given = json.loads(sys.argv[1])
    with open(given["data"], encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    tokenizer = AutoTokenizer.from_pretrained(given["model"])
    model_class, columns, options = TASKS[given["task"]](rows, tokenizer, given["max_length"])
    tags = given["task"] == "token-classification"
    set_seed(given["seed"])
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(
            model=model_class.from_pretrained(given["model"], **options),
            args=TrainingArguments(
                output_dir=folder,
                report_to="none",
                disable_tqdm=True,
                use_cpu=True,
                dataloader_pin_memory=False,
                seed=given["seed"],
                **given["arguments"],
            ),
            data_collator=(DataCollatorForTokenClassification if tags else DataCollatorWithPadding)(tokenizer),
            train_dataset=Dataset.from_dict(columns),
        )
        trainer.train()
    print(json.dumps([log["loss"] for log in trainer.state.log_history if "loss" in log]))


if __name__ == "__main__":
    main()
