"""Adapters in place of the whole model: what a checkpoint holds, what it is when it is used, and the same run after a kill."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.calling import Cli
from tests.worker.forked import ForkServer
from tests.worker.held import Steered, ground_of_held_runs
from tests.worker.training import ended, events, finished
from tui_finetune.paths import Home
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.testing import check_run_directory

STEPS = 18
"""48 rows of train, 4 a batch, 2 batches a step: 6 steps an epoch, 3 epochs."""
KINDS: Mapping[str, dict[str, Any]] = {
    "lora": {"rank": 4, "dropout": 0.1},
    "dora": {"rank": 2, "targets": ["query", "value", "output.dense"]},
    "rslora": {"rank": 2, "targets": ["all-linear"]},
    "ia3": {},
    "prompt": {"tokens": 4},
    "prefix": {"tokens": 3},
}


@pytest.fixture
def steered(
    home: Home, workers: ForkServer, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Steered:
    return ground_of_held_runs(home, tiny_model, tmp_path, monkeypatch)


def adapter(kind: str, **more: Any) -> dict[str, Any]:
    return {"adapter": {"kind": kind, **KINDS[kind], **more}, "train__learning_rate": 5e-3}


def bytes_of(info: RunInfo) -> bytes:
    return (info.paths.checkpoint(STEPS) / "adapter_model.safetensors").read_bytes()


def logits(folder: Path) -> Any:
    """Of two texts, by the model that the folder holds, as everything that uses a model loads it."""
    import torch
    from transformers import AutoTokenizer

    from tui_finetune.builtin.tasks.text_classification import TextClassification
    from tui_finetune.inference.adapters import load_whole
    from tui_finetune.plugin_api import LabelSet, ModelRequest
    from tui_finetune.plugin_api.heavy import resolve

    task = TextClassification()
    model = load_whole(resolve(task.heavy)(task), ModelRequest(str(folder), LabelSet.of(["a", "b", "c"]), {}))
    batch = AutoTokenizer.from_pretrained(folder)(["red round", "sour square 7"], return_tensors="pt", padding=True)
    with torch.no_grad():
        return model.eval()(**batch).logits.flatten().tolist()


def measured(cli: Cli, what: str) -> float:
    said = cli("evaluate", what, "--wait", "--split", "validation", "--json")
    assert said.code == 0, said.err
    return float(said.json["metrics"]["loss"])


def final_loss(info: RunInfo) -> float:
    (final,) = (event for event in events(info, "evaluation") if event.get("final"))
    return float(final.get("metrics")["loss"])


def test_a_lora_run_keeps_the_adapter_and_its_model_is_merged_and_plain(steered: Steered, cli: Cli) -> None:
    info = finished(steered.start(**adapter("lora")))
    check_run_directory(info.paths.root, only_known_events=True)
    plan = events(info, "plan")[0]
    assert plan.get("parameters_trainable") < plan.get("parameters") / 2
    (said,) = plan.get("tuning")
    assert said.startswith("LoRA, rank 4, on query, value, and the head: ")
    assert said.endswith(f"{plan.get('parameters_trainable') / plan.get('parameters'):.2%}")
    names = {path.name for path in info.paths.checkpoint(STEPS).iterdir()}
    assert {"adapter_model.safetensors", "adapter_config.json", "config.json", "task.json"} <= names
    assert not {"model.safetensors", "README.md"} & names
    model = {path.relative_to(info.paths.model).as_posix() for path in info.paths.model.rglob("*") if path.is_file()}
    assert {
        "model.safetensors",
        "config.json",
        "adapter/adapter_model.safetensors",
        "adapter/adapter_config.json",
    } <= model
    assert json.loads((info.paths.model / "config.json").read_text())["architectures"] == [
        "BertForSequenceClassification"
    ]
    best = info.status().best_step
    assert best is not None
    assert logits(info.paths.model) == pytest.approx(logits(info.paths.checkpoint(best)), abs=1e-5)
    assert logits(info.paths.model) != pytest.approx(
        logits(info.paths.checkpoint(4 if best == STEPS else STEPS)), abs=1e-3
    )
    assert measured(cli, f"{info.id}@{best}") == pytest.approx(final_loss(info), rel=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["lora", "prompt"])
def test_killed_and_steered_it_is_the_same_run(kind: str, steered: Steered) -> None:
    change = [
        {"at_step": 6, "set": {"learning_rate": "x0.5", "freeze": ["classifier"]}},
        {"at_step": 13, "set": {"unfreeze": ["classifier"]}},
    ]
    own = {**adapter(kind), "change": change}
    whole = finished(steered.start("whole", **own))
    record = steered.record("whole")
    assert record[6]["trained"] < record[5]["trained"] == record[13]["trained"]
    killed = steered.start("killed", [9], **own)
    steered.at(9)
    steered.kill(killed)
    finished(steered.resume(killed, "killed"))
    assert steered.record("killed") == record
    assert bytes_of(killed) == bytes_of(whole)
    first = whole.paths.checkpoint(4) / "adapter_model.safetensors"
    assert first.read_bytes() != bytes_of(whole)


@pytest.mark.slow
def test_an_exported_checkpoint_is_a_plain_model(steered: Steered, cli: Cli, tmp_path: Path) -> None:
    info = finished(steered.start(**adapter("lora")))
    said = cli("export", f"{info.short}@4", str(tmp_path / "plain"))
    assert said.code == 0, said.err
    names = {path.name for path in (tmp_path / "plain").iterdir()}
    assert {"model.safetensors", "config.json", "tokenizer.json", "task.json", "README.md"} <= names
    assert not any(name.startswith(("adapter", "optimizer")) for name in names)
    assert logits(tmp_path / "plain") == pytest.approx(logits(info.paths.checkpoint(4)), abs=1e-5)
    assert "Scores" in (tmp_path / "plain" / "README.md").read_text()


@pytest.mark.slow
def test_prefixes_are_used_with_the_model_around_which_they_are(steered: Steered, cli: Cli, tmp_path: Path) -> None:
    info = finished(steered.start(**adapter("prefix")))
    assert not (info.paths.model / "model.safetensors").exists()
    best = info.status().best_step
    assert best is not None
    assert logits(info.paths.model) == pytest.approx(logits(info.paths.checkpoint(best)), abs=1e-5)
    assert cli("export", info.id, str(tmp_path / "copy")).code == 0
    assert logits(tmp_path / "copy") == pytest.approx(logits(info.paths.model), abs=1e-6)
    assert measured(cli, info.id) == pytest.approx(final_loss(info), rel=1e-4)


@pytest.mark.slow
def test_another_training_begins_from_an_adapters_checkpoint(steered: Steered) -> None:
    first = finished(steered.start("first", **adapter("lora")))
    second = finished(steered.start("second", model__path=str(first.paths.checkpoint(STEPS)), **adapter("rslora")))
    notes = [str(event.get("message")) for event in events(second, "note")]
    assert any("is merged into the model that training begins from" in note for note in notes)
    assert events(second, "step")[0].get("loss") < events(first, "step")[0].get("loss"), (
        "it goes on where that one ended"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_saved_and_loaded_it_answers_as_it_did(kind: str, tiny_model: Path, tmp_path: Path) -> None:
    import torch
    from transformers import AutoTokenizer

    from tui_finetune.builtin.heads.text_classification import TextClassificationHead
    from tui_finetune.builtin.tasks.text_classification import TextClassification
    from tui_finetune.config.schema import AdapterTable
    from tui_finetune.plugin_api import LabelSet, ModelRequest
    from tui_finetune.worker.tuning import adapter as tuning

    head = TextClassificationHead(TextClassification())
    request = ModelRequest(str(tiny_model), LabelSet.of(["a", "b", "c"]), {})
    model = tuning.adapt(head.load_model(request), AdapterTable(kind=kind, **KINDS[kind]), 24)  # type: ignore[arg-type]
    trained = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert any("classifier" in name for name in trained)
    with torch.no_grad():
        for parameter in trained.values():
            parameter.add_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1)) * 0.3)
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    batch = tokenizer(["red round", "sour square 7"], return_tensors="pt", padding=True)
    with torch.no_grad():
        expected = model.eval()(**batch).logits.flatten().tolist()
    for name in ("checkpoint", "merged"):
        (tmp_path / name).mkdir()
        tokenizer.save_pretrained(tmp_path / name)
    tuning.save_adapter(model, tmp_path / "checkpoint")
    tuning.Merged(model).write(tmp_path / "merged")
    assert logits(tmp_path / "checkpoint") == pytest.approx(expected, abs=1e-5)
    assert logits(tmp_path / "merged") == pytest.approx(expected, abs=1e-5)


def test_what_does_not_fit_the_model_is_told_before_training(steered: Steered) -> None:
    info = steered.start(adapter={"kind": "lora", "targets": ["c_attn"]})
    status = ended(info)
    assert status.state == "failed"
    assert (
        "adapter.targets: c_attn: no module of this model is called so. There are: query, key, value, dense;"
        in status.words
    )
