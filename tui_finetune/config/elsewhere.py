"""Where a key that is not a setting belongs: into another table, or it is another program's word for one of ours."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from tui_finetune.config.problems import NOT_A_SETTING, table_of
from tui_finetune.config.schema import Recipe
from tui_finetune.errors import Problem, nearest

WORDS: Mapping[str, str] = {
    "lr": "train.learning_rate",
    "batch_size": "train.per_device_train_batch_size",
    "train_batch_size": "train.per_device_train_batch_size",
    "per_gpu_train_batch_size": "train.per_device_train_batch_size",
    "eval_batch_size": "train.per_device_eval_batch_size",
    "epochs": "train.num_train_epochs",
    "num_epochs": "train.num_train_epochs",
    "evaluation_strategy": "train.eval_strategy",
    "warmup_ratio": "train.warmup_steps, where a number below 1 is a share of all steps",
    "scheduler": "train.lr_scheduler_type",
    "optimizer": "train.optim",
    "group_by_length": 'batching.order = "length"',
    "no_cuda": 'run.device = "cpu"',
    "device": "run.device",
    "max_length": "model.max_length",
    "padding": "batching.padding",
    "metrics": "evaluate.metrics",
    "head_learning_rate": "optim.head_learning_rate",
    "freeze": "model.freeze",
    "micro_batch_size": "train.per_device_train_batch_size",
    "grad_accum": "train.gradient_accumulation_steps",
    "lr_scheduler": "train.lr_scheduler_type",
    "base_model": "model.path",
    "model_name": "model.path",
    "model_name_or_path": "model.path",
    "pretrained_model": "model.path",
    "sequence_len": "model.max_length",
    "max_len": "model.max_length",
    "max_seq_length": "model.max_length",
    "cutoff_len": "model.max_length",
    "dataset": "data.path",
    "dataset_name": "data.path",
    "train_file": "data.path",
    "validation_file": "data.validation",
    "test_file": "data.test",
    "val_set_size": "data.validation",
    "validation_split": "data.validation",
    "text": "data.columns.text",
    "label": "data.columns.label",
    "text_column": "data.columns.text",
    "label_column": "data.columns.label",
    "max_samples": "data.limit",
    "max_train_samples": "data.limit",
}
"""Names from other versions, places and programs, and what one writes here."""


def pointed(problem: Problem, arguments: Collection[str]) -> Problem:
    """A problem, if of an unknown key with the key as its hint that was probably meant.

    arguments: the names that `[train]` takes.
    """
    if problem.message != NOT_A_SETTING or problem.key is None:
        return problem
    table, _, name = problem.key.rpartition(".")
    if (place := WORDS.get(name.casefold())) is not None:
        return replace(problem, hint=f"Here it is {place}.")
    if (problem.hint or "").startswith("Did you mean"):
        return problem
    known = _by_name(arguments)
    likely = known.get(name) or (known.get(nearest(name, known) or "") if not table else None)
    return replace(problem, hint=f"Did you mean {' or '.join(likely)}?") if likely else problem


def _by_name(arguments: Collection[str]) -> dict[str, list[str]]:
    """The last part of each key of a recipe's tables to the whole keys."""
    found: dict[str, list[str]] = {}
    for table, field in Recipe.model_fields.items():
        inside = table_of(field.annotation)
        names = arguments if table == "train" else inside.model_fields if inside is not None else ()
        for name in names:
            if table not in ("preprocess", "change"):
                found.setdefault(name, []).append(f"{table}.{name}")
    return found
