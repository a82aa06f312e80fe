"""Training on from what a run has learnt: onto other labels by their names, onto another task, from an adapter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.worker import encoder_models, training
from tests.worker.forked import ForkServer
from tests.worker.training import WORDS, Ground, events, finished
from tui_finetune.inference.saved_head import SavedHead, choose_head
from tui_finetune.paths import Home
from tui_finetune.plugin_api import LabelSet, ModelRequest
from tui_finetune.plugin_api.heavy import resolve
from tui_finetune.plugin_api.manager import load_catalog
from tui_finetune.runs.info import RunInfo

STILL = {"train__learning_rate": 1e-12, "train__max_steps": 1}
"""A run that leaves the weights where they are."""


@pytest.fixture
def ground(home: Home, workers: ForkServer, tiny_model: Path, tmp_path: Path) -> Ground:
    return Ground(home, tiny_model, training.write_rows(tmp_path / "rows.csv"))


def relabelled(path: Path, names: str) -> None:
    """The rows again, the labels a, b, c called by other names."""
    head, *lines = path.read_text().splitlines()
    texts = [line.rpartition(",") for line in lines]
    path.write_text("\n".join([head, *(f"{text},{names['abc'.index(label)]}" for text, _, label in texts)]) + "\n")


def weights(info: RunInfo) -> dict[str, Any]:
    from safetensors.torch import load_file

    found: dict[str, Any] = load_file(info.paths.model / "model.safetensors")
    return found


def same(one: Any, other: Any) -> bool:
    return one.shape == other.shape and bool((one - other).abs().max() < 1e-6)


def notes(info: RunInfo) -> list[str]:
    return [str(event.get("message")) for event in events(info, "note")]


@pytest.mark.slow
def test_labels_in_common_keep_what_the_head_knows_of_them(ground: Ground) -> None:
    first = finished(ground.start("first"))
    relabelled(ground.data, "bcd")
    second = finished(ground.start("second", model__path=f"run:{first.id}", **STILL))
    assert any("knows of b, c is kept; new: d; left out: a." in note for note in notes(second))
    before, after = weights(first), weights(second)
    for name in ("classifier.weight", "classifier.bias"):
        assert same(after[name][:2], before[name][1:])
    assert not same(after["classifier.weight"][2], before["classifier.weight"][0])
    assert all(same(before[name], after[name]) for name in before if not name.startswith("classifier."))
    # Told apart by the two words that it has learnt: no step is needed to know b from c again.
    figures = json.loads(second.paths.result_json.read_text())["metrics"]
    assert figures["accuracy"] > 0.3


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["lora", None])
def test_another_task_keeps_the_encoder(kind: str | None, ground: Ground, tmp_path: Path) -> None:
    adapter = {} if kind is None else {"adapter__kind": kind}
    first = finished(ground.start("first", **adapter, train__num_train_epochs=1))
    path = f"run:{first.id}"
    if kind is not None:
        path = str(first.paths.checkpoint(json.loads(first.paths.result_json.read_text())["best_step"]))
    rows = [{"tokens": list(WORDS[: 2 + n % 4]), "tags": ["O", "B-X", "I-X", "O", "O"][: 2 + n % 4]} for n in range(40)]
    ground.data = tmp_path / "tagged.jsonl"
    ground.data.write_text("\n".join(map(json.dumps, rows)) + "\n")
    second = finished(ground.start("second", model__path=path, task="token-classification", **STILL))
    words = "It was trained for text-classification: its encoder is kept, and a new head is trained."
    assert words in notes(second)
    before, after = weights(first), weights(second)
    inner = [name for name in after if name.startswith("bert.")]
    assert inner
    assert all(same(before[name], after[name]) for name in inner)


@pytest.mark.slow
def test_an_adapter_is_gone_on_from_with_other_labels(ground: Ground) -> None:
    first = finished(ground.start("first", adapter__kind="lora", train__num_train_epochs=1))
    relabelled(ground.data, "cdb")
    best = json.loads(first.paths.result_json.read_text())["best_step"]
    checkpoint = first.paths.checkpoint(best)
    second = finished(
        ground.start("second", model__path=str(checkpoint), data__labels=["c", "d", "b"], adapter__kind="lora", **STILL)
    )
    before, after = weights(first), weights(second)
    assert same(after["classifier.weight"][0], before["classifier.weight"][2])
    assert same(after["classifier.weight"][2], before["classifier.weight"][1])


@pytest.mark.parametrize("kind", ["roberta", "distilbert", "deberta-v2", "modernbert"])
def test_layers_below_the_outputs_are_kept_whole(kind: str, tmp_path: Path) -> None:
    """Heads of several layers, whatever they are called: 32 labels, as wide as the model."""
    import torch

    from tui_finetune.worker.tuning.head_map import load_mapped

    task = load_catalog(None, third_party=False).task("text-classification", {})
    head = resolve(task.heavy)(task)
    base = encoder_models.make(kind, tmp_path / "base")
    names = [f"l{n}" for n in range(32)]
    first = head.load_model(ModelRequest(str(base), LabelSet.of(names), {}))
    first.save_pretrained(tmp_path / "first")
    wanted = LabelSet.of([*reversed(names[2:]), "x", "y"])
    choice = choose_head(SavedHead(tuple(names), ours=True, task=task.name), wanted, task.name)
    request = ModelRequest(str(tmp_path / "first"), wanted, {}, new_head=choice.new)
    found = load_mapped(head.load_model, request, choice).eval()
    batch = {"input_ids": torch.tensor([[5, 6, 7, 8]]), "attention_mask": torch.ones(1, 4, dtype=torch.long)}
    with torch.no_grad():
        before, after = first.eval()(**batch).logits[0], found(**batch).logits[0]
    assert torch.allclose(after[:30].flip(0), before[2:], atol=1e-6)
    assert not torch.allclose(after[30:], before[:2], atol=1e-6)
