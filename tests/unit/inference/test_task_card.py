"""The task card: written whole, read as it was, refused by name."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from tui_finetune.errors import ModelError
from tui_finetune.inference.task_card import TaskCard
from tui_finetune.plugin_api import LabelSet

CARD = TaskCard(
    task="text-classification",
    plugin="builtin",
    labels=LabelSet.of([False, 1, "zwei é😀"], ["no", "one", "zwei é😀"]),
    max_length=48,
    options={"a": 1},
    columns={"text": "review"},
    run="20261123T091502-imdb-bert-k3f9",
    metrics={"accuracy": 0.5},
)


def test_reads_back_as_it_was_written(tmp_path: Path) -> None:
    CARD.write(tmp_path)
    found = TaskCard.read(tmp_path)
    assert found == CARD
    assert [type(value) for value in found.labels.values] == [bool, int, str]
    assert (tmp_path / "task.json").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["task.json"]


def test_metrics_that_are_not_finite_are_json_and_come_back(tmp_path: Path) -> None:
    CARD.with_metrics({"loss": math.nan, "perplexity": math.inf}).write(tmp_path)
    json.loads((tmp_path / "task.json").read_text(), parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))
    found = TaskCard.read(tmp_path).metrics
    assert math.isnan(found["loss"])
    assert found["perplexity"] == math.inf
    assert CARD.metrics == {"accuracy": 0.5}, "with_metrics makes another card"


def test_keys_of_a_later_writer_are_passed_over(tmp_path: Path) -> None:
    CARD.write(tmp_path)
    path = tmp_path / "task.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "new": 1}))
    assert TaskCard.read(tmp_path) == CARD


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "has no task.json"),
        ("{", "is not a task card"),
        ("[]", "is not a task card"),
        ("{}", "is not a task card"),
        ('{"v": 2}', "is of version 2; this program reads up to 1. A newer tui-finetune reads it."),
        ('{"v": 1, "task": "t", "max_length": 4, "labels": {"names": ["a"], "values": []}}', "as many names as values"),
    ],
)
def test_what_is_no_card_is_said(text: str | None, said: str, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "task.json").write_text(text)
    with pytest.raises(ModelError) as caught:
        TaskCard.read(tmp_path)
    assert said in str(caught.value)
    assert str(tmp_path) in str(caught.value)
