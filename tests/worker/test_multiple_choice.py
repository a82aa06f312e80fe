"""multiple-choice on a tiny model: the library's loss, rows with different numbers of choices, and a whole run."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.calling import Cli
from tests.worker.forked import ForkServer
from tui_finetune.builtin.tasks.multiple_choice import MultipleChoice
from tui_finetune.inference.encoders import light_encoder
from tui_finetune.plugin_api import LabelSet, ModelRequest
from tui_finetune.plugin_api.heavy import resolve
from tui_finetune.plugin_api.testing_heads import make_tiny_model
from tui_finetune.runs.layout import RunPaths

TASK, FOUR = MultipleChoice(), LabelSet.of([0, 1, 2, 3])
LENGTH = 24
ROWS: dict[str, list[Any]] = {
    "text": ["she sits", "he runs off", "it"],
    "choices": [["down", "up and away", "in"], ["a", "b", "c d e f"], ["no", "yes", "x"]],
    "label": [0, 2, 1],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("choices") / "tiny")


def batch_of(head: Any, folder: Path, rows: dict[str, list[Any]]) -> tuple[Any, dict[str, list[Any]]]:
    from transformers import AutoTokenizer

    encoded = TASK.encode(rows, light_encoder(folder, LENGTH), FOUR)
    names = [name for name in ("input_ids", "labels", "choice_count", *head.inputs) if name in encoded]
    collate = head.collator(AutoTokenizer.from_pretrained(folder), padding="longest", max_length=LENGTH)
    return collate([{name: encoded[name][at] for name in names} for at in range(len(rows["text"]))]), encoded


def test_loss_and_scores_are_the_librarys(folder: Path, tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForMultipleChoice, AutoTokenizer

    head = resolve(TASK.heavy)(TASK)
    model = head.load_model(ModelRequest(str(folder), FOUR, {})).eval()
    model.save_pretrained(tmp_path)
    theirs, tokenizer = (
        AutoModelForMultipleChoice.from_pretrained(tmp_path).eval(),
        AutoTokenizer.from_pretrained(folder),
    )
    batch, encoded = batch_of(head, folder, ROWS)
    pairs = [(text, one) for text, row in zip(ROWS["text"], ROWS["choices"], strict=True) for one in row]
    plain = tokenizer([a for a, _ in pairs], [b for _, b in pairs], padding=True, return_tensors="pt")
    plain = {name: value.reshape(3, 3, -1) for name, value in plain.items()}
    with torch.no_grad():
        wanted = theirs(**plain, labels=torch.tensor(ROWS["label"]))
        found = model(**batch)
    assert found.loss.item() == pytest.approx(wanted.loss.item(), abs=1e-6)
    assert torch.allclose(found.logits, wanted.logits, atol=1e-6)
    decoded = TASK.decode(list(found.logits.numpy()), {**ROWS, **encoded}, FOUR, {})
    assert decoded.losses is not None
    assert decoded.losses.mean() == pytest.approx(wanted.loss.item(), abs=1e-6)


def test_a_row_is_the_same_beside_rows_with_more_choices(folder: Path) -> None:
    import torch
    from transformers import AutoTokenizer

    head = resolve(TASK.heavy)(TASK)
    model = head.load_model(ModelRequest(str(folder), FOUR, {})).eval()
    rows = {**ROWS, "choices": [ROWS["choices"][0][:2], *ROWS["choices"][1:]]}
    alone = {name: values[:1] for name, values in rows.items()}
    tokenizer = AutoTokenizer.from_pretrained(folder)
    found = []
    for given in (rows, alone):
        batch, encoded = batch_of(head, folder, given)
        with torch.no_grad():
            loss = model(**batch).loss
            logits = head.score(model, batch, tokenizer)
        assert torch.isfinite(loss)
        found.append(TASK.decode(logits, {**given, **encoded}, FOUR, {}))
    one, other = (decoded.scores[0] for decoded in found if decoded.scores is not None)
    assert one.tolist() == pytest.approx(other.tolist(), abs=1e-6)
    assert one[2:].tolist() == [0, 0]


RECIPE = """
task = "multiple-choice"
name = "endings"
[run]
device = "cpu"
[data]
path = "rows.jsonl"
validation = 0.2
test = 0.2
[model]
path = "{model}"
max_length = {length}
[train]
learning_rate = 3e-3
per_device_train_batch_size = 8
num_train_epochs = 4
"""
KINDS = {"red": "a rose", "blue": "a sky", "sour": "a lemon", "loud": "a drum"}


def write_rows(path: Path) -> None:
    """The first word tells which thing is right; of the others one to three stand beside it."""
    draw = random.Random(3)
    lines = []
    for number in range(80):
        word = draw.choice(list(KINDS))
        others = draw.sample([thing for name, thing in KINDS.items() if name != word], draw.randint(1, 3))
        choices = [KINDS[word], *others]
        draw.shuffle(choices)
        lines.append(json.dumps({"text": f"{word} {number}", "choices": choices, "label": choices.index(KINDS[word])}))
    path.write_text("\n".join(lines))


@pytest.mark.slow
def test_a_run_from_rows_to_choices(workers: ForkServer, tiny_model: Path, tmp_path: Path, cli: Cli) -> None:
    import pyarrow.parquet as pq
    from transformers import AutoModelForMultipleChoice

    write_rows(tmp_path / "rows.jsonl")
    (tmp_path / "run.toml").write_text(RECIPE.format(model=tiny_model, length=LENGTH))
    said = cli("train", str(tmp_path / "run.toml"), "--wait", "--json")
    assert said.code == 0, said.err
    run = said.json
    paths = RunPaths(Path(run["path"]))
    stored = pq.read_table(paths.evaluation("test") / "predictions.parquet").to_pylist()
    assert len(stored) == 16
    assert run["metrics"]["test_accuracy"] == pytest.approx(
        np.mean([row["gold"] == row["predicted"] for row in stored])
    )
    assert all(int(row["predicted"]) < len(row["choices"]) for row in stored)
    assert type(AutoModelForMultipleChoice.from_pretrained(paths.model)).__name__ == "BertForMultipleChoice"

    first = stored[0]
    asked = cli("predict", run["id"], first["text"], "--pair", " | ".join(first["choices"]), "--json")
    assert asked.code == 0, asked.err
    assert asked.json[0]["choice"] == first["choices"][int(first["predicted"])]
    assert asked.json[0]["score"] == pytest.approx(first["score"], abs=1e-3)
    refused = cli("predict", run["id"], first["text"])
    assert refused.code != 0
    assert "the choices go into --pair" in refused.err
