"""R-Drop, adversarial embeddings, averaged weights, a teacher: what they do to loss and weights, and the same after a kill."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.worker.forked import ForkServer
from tests.worker.held import Steered, ground_of_held_runs
from tests.worker.training import events, finished, weights
from tui_finetune.errors import RecipeError
from tui_finetune.paths import Home
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.layout import RAW_WEIGHTS

STEPS = 18
"""48 rows of train, 4 a batch, 2 batches a step: 6 steps an epoch, 3 epochs."""


@pytest.fixture
def steered(
    home: Home, workers: ForkServer, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Steered:
    return ground_of_held_runs(home, tiny_model, tmp_path, monkeypatch)


ALL: Mapping[str, Any] = {
    "regularize__r_drop": 0.5,
    "regularize__multi_sample_dropout": 3,
    "regularize__adversarial": 0.3,
    "regularize__average": "ema",
    "regularize__average_decay": 0.8,
}


def losses(info: RunInfo) -> list[float]:
    return [loss for step in events(info, "step") for loss in step.get("losses")]


@pytest.mark.slow
def test_all_at_once_killed_it_is_the_same_run(steered: Steered) -> None:
    whole = finished(steered.start("whole", **ALL))
    assert events(whole, "plan")[0].get("tuning") == [
        "R-Drop x0.5",
        "multi-sample dropout x3",
        "adversarial embeddings (FGM) 0.3",
        "weights averaged, EMA 0.8: these are evaluated and saved",
    ]
    killed = steered.start("killed", [9], **ALL)
    steered.at(9)
    steered.kill(killed)
    finished(steered.resume(killed, "killed"))
    assert losses(killed)[-6:] == losses(whole)[-6:]
    assert weights(killed) == weights(whole)
    for name in (RAW_WEIGHTS, "average.json"):
        assert (killed.paths.checkpoint(STEPS) / name).read_bytes() == (
            whole.paths.checkpoint(STEPS) / name
        ).read_bytes()


@pytest.mark.slow
def test_averaged_weights_are_those_that_are_evaluated_and_saved(steered: Steered) -> None:
    from safetensors.torch import load_file

    plain = finished(steered.start("plain"))
    info = finished(steered.start("swa", regularize__average="swa", regularize__average_from=0.8, train__save_steps=1))
    assert losses(info) == losses(plain), "training itself is the same"
    last = info.paths.checkpoint(STEPS)
    averaged, raw = load_file(last / "model.safetensors"), load_file(last / RAW_WEIGHTS)
    assert json.loads((last / "average.json").read_text())["count"] == 4
    earlier = [load_file(info.paths.checkpoint(step) / RAW_WEIGHTS) for step in range(STEPS - 3, STEPS + 1)]
    for name in raw:
        mean = sum(one[name] for one in earlier) / len(earlier)
        assert (averaged[name] - mean).abs().max() < 1e-6
    before = info.paths.checkpoint(4)
    assert not load_file(before / RAW_WEIGHTS), "the mean has not begun"
    in_training = {e.step: e.get("metrics")["loss"] for e in events(info, "evaluation") if not e.get("final")}
    (final,) = (event for event in events(info, "evaluation") if event.get("final"))
    assert final.get("metrics")["loss"] == pytest.approx(in_training[final.step], rel=1e-4)


@pytest.mark.slow
def test_a_run_learns_from_another_ones_answers(steered: Steered) -> None:
    teacher = finished(steered.start("teacher", train__learning_rate=5e-3))
    plain = finished(steered.start("plain", train__max_steps=4))
    taught = finished(steered.start("taught", regularize__teacher=f"run:{teacher.id}", train__max_steps=4))
    assert "of the loss is the teacher's answers" in events(taught, "plan")[0].get("tuning")[0]
    assert losses(taught) != losses(plain)
    first = {e.step: e.get("metrics") for e in events(taught, "evaluation")}
    assert first[4]["loss"] > 0


def head(**table: Any) -> Any:
    from tui_finetune.config.schema import RegularizeTable
    from tui_finetune.worker.tuning.losses import Added

    return Added(RegularizeTable(**table), None)


def test_r_drop_adds_how_far_two_answers_are_apart() -> None:
    import torch
    from torch.nn import functional

    labels = torch.tensor([0, 1])
    one, two = torch.randn(2, 3), torch.randn(2, 3)
    first, second = (functional.cross_entropy(logits, labels) for logits in (one, two))
    p, q = one.softmax(-1), two.softmax(-1)
    apart = ((p * (p / q).log()).sum(-1) + (q * (q / p).log()).sum(-1)) / 2
    inputs = {"labels": labels}
    found = head(r_drop=0.7).loss(inputs, first, {"logits": one}, lambda: (second, {"logits": two}), None)
    assert found == pytest.approx(float((first + second) / 2 + 0.7 * apart.mean()), rel=1e-5)
    same = head(r_drop=0.7).loss(inputs, first, {"logits": one}, lambda: (first, {"logits": one}), None)
    assert same == pytest.approx(float(first), abs=1e-6)


def test_the_head_alone_goes_again_over_what_the_encoder_said(tiny_model: Path) -> None:
    import torch
    from transformers import AutoModelForSequenceClassification

    model = AutoModelForSequenceClassification.from_pretrained(tiny_model, num_labels=3)
    model.train()
    batch = {"input_ids": torch.tensor([[1, 7, 8, 2]]), "labels": torch.tensor([1])}
    called: list[int] = []
    seen: list[torch.Tensor] = []
    handle = model.bert.encoder.register_forward_hook(lambda *_: called.append(1))

    def once() -> tuple[torch.Tensor, Any]:
        found = model(**batch)
        seen.append(found.loss)
        return found.loss, found

    own = model.bert.forward
    loss, outputs = head(multi_sample_dropout=4).repeated(model, once)
    handle.remove()
    assert len(called) == 1
    assert len({float(one) for one in seen}) == 4, "each with other dropout"
    assert float(loss) == pytest.approx(sum(float(one) for one in seen) / 4)
    assert outputs.loss is seen[0]
    assert model.bert.forward == own
    loss.backward()
    assert model.get_input_embeddings().weight.grad.abs().sum() > 0


def test_a_head_without_dropout_has_nothing_to_draw(tiny_model: Path) -> None:
    from transformers import AutoModelForSequenceClassification

    from tui_finetune.worker.tuning.added import _check_head_dropout

    model = AutoModelForSequenceClassification.from_pretrained(tiny_model, num_labels=3)
    _check_head_dropout(model)
    model.dropout.p = 0.0
    with pytest.raises(RecipeError, match="this model's head has none"):
        _check_head_dropout(model)


def test_a_token_without_a_label_counts_for_nothing() -> None:
    import torch

    labels = torch.tensor([[0, -100]])
    one, two = torch.zeros(1, 2, 3), torch.zeros(1, 2, 3)
    two[0, 1] = 9.0 * torch.eye(3)[0]
    zero = torch.tensor(0.0)
    assert head(r_drop=1.0).loss({"labels": labels}, zero, {"logits": one}, lambda: (zero, {"logits": two}), None) == 0


def test_embeddings_are_moved_along_the_gradient_of_this_batch_and_put_back_exactly() -> None:
    import torch

    embedding = torch.nn.Embedding(4, 2)
    own = embedding.weight.detach().clone()
    before = torch.full((4, 2), 5.0)
    embedding.weight.grad = before + torch.tensor([[3.0, 4.0]] + [[0.0, 0.0]] * 3)
    with head(adversarial=2.0).disturbed(embedding, before) as moved:
        assert moved
        assert (embedding.weight.detach() - own)[0].tolist() == pytest.approx([1.2, 1.6])
        assert (embedding.weight.detach() - own)[1:].abs().sum() == 0
    assert torch.equal(embedding.weight.detach(), own)


def test_the_average_is_the_same_whether_it_was_read_again_or_not(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_model, save_model

    from tui_finetune.worker.tuning.average import Average

    def step(model: Any) -> None:
        with torch.no_grad():
            model.weight.add_(1.0)

    model = torch.nn.Linear(2, 2)
    average = Average(model, "ema", decay=0.5, begins=0.0)
    start = model.weight.detach().clone()
    for number in (1, 2, 3):
        step(model)
        average.update(number, 9)
    with average.in_place():
        assert (model.weight - start).detach().flatten().tolist() == pytest.approx([2.25] * 4)  # of 1, 1.5, 2.25
        save_model(model, str(tmp_path / "model.safetensors"))
    assert (model.weight - start).detach().flatten().tolist() == pytest.approx([3.0] * 4)
    average.write(tmp_path)
    other = torch.nn.Linear(2, 2)
    load_model(other, str(tmp_path / "model.safetensors"))
    again = Average(other, "ema", decay=0.5, begins=0.0)
    again.read(tmp_path)
    for one, of in ((average, model), (again, other)):
        step(of)
        one.update(4, 9)
        one.stay()
    assert torch.equal(model.weight, other.weight)


def test_what_does_not_go_together_is_refused(steered: Steered, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"regularize\.teacher"):
        steered.start(regularize__teacher=str(tmp_path))
