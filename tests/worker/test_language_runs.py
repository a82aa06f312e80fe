"""Runs of language models: killed and gone on with, a domain's texts first and labels afterwards, hidden words found."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.calling import Cli
from tests.worker import language_models, training
from tests.worker.forked import ForkServer
from tests.worker.training import Ground, ended, events, finished, weights
from tui_finetune.builtin.tasks.fill_mask import FillMask
from tui_finetune.errors import ModelError
from tui_finetune.paths import Home
from tui_finetune.plugin_api import LabelSet, ModelRequest
from tui_finetune.plugin_api.heavy import resolve
from tui_finetune.plugin_api.testing import PieceEncoder

KILLER = Path(__file__).with_name("killer.py")


@pytest.fixture
def ground(
    home: Home, workers: ForkServer, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Ground:
    plugins, data = tmp_path / "plugins", tmp_path / "data"
    plugins.mkdir()
    data.mkdir()
    shutil.copy(KILLER, plugins / "killer.py")
    monkeypatch.setenv("TEST_KILL_FLAG", str(tmp_path / "killed"))
    return Ground(home, tiny_model, training.write_rows(data / "rows.csv"), plugin_dirs=(plugins,))


@pytest.mark.slow
@pytest.mark.parametrize("task", ["causal-lm", "fill-mask"])
def test_killed_and_resumed_is_the_same_run(
    task: str, ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is hidden hangs on text and epoch, not on what was drawn before."""
    if task == "causal-lm":
        ground.model = language_models.make("qwen", tmp_path / "qwen")
    ground.sets = {"task": task, "train.num_train_epochs": 4, "train.per_device_train_batch_size": 2}
    whole = finished(ground.start("whole"))
    monkeypatch.setenv("TEST_KILL_AT", "step:7")
    info = ground.start("killed")
    assert ended(info).state == "died"
    finished(ground.resume(info))
    assert [one.get("from_step") for one in events(info, "attempt")] == [0, 4]
    assert weights(info) == weights(whole)
    in_training = {one.step: one.get("metrics") for one in events(whole, "evaluation") if not one.get("final")}
    (final,) = (one for one in events(whole, "evaluation") if one.get("final"))
    for name in ("perplexity", "loss", "accuracy"):
        assert final.get("metrics")[name] == pytest.approx(in_training[final.step][name], rel=1e-4)


@pytest.mark.slow
def test_texts_first_and_labels_afterwards(ground: Ground, cli: Cli) -> None:
    """Two runs chained: the encoder of the first is where the second begins, with a head of its own."""
    import torch
    from safetensors.torch import load_file
    from transformers import AutoModelForMaskedLM, AutoTokenizer

    texts = finished(ground.start("texts", task="fill-mask", train__num_train_epochs=6))
    first, *_, last = (one.get("metrics")["perplexity"] for one in events(texts, "evaluation") if not one.get("final"))
    assert last < first
    asked = cli("predict", texts.id, "red [MASK] red", "--json")
    assert asked.code == 0, asked.err
    (answer,) = asked.json
    model = AutoModelForMaskedLM.from_pretrained(texts.paths.model).eval()
    tokenizer = AutoTokenizer.from_pretrained(texts.paths.model)
    batch = tokenizer("red [MASK] red", return_tensors="pt")
    with torch.no_grad():
        scores = (
            model(**batch).logits[0, (batch["input_ids"][0] == tokenizer.mask_token_id).nonzero()[0, 0]].softmax(-1)
        )
    assert answer["fills"][0][0]["score"] == pytest.approx(scores.max().item(), rel=1e-4)
    assert answer["fills"][0][0]["text"] == tokenizer.decode([int(scores.argmax())])
    assert answer["filled"].startswith("red ")

    labels = finished(ground.start("labels", model__path=f"run:{texts.id}", train__learning_rate=1e-9))
    ours, theirs = (load_file(one.paths.model / "model.safetensors") for one in (labels, texts))
    inner = [name for name in ours if name.startswith("bert.encoder")]
    assert inner
    assert all(torch.allclose(ours[name], theirs[name], atol=1e-5) for name in inner)
    assert not any("other labels" in note.get("message") for note in events(labels, "note"))


# The head


def test_losses_of_hidden_tokens_are_those_of_the_model(tiny_model: Path) -> None:
    import torch
    from transformers import AutoTokenizer

    task, none = FillMask(), LabelSet.of(())
    head = resolve(task.heavy)(task)
    model = head.load_model(ModelRequest(str(tiny_model), none, {"mlm_probability": 0.5})).eval()
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    rows = {"text": ["red round sweet blue", "sour", "", "square " * 20]}
    encoded = task.encode(rows, PieceEncoder(24), none)
    collate = head.collator(tokenizer, padding="longest", max_length=24)
    names = [name for name in ("input_ids", "token_type_ids", "words") if name in encoded]
    batch = collate([{name: encoded[name][place] for name in names} for place in range(len(encoded["input_ids"]))])
    with torch.no_grad():
        scores, loss = head.score(model, batch, tokenizer), model(**batch).loss.item()
    decoded = task.decode(scores, {**rows, **encoded}, none, {})
    assert decoded.losses is not None
    assert decoded.gold is not None
    assert decoded.gold[2] == 0
    assert decoded.losses @ np.array(decoded.gold) / sum(decoded.gold) == pytest.approx(loss, rel=1e-5)


def test_a_decoder_and_a_tokenizer_without_a_mask_are_refused(tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    task = FillMask()
    head: Any = resolve(task.heavy)(task)
    language_models.make("gpt2", tmp_path)
    with pytest.raises(ModelError, match="is a gpt2 model, of which there is no masked language model"):
        head.load_model(ModelRequest(str(tmp_path), LabelSet.of(()), {}))
    with pytest.raises(ModelError, match="no mask token"):
        head.collator(AutoTokenizer.from_pretrained(tmp_path), padding="longest", max_length=8)
