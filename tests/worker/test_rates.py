"""Rates by layer and pattern, parts that begin frozen: what the optimizer has at each step, and the same again after a kill."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.worker.forked import ForkServer
from tests.worker.held import Steered, ground_of_held_runs
from tests.worker.training import ended, events, finished, weights
from tui_finetune.config.schema import GroupTable, OptimTable
from tui_finetune.errors import RecipeError
from tui_finetune.paths import Home

STEPS = 18
"""48 rows of train, 4 a batch, 2 batches a step: 6 steps an epoch, 3 epochs."""
SMALL = {"hidden_size": 8, "intermediate_size": 8, "num_attention_heads": 2, "vocab_size": 20}


def bert(layers: int = 3) -> Any:
    from transformers import BertConfig, BertForSequenceClassification

    return BertForSequenceClassification(BertConfig(num_hidden_layers=layers, **SMALL))


def by_depth(model: Any) -> dict[int, set[str]]:
    from tui_finetune.worker.tuning.depth import Depths

    depths, found = Depths(model), dict[int, set[str]]()
    for name, _ in model.named_parameters():
        found.setdefault(depths[name], set()).add(name)
    return found


def test_embeddings_are_at_the_bottom_and_the_head_with_its_pooler_on_top() -> None:
    found = by_depth(bert())
    assert sorted(found) == [0, 1, 2, 3, 4]
    assert all(name.startswith("bert.embeddings.") for name in found[0])
    assert all(name.startswith("bert.encoder.layer.1.") for name in found[2])
    assert found[4] == {f"{of}.{what}" for of in ("bert.pooler.dense", "classifier") for what in ("weight", "bias")}


def test_an_encoder_and_a_decoder_are_counted_from_their_own_layers() -> None:
    from transformers import BartConfig, BartForSequenceClassification, GPT2Config, GPT2ForSequenceClassification

    sizes = {"d_model": 8, "encoder_ffn_dim": 8, "decoder_ffn_dim": 8, "vocab_size": 20, "max_position_embeddings": 16}
    heads = {"encoder_attention_heads": 2, "decoder_attention_heads": 2, "pad_token_id": 1, "eos_token_id": 2}
    found = by_depth(
        BartForSequenceClassification(
            BartConfig(encoder_layers=1, decoder_layers=2, forced_eos_token_id=2, **sizes, **heads)
        )
    )
    assert sorted(found) == [0, 1, 2, 3]
    assert {name.split(".")[1] for name in found[1]} == {"decoder"}
    assert {name.split(".")[1] for name in found[2]} == {"encoder", "decoder"}
    decoder = by_depth(
        GPT2ForSequenceClassification(GPT2Config(n_layer=2, n_embd=8, n_head=2, vocab_size=20, n_positions=8))
    )
    assert {"transformer.wte.weight", "transformer.wpe.weight"} == decoder[0]
    assert "transformer.ln_f.weight" in decoder[2], "a norm above the layers goes with the highest one"


def groups(table: OptimTable, model: Any, head_rate: float | None = None) -> dict[str, tuple[float, float]]:
    """Rate and weight decay of every parameter, biases without any."""
    from tui_finetune.worker.tuning.rates import Rates

    decayed = [name for name, _ in model.named_parameters() if not name.endswith("bias")]
    made = Rates(table, 1e-3).groups(model, decayed, weight_decay=0.1, rate=1e-3, head_rate=head_rate)
    names = {parameter: name for name, parameter in model.named_parameters()}
    found = {names[p]: (group["lr"], group["weight_decay"]) for group in made for p in group["params"]}
    assert len(found) == sum(len(group["params"]) for group in made), "each parameter is in one group"
    return found


def test_each_layer_has_a_share_of_the_rate_of_the_one_above_it() -> None:
    found = groups(OptimTable(layer_decay=0.5), bert())
    assert found["classifier.weight"] == found["bert.pooler.dense.weight"] == (1e-3, 0.1)
    assert found["bert.encoder.layer.2.output.dense.weight"] == (5e-4, 0.1)
    assert found["bert.encoder.layer.2.output.dense.bias"] == (5e-4, 0.0)
    assert found["bert.embeddings.word_embeddings.weight"] == (1e-3 * 0.5**4, 0.1)


def test_a_group_by_pattern_comes_before_the_layers_and_the_first_one_counts() -> None:
    table = OptimTable(
        layer_decay=0.5,
        groups=[
            GroupTable(match=["encoder.layer.0-1"], learning_rate=4e-3),
            GroupTable(match=["encoder.layer.1", "classifier"], learning_rate=9.0, weight_decay=0.7),
            GroupTable(match=["embeddings"], weight_decay=0.0),
        ],
    )
    found = groups(table, bert(), head_rate=2e-3)
    assert found["bert.encoder.layer.1.output.dense.weight"] == pytest.approx((4e-3, 0.1))
    assert found["classifier.weight"] == pytest.approx((9.0, 0.7))
    assert found["classifier.bias"] == pytest.approx((9.0, 0.0)), "what never decays does not here either"
    assert found["bert.pooler.dense.weight"] == (2e-3, 0.1)
    assert found["bert.embeddings.word_embeddings.weight"] == (1e-3 * 0.5**4, 0.0)


def test_a_pattern_that_names_nothing_is_told_with_what_there_is() -> None:
    from tui_finetune.worker.tuning.rates import Rates

    with pytest.raises(RecipeError) as told:
        Rates(OptimTable(groups=[GroupTable(match=["encoder.layer.7"], learning_rate=1.0)]), 1.0).check(bert())
    (problem,) = told.value.problems
    assert (problem.key, problem.message) == ("optim.groups.0.match", "encoder.layer.7 names no module of this model.")
    assert problem.hint is not None
    assert "encoder.layer.0-2" in problem.hint


def test_freezing_by_depth_and_the_parts_that_follow_leave_what_is_frozen_by_name() -> None:
    from tui_finetune.worker.parameters import freeze, frozen_modules
    from tui_finetune.worker.tuning import thaw

    model = bert()
    thaw.freeze_lowest(model, 1)
    assert frozen_modules(model) == ["embeddings", "encoder.layer.0"]
    with pytest.raises(RecipeError, match="is 4; this model has 3 layers"):
        thaw.freeze_lowest(model, 4)
    freeze(model, ["encoder.layer.2.attention"])
    waves = thaw.freeze_below_head(model)
    assert waves == [["encoder.layer.2.intermediate", "encoder.layer.2.output"], ["encoder.layer.1"]]
    assert frozen_modules(model) == ["embeddings", "encoder"]
    with thaw.all_of_it(model, waves):
        assert frozen_modules(model) == ["embeddings", "encoder.layer.0", "encoder.layer.2.attention"]
    assert frozen_modules(model) == ["embeddings", "encoder"]


@pytest.fixture
def steered(
    home: Home, workers: ForkServer, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Steered:
    return ground_of_held_runs(home, tiny_model, tmp_path, monkeypatch)


OWN: Mapping[str, Any] = {
    "optim__layer_decay": 0.5,
    "optim__groups": [{"match": ["embeddings"], "learning_rate": 1e-4, "weight_decay": 0.3}],
    "model__unfreeze_every": 0.2,
    "train__lr_scheduler_type": "constant",
    "change": [
        {"at_step": 11, "set": {"learning_rate": 2e-3, "weight_decay": 0.02}},
        {"at_step": 14, "set": {"learning_rate": "x0.5", "head_learning_rate": 4e-3}},
    ],
}
"""Two layers: from step 4 the upper one is trained, from 7 the lower one, from 10 the embeddings."""


def shares(at: Mapping[str, Any]) -> list[tuple[float, float]]:
    return sorted({(round(rate, 9), decay) for rate, decay in zip(at["rates"], at["decay"], strict=True) if decay})


@pytest.mark.slow
def test_groups_follow_what_is_set_and_a_killed_run_is_the_same(steered: Steered) -> None:
    info = finished(steered.start("whole", **OWN))
    record = steered.record("whole")
    assert shares(record[3]) == [(1e-3, 0.01)]
    assert shares(record[4]) == [(5e-4, 0.01), (1e-3, 0.01)]
    assert shares(record[10]) == [(1e-4, 0.3), (2.5e-4, 0.01), (5e-4, 0.01), (1e-3, 0.01)]
    assert shares(record[11]) == [(2e-4, 0.3), (5e-4, 0.02), (1e-3, 0.02), (2e-3, 0.02)]
    assert shares(record[14]) == [(1e-4, 0.3), (2.5e-4, 0.02), (5e-4, 0.02), (4e-3, 0.02)]
    assert record[3]["trained"] < record[4]["trained"] < record[7]["trained"] < record[10]["trained"]
    plans = events(info, "plan")
    assert plans[0].get("tuning") == [
        "begins with the head alone, one more of 3 parts every 3 steps",
        "rate x0.5 a layer from the head down, embeddings x0.12",
        "embeddings: rate 0.0001, weight decay 0.3",
    ]
    told = [(e.step, e.get("reason")) for e in events(info, "applied") if e.get("reason")]
    assert told == [(step, "gradual unfreezing") for step in (4, 7, 10)]
    rates = {step.step: step.get("learning_rate") for step in events(info, "step")}
    assert (rates[3], rates[10], rates[11]) == (1e-3, 1e-3, 2e-3), "the run's own rate is shown, not a share of it"
    killed = steered.start("killed", [5, 13], **OWN)
    for step, following in ((5, (13,)), (13, ())):
        steered.at(step)
        steered.kill(killed)
        steered.resume(killed, "killed", following)
    finished(killed)
    assert steered.record("killed") == record
    assert weights(killed) == weights(info)


def test_a_pattern_that_names_nothing_ends_the_run_before_it_trains(steered: Steered) -> None:
    info = steered.start(optim__groups=[{"match": ["decoder"], "learning_rate": 1e-4}])
    status = ended(info)
    assert status.state == "failed"
    assert "optim.groups.0.match: decoder names no module of this model." in status.words
