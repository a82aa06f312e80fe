"""causal-lm on tiny decoders, each with its kind of tokenizer: packing, scores against the library's loss, and a whole run."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.calling import Cli
from tests.worker import language_models
from tests.worker.forked import ForkServer
from tui_finetune.builtin.heads.packing import ended_texts, packed_blocks
from tui_finetune.builtin.tasks.causal_lm import CausalLm
from tui_finetune.builtin.tasks.token_losses import IGNORED
from tui_finetune.errors import DataError, ModelError
from tui_finetune.inference.encoders import light_encoder, transformers_encoder
from tui_finetune.plugin_api import ROW_INDEX, LabelSet, ModelRequest
from tui_finetune.plugin_api.heavy import resolve
from tui_finetune.plugin_api.testing import PieceEncoder
from tui_finetune.runs.layout import RunPaths
from tui_finetune.runs.tail import read_events

TASK, NONE = CausalLm(), LabelSet.of(())
LENGTH = 32
RECIPE = """
task = "causal-lm"
name = "sentences"
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
learning_rate = 1e-2
per_device_train_batch_size = 4
num_train_epochs = 5
save_strategy = "steps"
save_steps = 20
[task_options]
max_new_tokens = 6
"""


# Packing


def encoded_batch(texts: list[str], length: int = 10) -> dict[str, list[Any]]:
    return TASK.encode({"text": texts}, PieceEncoder(length), NONE)


def test_blocks_hold_every_token_once_with_the_end_between() -> None:
    texts = ["the cat", "a b c d e f g h i j k l m n o p q", "", "dog"]
    batch = encoded_batch(texts)
    assert batch[ROW_INDEX] == [0, 1, 1, 1, 2, 3]
    whole = [one.ids for one in PieceEncoder(99).whole(texts)]
    wanted = [token for ids in whole for token in (*ids, 7)]
    blocks = [block for part in packed_blocks([batch], [7], 8) for block in part["input_ids"]]
    assert [len(block) for block in blocks[:-1]] == [8] * (len(blocks) - 1)
    joined = [token for block in blocks for token in block]
    inner = [token for token in joined if token not in (PieceEncoder.start, PieceEncoder.end)]
    assert inner == [token for token in wanted if token not in (PieceEncoder.start, PieceEncoder.end)]
    (only,) = packed_blocks([batch], [7], 1000)
    assert only["labels"][0] == [IGNORED, *only["input_ids"][0][1:]]
    assert ROW_INDEX not in only
    empty: dict[str, list[Any]] = {"input_ids": [[]], "labels": [[]], ROW_INDEX: [0]}
    with pytest.raises(DataError, match="nothing to foretell"):
        list(packed_blocks([empty, empty], [], 8))


def test_texts_by_themselves_end_with_the_end_where_there_is_room() -> None:
    batch = encoded_batch(["the cat", "a b c d e f g h i"], 11)
    (found,) = ended_texts([batch], [7], 11)
    assert found["input_ids"][0][-1] == found["labels"][0][-1] == 7
    assert found["input_ids"][1] == batch["input_ids"][1]
    assert len(found["input_ids"][1]) == 11
    (again,) = ended_texts([batch], [PieceEncoder.end], 11)
    assert again["input_ids"] == batch["input_ids"]


# The model


@pytest.mark.parametrize("kind", language_models.KINDS)
def test_losses_of_each_token_are_those_of_the_model(kind: str, tmp_path: Path) -> None:
    import torch
    from transformers import AutoTokenizer

    folder = language_models.make(kind, tmp_path)
    head = resolve(TASK.heavy)(TASK)
    model = head.load_model(ModelRequest(str(folder), NONE, {})).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    rows = {"text": ["the cat sat on a mat", "dog", "", "the naïve dog 日本 ran " * 12]}
    encoded = TASK.encode(rows, transformers_encoder(tokenizer, LENGTH), NONE)
    assert encoded == TASK.encode(rows, light_encoder(folder, LENGTH), NONE)
    names = [name for name in ("input_ids", "labels") if name in encoded]
    places = range(len(encoded["input_ids"]))
    collate = head.collator(tokenizer, padding="longest", max_length=LENGTH)
    batch = collate([{name: encoded[name][place] for name in names} for place in places])
    with torch.no_grad():
        scores = head.score(model, batch, tokenizer)
        whole = model(**batch).loss.item()
        first = model(
            input_ids=torch.tensor([encoded["input_ids"][0]]), labels=torch.tensor([encoded["labels"][0]])
        ).loss
    decoded = TASK.decode(scores, {**rows, **encoded}, NONE, {})
    assert decoded.losses is not None
    assert decoded.gold is not None
    assert decoded.losses[0] == pytest.approx(first.item(), rel=1e-5)
    assert decoded.losses @ np.array(decoded.gold) / sum(decoded.gold) == pytest.approx(whole, rel=1e-5)


def test_an_encoder_is_read_as_a_decoder_or_refused(tmp_path: Path) -> None:
    from transformers import DebertaV2Config, DebertaV2ForMaskedLM

    from tui_finetune.builtin.heads.causal_lm import looks_ahead
    from tui_finetune.plugin_api.testing_heads import make_tiny_model

    head = resolve(TASK.heavy)(TASK)
    bert = head.load_model(ModelRequest(str(make_tiny_model(tmp_path / "bert")), NONE, {}))
    assert not looks_ahead(bert)
    sizes: dict[str, Any] = {"vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 1}
    DebertaV2ForMaskedLM(DebertaV2Config(**sizes, intermediate_size=16)).save_pretrained(tmp_path / "deberta")
    with pytest.raises(ModelError, match="is a deberta-v2 model, of which there is no causal language model"):
        head.load_model(ModelRequest(str(tmp_path / "deberta"), NONE, {}))


# A run


@pytest.mark.slow
def test_a_run_from_texts_to_a_continuation(workers: ForkServer, tmp_path: Path, cli: Cli) -> None:
    """Trained, measured, asked; and the library's own class gives the same perplexity and the same words."""
    import json

    import pyarrow.parquet as pq

    model = language_models.make("gpt2", tmp_path / "gpt2")
    texts = language_models.texts(60)
    (tmp_path / "rows.jsonl").write_text("\n".join(json.dumps({"text": text}) for text in texts))
    (tmp_path / "lm.toml").write_text(RECIPE.format(model=model, length=LENGTH))
    said = cli("train", str(tmp_path / "lm.toml"), "--wait", "--json")
    assert said.code == 0, said.err
    run = said.json
    paths = RunPaths(Path(run["path"]))
    plan = next(event.fields for event in read_events(paths) if event.name == "plan")
    assert plan["rows"] == {"train": 36, "validation": 12, "test": 12}
    assert plan["features"]["train"] < 36
    measured = [event.fields for event in read_events(paths) if event.name == "evaluation"]
    assert measured[0]["metrics"]["perplexity"] > 2 * measured[-2]["metrics"]["perplexity"]
    assert measured[-2]["metrics"]["loss"] == pytest.approx(math.log(measured[-2]["metrics"]["perplexity"]))

    stored = pq.read_table(paths.evaluation("test") / "predictions.parquet").to_pylist()
    assert len(stored) == 12
    tokens, nats = sum(one["gold"] for one in stored), sum(one["loss"] * one["gold"] for one in stored)
    assert run["metrics"]["test_perplexity"] == pytest.approx(math.exp(nats / tokens), rel=1e-5)
    assert nats / tokens < 3.5, "an untrained model has ln 300 = 5.7"
    plain = plain_perplexity(paths.model, [one["text"] for one in stored])
    assert run["metrics"]["test_perplexity"] == pytest.approx(plain, rel=1e-4)

    again = cli("evaluate", run["id"], "--wait", "--json")
    assert again.code == 0, again.err
    assert again.json["metrics"]["test_perplexity"] == pytest.approx(plain, rel=1e-4)
    asked = cli("predict", run["id"], "the cat sat on a", "--json")
    assert asked.code == 0, asked.err
    (answer,) = asked.json
    assert answer["continuation"] == plain_continuation(paths.model, "the cat sat on a", 6)
    assert "".join(one["text"] for one in answer["tokens"]).replace(" ", "") == "catsatona"


def plain_continuation(folder: Path, prompt: str, tokens: int) -> str:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
    ids = tokenizer(prompt, return_tensors="pt")
    written = model.generate(**ids, max_new_tokens=tokens, do_sample=False, pad_token_id=tokenizer.eos_token_id)
    return str(tokenizer.decode(written[0], skip_special_tokens=True)).removeprefix(prompt)


def plain_perplexity(folder: Path, texts: list[str]) -> float:
    """As a script computes it: each text by itself, the library's loss weighted by its tokens."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
    nats = tokens = 0.0
    for text in texts:
        ids = tokenizer(text, return_tensors="pt", truncation=True, max_length=LENGTH).input_ids
        with torch.no_grad():
            nats += model(input_ids=ids, labels=ids).loss.item() * (ids.shape[1] - 1)
        tokens += ids.shape[1] - 1
    return math.exp(nats / tokens)
