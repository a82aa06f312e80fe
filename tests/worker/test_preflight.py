"""The pre-flight trains one step as the run will, and leaves nothing of it behind."""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.worker.forked import ForkServer

ARGUMENTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "bf16": {"bf16": True},
    "checkpointing": {"gradient_checkpointing": True},
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_one_step_as_the_run_will_train_it_is_taken_back(
    name: str, fork_server: ForkServer, tiny_model: Path, tmp_path: Path
) -> None:
    code = fork_server.call(
        "tests.worker.test_preflight:try_it", str(tiny_model), name, str(tmp_path), log=tmp_path / "log"
    )
    assert code == 0, (tmp_path / "log").read_text()


def try_it(given: Sequence[str]) -> None:
    """Called in a process that has torch: a pre-flight with a frozen part, a rate of the head's own, dropout."""
    import numpy as np
    import torch
    from datasets import Dataset
    from transformers import (
        AutoModelForSequenceClassification,
        AutoTokenizer,
        DataCollatorWithPadding,
        Trainer,
        TrainingArguments,
    )

    from tui_finetune.worker.parameters import freeze
    from tui_finetune.worker.steps import preflight
    from tui_finetune.worker.trainer import LoopEdge, run_trainer_class

    folder, name, place = given
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=3)
    freeze(model, ["embeddings"])
    rows = [{**tokenizer("a" * length), "labels": length % 3} for length in range(2, 12)]
    edge = LoopEdge(attempt=None, order="random", lengths=[], seed=1, head_learning_rate=1e-2)  # type: ignore[arg-type]
    trainer = run_trainer_class(Trainer)(
        edge=edge,
        model=model,
        args=TrainingArguments(place, use_cpu=True, report_to="none", **ARGUMENTS[name]),
        data_collator=DataCollatorWithPadding(tokenizer),
        train_dataset=Dataset.from_list(rows),
    )
    seen: list[tuple[bool, bool]] = []
    model.register_forward_hook(
        lambda *_: seen.append((torch.is_autocast_enabled("cpu"), bool(model.is_gradient_checkpointing)))
    )
    job: Any = SimpleNamespace(
        trainer=trainer,
        model=model,
        encoded={"train": trainer.train_dataset, "validation": trainer.train_dataset},
        controls=SimpleNamespace(safe_point=lambda: None),
        attempt=SimpleNamespace(phase=print, events=SimpleNamespace(write=lambda *_, **figures: print(figures))),
    )
    before = {key: value.clone() for key, value in model.state_dict().items()}
    drawn = random.getstate(), np.random.get_state(legacy=False), torch.random.get_rng_state()
    preflight.run(job)
    assert seen == [(name == "bf16", name == "checkpointing")] * 2
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert trainer.optimizer is None
    assert random.getstate() == drawn[0]
    assert str(np.random.get_state(legacy=False)) == str(drawn[1])
    assert torch.equal(torch.random.get_rng_state(), drawn[2])
    sys.stdout.flush()
