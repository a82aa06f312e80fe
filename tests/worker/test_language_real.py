"""Language models on real texts: a decoder learns beyond the frequencies of tokens; an encoder reads reviews, then rates them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.calling import Cli
from tests.worker import language_models
from tests.worker.forked import ForkServer
from tui_finetune.builtin.tasks.byte_baselines import byte_baselines

pytestmark = [pytest.mark.real, pytest.mark.slow]


def sets(*values: str) -> list[str]:
    return [part for value in ("run.device=cpu", *values) for part in ("--set", value)]


def test_a_decoder_learns_more_than_how_often_tokens_are(
    real_data: Path, workers: ForkServer, tmp_path: Path, cli: Cli
) -> None:
    import pyarrow.parquet as pq
    from tokenizers import Tokenizer

    model = language_models.make("gpt2", tmp_path / "gpt2")
    recipe = tmp_path / "bard.toml"
    said = cli("config", "new", "--data", str(real_data / "tinyshakespeare"), "--model", str(model), "-o", str(recipe))
    assert said.code == 0, said.err
    assert 'task = "causal-lm"' in recipe.read_text()
    values = ("data.limit=1500", "data.limit_eval=150", "train.num_train_epochs=3", "train.learning_rate=5e-3")
    said = cli("train", str(recipe), "--wait", "--json", *sets(*values, "train.per_device_train_batch_size=16"))
    assert said.code == 0, said.err
    run = said.json
    stored = pq.read_table(Path(run["path"]) / "evaluations" / "validation" / "predictions.parquet")
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    ids = np.concatenate([one.ids for one in tokenizer.encode_batch(stored["text"].to_pylist())])
    shares = np.bincount(ids) / len(ids)
    entropy = float(-np.log(shares[ids]).mean())
    assert run["metrics"]["loss"] < entropy - 0.2, "its own frequencies are the best that a model without context has"
    assert len(ids) - stored.num_rows == sum(stored["gold"].to_pylist())


def test_bytes_of_shakespeare(real_data: Path) -> None:
    text = (real_data / "tinyshakespeare" / "input.txt").read_text()
    cut = int(0.9 * len(text))
    single, longer = byte_baselines([text[:cut]], [text[cut:]], ["bits_per_byte"])
    assert single.metrics["bits_per_byte"] == pytest.approx(4.8, abs=0.1)
    assert 1.8 < longer.metrics["bits_per_byte"] < 2.6


def test_an_encoder_reads_reviews_and_then_rates_them(
    real_data: Path, workers: ForkServer, tiny_model: Path, tmp_path: Path, cli: Cli
) -> None:
    recipe = tmp_path / "reviews.toml"
    said = cli("config", "new", "--data", str(real_data / "imdb"), "--model", str(tiny_model), "-o", str(recipe))
    assert said.code == 0, said.err
    small = ("data.limit=64", "data.limit_eval=32", "model.max_length=64", "train.num_train_epochs=1")
    texts = tmp_path / "texts.toml"
    new = ("config", "new", "--data", str(real_data / "imdb"), "--task", "fill-mask", "--model", str(tiny_model))
    said = cli(*new, "-o", str(texts))
    assert said.code == 0, said.err
    first = cli("train", str(texts), "--wait", "--json", *sets(*small))
    assert first.code == 0, first.err
    plan = first.json["plan"]
    assert plan["features"]["train"] > plan["rows"]["train"] == 64
    assert first.json["metrics"]["test_perplexity"] > 1
    second = cli("train", str(recipe), "--wait", "--json", *sets(*small, f"model.path=run:{first.json['id']}"))
    assert second.code == 0, second.err
    assert "test_accuracy" in second.json["metrics"]
