"""The mixin against the library it is laid over: the same order, the same losses, and every member that it overrides."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from tests.worker import training
from tests.worker.forked import ForkServer
from tests.worker.training import Ground, events, finished
from tui_finetune.paths import Home

LENGTHS = [3, 9, 4, 12, 7, 7, 1, 30, 22, 5, 18, 11, 2]
STRATEGIES = {"random": "random", "length": "group_by_length", "sequential": "sequential"}


def epochs(loader: Any, count: int) -> list[list[int]]:
    found = []
    for epoch in range(count):
        loader.set_epoch(epoch)
        found.append([int(i) for batch in loader for i in batch["index"]])
    return found


@pytest.mark.parametrize("order", STRATEGIES)
def test_three_epochs_are_in_the_order_that_trainer_draws(order: str, tmp_path: Path) -> None:
    import datasets
    import torch
    from transformers import Trainer, TrainingArguments

    from tui_finetune.worker.order import EpochOrder

    rows = datasets.Dataset.from_dict({"index": list(range(len(LENGTHS))), "length": LENGTHS})

    def indices(batch: list[dict[str, Any]]) -> dict[str, Any]:
        return {"index": [row["index"] for row in batch]}

    class Ours(Trainer):  # type: ignore[misc]
        def _get_train_sampler(self, train_dataset: Any = None) -> Any:
            return EpochOrder(order, LENGTHS, seed=11, group=2 * 2)

    def drawn(kind: type[Trainer]) -> list[list[int]]:
        arguments = TrainingArguments(
            str(tmp_path),
            per_device_train_batch_size=2,
            gradient_accumulation_steps=2,
            train_sampling_strategy=STRATEGIES[order],
            length_column_name="length",
            remove_unused_columns=False,
            seed=11,
            use_cpu=True,
            report_to="none",
        )
        trainer = kind(
            torch.nn.Linear(1, 1),
            arguments,
            train_dataset=rows,
            data_collator=lambda batch: {"index": [r["index"] for r in batch]},
        )
        torch.manual_seed(11)  # as Trainer does before it trains
        return epochs(trainer.get_train_dataloader(), 3)

    ours, theirs = drawn(Ours), drawn(Trainer)
    assert ours == theirs
    assert all(sorted(epoch) == list(range(len(LENGTHS))) for epoch in ours)


@pytest.mark.parametrize("place", ["trainer:RunTrainerMixin", "steered:SteeredLoop"])
def test_every_override_of_trainer_is_listed_and_has_the_same_parameters(place: str) -> None:
    """A new version of the library that changes one of them is met here, and not in somebody's third day of training."""
    from transformers import Trainer

    from tui_finetune.plugin_api.heavy import resolve

    module = place.partition(":")[0]
    mixin = resolve(f"tui_finetune.worker.{place}")
    named = set(re.findall(r"`(\w+)`", resolve(f"tui_finetune.worker.{module}:__doc__") or ""))
    overridden = {
        name
        for name, member in vars(mixin).items()
        if inspect.isfunction(member) and hasattr(Trainer, name) and not name.startswith("__")
    }
    assert overridden == named
    for name in overridden:
        theirs = list(inspect.signature(getattr(Trainer, name)).parameters)
        mine = list(inspect.signature(getattr(mixin, name)).parameters)
        assert len(mine) == len(theirs), f"{name}: {theirs}"


@pytest.mark.parametrize(("batch", "accumulation"), [(4, 2), (2, 4)])
def test_as_many_rows_in_a_step_give_the_same_loss(
    batch: int, accumulation: int, home: Home, workers: ForkServer, tiny_model: Path, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    ground = Ground(home, tiny_model, training.write_rows(tmp_path / "data" / "rows.csv"))
    sets: dict[str, Any] = {"batching__order": "sequential", "train__max_steps": 1, "model__dropout": 0.0}
    whole, parts = (
        finished(
            ground.start(**sets, train__per_device_train_batch_size=size, train__gradient_accumulation_steps=accumulate)
        )
        for size, accumulate in ((8, 1), (batch, accumulation))
    )
    ((one,), (other,)) = events(whole, "step"), events(parts, "step")
    assert other.get("loss") == pytest.approx(one.get("loss"), rel=1e-4)
    assert other.get("grad_norm") == pytest.approx(one.get("grad_norm"), rel=1e-3)


def test_losses_are_those_of_a_bare_trainer_script(
    home: Home, workers: ForkServer, tiny_model: Path, tmp_path: Path
) -> None:
    """To the last digit that an event keeps: neither pre-flight nor reporter nor order changes the training.

    Of the mean over a step's micro-batches, which the library's own choice would multiply by their number for this model.
    """
    folder = tmp_path / "data"
    folder.mkdir()
    ground = Ground(home, tiny_model, training.write_rows(folder / "rows.csv"))
    info = finished(ground.start(batching__order="random", train__max_steps=12))
    ours = [loss for step in events(info, "step") for loss in step.get("losses")]

    import datasets
    import torch
    from transformers import (
        AutoModelForSequenceClassification,
        AutoTokenizer,
        DataCollatorWithPadding,
        Trainer,
        TrainingArguments,
        set_seed,
    )

    from tui_finetune.config.write import read_resolved
    from tui_finetune.data.prepare import prepare
    from tui_finetune.plugin_api.manager import load_catalog

    catalog = load_catalog(home)
    recipe = read_resolved(info.paths.recipe_toml)
    prepared = prepare(recipe, catalog.tasks[recipe.task], catalog, home.cache, heavy=True)
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    ids = {"a": 0, "b": 1, "c": 2}

    def encoded(split: str) -> datasets.Dataset:
        table = prepared.splits[split]
        made = tokenizer(table["text"].to_pylist(), truncation=True, max_length=training.MAX_LENGTH)
        return datasets.Dataset.from_dict({**made, "labels": [ids[label] for label in table["label"].to_pylist()]})

    set_seed(42)
    model = AutoModelForSequenceClassification.from_pretrained(tiny_model, num_labels=3)
    torch.set_num_threads(1)
    losses: list[float] = []

    class Script(Trainer):  # type: ignore[misc]
        loss_is_scaled_for_ga = False

        def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
            if "loss" in logs:
                losses.append(logs["loss"])
            super().log(logs, start_time)

    Script(
        model,
        TrainingArguments(
            str(tmp_path / "bare"),
            learning_rate=1e-3,
            weight_decay=0.01,
            per_device_train_batch_size=4,
            gradient_accumulation_steps=2,
            max_steps=12,
            logging_steps=1,
            eval_strategy="steps",
            eval_steps=4,
            save_strategy="no",
            seed=42,
            use_cpu=True,
            report_to="none",
            disable_tqdm=True,
        ),
        train_dataset=encoded("train"),
        eval_dataset=encoded("validation"),
        data_collator=DataCollatorWithPadding(tokenizer),
    ).train()
    assert len(ours) == len(losses) == 12
    assert ours == [pytest.approx(loss, rel=1e-5) for loss in losses]
