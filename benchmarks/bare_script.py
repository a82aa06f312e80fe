"""What one would write without us: read, tokenize, train. Prints seconds of `train()` and the logged losses as JSON."""

import csv
import json
import sys
import time

from datasets import Dataset
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
    set_seed,
)

if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    with open(given["data"], newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = sorted({row["label"] for row in rows})
    tokenizer = AutoTokenizer.from_pretrained(given["model"])
    encoded = tokenizer(
        [row["text"] for row in rows],
        truncation=True,
        max_length=given["max_length"],
        padding="max_length" if given.get("padding") == "max_length" else False,
    )
    train = Dataset.from_dict({**encoded, "labels": [names.index(row["label"]) for row in rows]})
    set_seed(given["seed"])
    trainer = Trainer(
        model=AutoModelForSequenceClassification.from_pretrained(given["model"], num_labels=len(names)),
        args=TrainingArguments(
            output_dir="/nowhere",
            report_to="none",
            disable_tqdm=True,
            use_cpu=True,
            dataloader_pin_memory=False,
            seed=given["seed"],
            **given["arguments"],
        ),
        data_collator=DataCollatorWithPadding(tokenizer),
        train_dataset=train,
    )
    started = time.perf_counter()
    trainer.train()
    seconds = time.perf_counter() - started
    losses = [log["loss"] for log in trainer.state.log_history if "loss" in log]
    print(json.dumps({"seconds": seconds, "losses": losses}))
