"""text2text-generation on tiny encoder-decoders: heads beside the library's own, and a run that learns its rows by heart."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.calling import Cli
from tests.worker.forked import ForkServer
from tests.worker.text2text_models import KINDS, make, rows
from tui_finetune.builtin.heads.text2text import Text2TextHead
from tui_finetune.builtin.tasks.text2text import Text2Text
from tui_finetune.errors import ModelError
from tui_finetune.evaluation.generated import corpus_bleu
from tui_finetune.inference.encoders import light_encoder, transformers_encoder
from tui_finetune.plugin_api import LabelSet, ModelRequest
from tui_finetune.plugin_api.testing_heads import make_tiny_model
from tui_finetune.runs.layout import RunPaths

NONE = LabelSet.of(())
LENGTH = 40
LANGUAGES = {"source_language": "en_XX", "target_language": "de_DE"}
RECIPE = """
task = "text2text-generation"
name = "words"
[run]
device = "cpu"
[data]
path = "words"
validation = "validation"
test = "test"
[model]
path = "{model}"
max_length = 40
[train]
learning_rate = 1e-2
per_device_train_batch_size = 16
num_train_epochs = {epochs}
eval_strategy = "steps"
save_strategy = "steps"
eval_steps = {steps}
save_steps = {steps}
logging_steps = 10
[task_options]
max_target_length = 40
max_new_tokens = 40
"""


@pytest.mark.parametrize("kind", KINDS)
def test_tokens_and_losses_are_those_of_the_library(kind: str, tmp_path: Path) -> None:
    """Light and heavy encoding alike, targets as the tokenizer makes them, the loss of rows as the model's own."""
    import torch
    from transformers import AutoTokenizer

    folder = make(kind, tmp_path / kind)
    options = {"max_target_length": LENGTH, "max_new_tokens": 8, **(LANGUAGES if kind == "mbart" else {})}
    task = Text2Text().variant(options)
    head, tokenizer = Text2TextHead(task), AutoTokenizer.from_pretrained(folder)
    head.prepare_tokenizer(tokenizer)
    tokenizer.save_pretrained(tmp_path / "saved")
    given = {name: [row[name] for row in rows(4)] for name in ("text", "target")}
    encoded = task.encode(given, transformers_encoder(tokenizer, LENGTH), NONE)
    assert task.encode(given, light_encoder(tmp_path / "saved", LENGTH), NONE) == encoded
    assert encoded["input_ids"] == tokenizer(given["text"])["input_ids"]
    assert encoded["labels"] == tokenizer(text_target=given["target"])["input_ids"]

    model = head.load_model(ModelRequest(str(folder), NONE, options)).eval()
    collate = head.collator(tokenizer, padding="longest", max_length=LENGTH)
    each = [{name: encoded[name][index] for name in ("input_ids", "labels")} for index in range(4)]
    with torch.no_grad():
        losses = [float(model(**collate([row])).loss) for row in each]
        decoded = task.decode(head.score(model, collate(each), tokenizer), {**given, **encoded}, NONE, {})
        longest = model.generate(**{n: collate(each[:1])[n] for n in ("input_ids", "attention_mask")})
    assert decoded.losses == pytest.approx(losses, rel=1e-4)
    assert longest.shape[1] <= 9
    if kind == "mbart":
        code = tokenizer.convert_tokens_to_ids("de_DE")
        assert longest[0, 0] == code, "the text begins with the target's language"


def test_models_and_languages_that_cannot_be(tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    encoder = make_tiny_model(tmp_path / "bert")
    with pytest.raises(ModelError, match="no decoder that reads what an encoder has read"):
        Text2TextHead(Text2Text()).load_model(ModelRequest(str(encoder), NONE, {}))
    bart = make("bart", tmp_path / "bart")
    with pytest.raises(ModelError, match="positions for 64 tokens"):
        Text2TextHead(Text2Text()).load_model(ModelRequest(str(bart), NONE, {}))
    with pytest.raises(ModelError, match="no token en_XX"):
        Text2TextHead(Text2Text().variant(LANGUAGES)).prepare_tokenizer(AutoTokenizer.from_pretrained(bart))


@pytest.mark.slow
def test_a_run_learns_its_rows_by_heart_and_writes_them(workers: ForkServer, tmp_path: Path, cli: Cli) -> None:
    """From files to texts: what is written in training, stored, predicted, and by the library's own class."""
    import pyarrow.parquet as pq

    data = list({row["text"]: row for row in rows(60)}.values())[:32]
    (tmp_path / "words").mkdir()
    for split in ("train", "validation", "test"):
        (tmp_path / "words" / f"{split}.jsonl").write_text("\n".join(map(json.dumps, data)) + "\n")
    model = make("bart", tmp_path / "model")
    (tmp_path / "words.toml").write_text(RECIPE.format(model=model, epochs=100, steps=100))
    said = cli("train", str(tmp_path / "words.toml"), "--wait", "--json")
    assert said.code == 0, said.err
    run = said.json
    assert run["metrics"]["test_loss"] < 0.1 < 2 < entropy(model, data)
    assert run["metrics"]["test_chrf"] > 95, run["metrics"]
    paths = RunPaths(Path(run["path"]))
    stored = pq.read_table(paths.evaluation("test") / "predictions.parquet").to_pylist()
    assert {row["text"]: row["gold"] for row in stored} == {row["text"]: row["target"] for row in data}

    first = stored[0]
    asked = cli("predict", run["id"], first["text"], "--json")
    assert asked.code == 0, asked.err
    assert asked.json == [{"text": first["text"], "generated": first["predicted"]}]
    short = cli("predict", run["id"], first["text"], "--set", "max_new_tokens=2", "--json")
    assert short.code == 0, short.err
    assert len(short.json[0]["generated"]) < len(first["predicted"])
    again = cli("evaluate", run["id"], "--wait", "--json")
    assert again.code == 0, again.err
    plain_for_transformers(paths.model, first)


def plain_for_transformers(folder: Path, row: dict[str, Any]) -> None:
    """The library's own class writes the same, by the settings that the folder has."""
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    model, tokenizer = AutoModelForSeq2SeqLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    written = model.generate(**tokenizer(row["text"], return_tensors="pt"))
    assert tokenizer.decode(written[0], skip_special_tokens=True).strip() == row["predicted"]


def entropy(model: Path, data: list[dict[str, str]]) -> float:
    """Nats a token of whoever knows how often each token is, and nothing else."""
    encoded = Text2Text().encode(
        {name: [row[name] for row in data] for name in ("text", "target")}, light_encoder(model, LENGTH), NONE
    )
    counts = Counter(token for ids in encoded["labels"] for token in ids)
    return -sum(count / counts.total() * math.log(count / counts.total()) for count in counts.values())


@pytest.mark.slow
def test_validation_by_the_loss_alone_chooses_by_it(workers: ForkServer, tmp_path: Path, cli: Cli) -> None:
    (tmp_path / "words").mkdir()
    for split in ("train", "validation", "test"):
        (tmp_path / "words" / f"{split}.jsonl").write_text("\n".join(map(json.dumps, rows(16))) + "\n")
    model = make("t5", tmp_path / "model")
    recipe = RECIPE.format(model=model, epochs=2, steps=1) + "generate_in_training = false\n"
    (tmp_path / "words.toml").write_text(recipe)
    said = cli("train", str(tmp_path / "words.toml"), "--wait", "--json")
    assert said.code == 0, said.err
    events = [json.loads(one) for one in (Path(said.json["path"]) / "events.jsonl").read_text().splitlines()]
    during = [one for one in events if one["event"] == "evaluation" and not one.get("final")]
    assert during
    assert all("loss" in one["metrics"] and "chrf" not in one["metrics"] for one in during)
    assert math.isfinite(said.json["metrics"]["test_chrf"])


@pytest.mark.real
def test_multi30k_copied_is_what_its_page_says(real_data: Path) -> None:
    folder = real_data / "multi30k_en_de"
    sources, targets = ((folder / f"test_2016_flickr.{code}").read_text().splitlines() for code in ("en", "de"))
    assert len(sources) == len(targets) == 1000
    assert corpus_bleu(sources, targets) == pytest.approx(0.48, abs=0.01)
