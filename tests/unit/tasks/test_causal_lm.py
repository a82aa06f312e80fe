"""causal-lm, light half: windows, what is foretold and its bytes, what is stored and shown, options, trivial models."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError

from tui_finetune.builtin.tasks.byte_baselines import byte_baselines
from tui_finetune.builtin.tasks.causal_lm import CausalLm
from tui_finetune.builtin.tasks.language_options import CausalLmOptions
from tui_finetune.builtin.tasks.token_losses import IGNORED
from tui_finetune.builtin.token_metrics import TOKEN_METRICS
from tui_finetune.evaluation.measure import mean_loss, measure
from tui_finetune.plugin_api import ROW_INDEX, LabelSet
from tui_finetune.plugin_api.testing import PieceEncoder, check_task

TASK = CausalLm()
NONE = LabelSet.of(())
WORDS = "the cat sat down upon that flat grey mat once more"
LONG = " ".join([WORDS] * 3)


def encoded_of(texts: list[str], length: int = 64, **options: Any) -> dict[str, list[Any]]:
    return TASK.variant(options).encode({"text": texts}, PieceEncoder(length), NONE)


def logits_of(encoded: dict[str, list[Any]], nats: float = 2.0) -> list[np.ndarray]:
    """Every second token is the likeliest; what nobody asks for is nan."""
    found = []
    for labels in encoded["labels"]:
        one = np.full((len(labels), 2), np.nan, dtype=np.float32)
        asked = [place for place, label in enumerate(labels) if label != IGNORED]
        one[asked, 0], one[asked, 1] = nats, [place % 2 for place in range(len(asked))]
        found.append(one)
    return found


@pytest.mark.parametrize("options", [{}, {"stride": 4}])
def test_it_holds_what_every_task_holds(options: dict[str, Any]) -> None:
    found = TASK.variant(options)
    assert isinstance(found, CausalLm)
    check_task(TASK)
    assert found.encode({"text": ["", "a"]}, PieceEncoder(), NONE)["labels"][0] == [IGNORED, IGNORED]


@pytest.mark.parametrize(("length", "stride"), [(64, 1), (10, 1), (10, 4), (7, 30), (3, 1)])
def test_each_token_is_foretold_once_whatever_the_windows(length: int, stride: int) -> None:
    encoded = encoded_of([LONG, "", "cat"], length, stride=stride)
    assert max(map(len, encoded["input_ids"])) <= length
    whole = PieceEncoder().whole([LONG])[0].ids[1:-1]
    rows: list[list[int]] = [[], [], []]
    for labels, row in zip(encoded["labels"], encoded[ROW_INDEX], strict=True):
        rows[row] += [label for label in labels if label != IGNORED]
    if length > 3:
        assert rows[0] == whole
    assert rows[1] == []
    assert rows[2] == PieceEncoder().whole(["cat"])[0].ids[1:-1]
    sizes = zip(encoded["foretold_bytes"], encoded[ROW_INDEX], strict=True)
    assert sum(size for size, row in sizes if row == 0) == len(LONG)
    assert encoded["truncated"] == [False] * len(encoded[ROW_INDEX])


def test_bytes_are_those_of_the_text_and_not_its_letters() -> None:
    encoded = encoded_of(["naïve 日本語"])
    assert encoded["foretold_bytes"] == [len("naïve 日本語".encode())]


def test_what_is_said_of_rows_is_by_their_tokens() -> None:
    encoded = encoded_of([LONG, "cat", ""], 10)
    decoded = TASK.decode(logits_of(encoded), {"text": [LONG, "cat", ""], **encoded}, NONE, {})
    tokens = len(PieceEncoder().whole([LONG])[0].ids) - 2
    assert decoded.gold == [tokens, 1, 0]
    assert decoded.losses is not None
    assert decoded.losses.tolist() == [2.0, 2.0, 0.0]
    assert mean_loss(decoded) == 2.0
    figures = measure(decoded, TOKEN_METRICS)
    assert figures["perplexity"] == pytest.approx(math.e**2)
    assert figures["bits_per_byte"] == pytest.approx(2 * (tokens + 1) / math.log(2) / (len(LONG) + 3))
    told = TASK.report(decoded)["tokens"]
    assert (told["foretold"], told["right"], told["bytes"]) == (tokens + 1, sum(decoded.predicted), len(LONG) + 3)
    assert [(part["from"], part["to"], part["rows"]) for part in told["parts"]] == [(1, 1, 1), (tokens, tokens, 1)]
    assert told["parts"][0]["perplexity"] == pytest.approx(math.e**2)
    stored = TASK.prediction_columns(decoded)
    table = pa.table(
        {
            name: pa.array(stored[name], kind.type)
            for name, kind in zip(stored, TASK.prediction_schema(NONE), strict=True)
        }
    )
    assert table["perplexity"].to_pylist() == [pytest.approx(math.e**2)] * 2 + [None]
    starts, ends = table["token_starts"].to_pylist()[0], table["token_ends"].to_pylist()[0]
    assert "".join(LONG[a:b] for a, b in zip(starts, ends, strict=True)) == LONG.replace(" ", "")


def test_an_answer_has_the_continuation_and_the_loss_of_each_token() -> None:
    encoded = encoded_of(["the cat", ""])
    rows = {"text": ["the cat", ""], **encoded, "continuation": [" sat down", ""]}
    decoded = TASK.decode(logits_of(encoded), rows, NONE, {})
    first, second = (TASK.answer(decoded, place, {"text": rows["text"][place]}) for place in (0, 1))
    json.dumps([first, second], allow_nan=False)
    assert first["continuation"] == " sat down"
    assert [one["text"] for one in first["tokens"]] == ["the", "cat"]
    assert first["loss"] == 2.0
    assert (second["loss"], second["perplexity"], second["tokens"]) == (None, None, [])
    assert TASK.show_answer(first)[0] == " sat down"
    assert "loss 2.000 a token over 2, perplexity 7.4" in TASK.show_answer(first)
    assert TASK.show_answer(second) == ["nothing more", "nothing to foretell: the text is of one token"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"temperature": 0.5}, "only with do_sample = true"),
        ({"do_sample": True, "top_p": 1.5}, "less than or equal to 1"),
        ({"stride": 0}, "greater than or equal to 1"),
        ({"separator": ""}, "at least 1 character"),
        ({"max_new_tokens": 0}, "greater than or equal to 1"),
        ({"blocks": 3}, "Extra inputs"),
    ],
)
def test_wrong_options_are_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        CausalLmOptions.model_validate(given)


def test_trivial_models_of_bytes() -> None:
    train, test = ["abab" * 50] * 4, ["abab" * 20]
    bytes_, mixed = byte_baselines(train, test, ["perplexity", "bits_per_byte"])
    assert bytes_.metrics["bits_per_byte"] == pytest.approx(1.57, abs=0.3)
    assert mixed.metrics["bits_per_byte"] < 0.2
    assert byte_baselines(train, test, ["perplexity"]) == []
    assert byte_baselines([""], test, ["bits_per_byte"]) == []
    draw = np.random.default_rng(0)
    noise = ["".join(chr(97 + one) for one in draw.integers(0, 16, 4000)) for _ in range(2)]
    single, longer = byte_baselines(noise[:1], noise[1:], ["bits_per_byte"])
    assert single.metrics["bits_per_byte"] == pytest.approx(4.0, abs=0.1)
    assert longer.metrics["bits_per_byte"] < 5.0
