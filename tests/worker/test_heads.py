"""Our heads on a tiny encoder, by the kit that plugin authors use; and metrics to and from the library evaluate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tui_finetune.builtin.metrics import METRICS
from tui_finetune.builtin.tasks import TASKS
from tui_finetune.builtin.tasks.text_classification import TextClassification
from tui_finetune.evaluation.evaluate_metric import as_evaluate_metric, from_evaluate
from tui_finetune.plugin_api import Decoded, LabelSet, Metric, ModelRequest, Task
from tui_finetune.plugin_api.heavy import resolve
from tui_finetune.plugin_api.testing import PieceEncoder
from tui_finetune.plugin_api.testing_heads import check_head, make_tiny_model


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("base"))


OTHER_HEADS = ("sentence-similarity", "multiple-choice", "dpo", "reward")
"""Tasks whose head has no output for each label."""
OWN_TESTS = ("texts", "preferences")
"""Shapes whose batches and losses are no tiny encoder's: tests of their own take them through their life."""
MULTI = TextClassification().variant({"problem_type": "multi_label_classification"})


@pytest.mark.parametrize(
    "task", [*(one for one in TASKS if one.shape not in OWN_TESTS), MULTI], ids=lambda task: type(task).__name__
)
def test_a_head_goes_forward_and_backward_and_comes_back_from_disk(task: Task, base: Path, tmp_path: Path) -> None:
    check_head(task, base, tmp_path)


@pytest.mark.parametrize(
    "task",
    [one for one in TASKS if one.shape not in ("answers", "tokens", "texts") and one.name not in OTHER_HEADS],
    ids=lambda task: task.name,
)
@pytest.mark.parametrize("names", [("x", "y", "z"), ("x", "y")], ids=["same-size", "other-size"])
def test_another_label_set_gets_a_new_head(task: Task, names: tuple[str, ...], base: Path, tmp_path: Path) -> None:
    import torch

    head = resolve(task.heavy)(task)
    first = head.load_model(ModelRequest(str(base), LabelSet.of(["a", "b", "c"]), {}))
    first.save_pretrained(tmp_path)
    second = head.load_model(ModelRequest(str(tmp_path), LabelSet.of(names), {}, new_head=True))
    assert tuple(second.config.id2label.values()) == names
    assert second.classifier.weight.shape[0] == len(names)
    assert not torch.equal(second.classifier.weight[:2], first.classifier.weight[:2])
    trained = first.base_model.state_dict()
    assert all(torch.equal(value, trained[name]) for name, value in second.base_model.state_dict().items())


@pytest.mark.parametrize(
    ("task", "gold"),
    [(TASKS[0], ["a", "b", "c"]), (MULTI, [["a"], [], ["b", "c"]])],
    ids=["one label", "several labels"],
)
def test_losses_of_decode_are_those_of_the_model(task: Task, gold: list[Any], base: Path) -> None:
    """So that the loss of a final evaluation continues the curve that the Trainer draws."""
    import torch

    head, labels = resolve(task.heavy)(task), LabelSet.of(["a", "b", "c"])
    model = head.load_model(ModelRequest(str(base), labels, {})).eval()
    rows = {"text": ["one two", "one six", "four five"], "label": gold}
    encoded = task.encode(rows, PieceEncoder(), labels)
    batch = {name: torch.tensor(encoded[name]) for name in ("input_ids", "labels")}
    with torch.no_grad():
        output = model(**batch)
    decoded = task.decode(list(output.logits.numpy()), encoded, labels, {})
    assert decoded.losses is not None
    assert decoded.losses.mean() == pytest.approx(output.loss.item(), rel=1e-5)


def test_logits_lose_their_padding_on_either_side(base: Path) -> None:
    import torch

    head = resolve(TASKS[1].heavy)(TASKS[1])
    logits = torch.arange(12, dtype=torch.float32).reshape(2, 3, 2)
    mask = torch.tensor([[1, 1, 0], [0, 1, 1]])
    left, right = head.split_logits(logits, mask)
    np.testing.assert_array_equal(left, [[0, 1], [2, 3]])
    np.testing.assert_array_equal(right, [[8, 9], [10, 11]])


def decoded_of(shape: str) -> Decoded:
    labels = LabelSet.of(["O", "B-x", "I-x"])
    if shape == "tags":
        return Decoded(labels, [[0, 1, 2], [1, -1]], [[0, 1, 2], [1, 0]])
    if shape == "multilabels":
        return Decoded(labels, [[0, 2], [], [1], [0]], [[0], [], [1, 2], [1]])
    if shape == "answers":
        return Decoded(labels, ["the town", "", "12"], [["Town", "x"], ["y"], []])
    if shape == "tokens":
        return Decoded(labels, [3, 0, 1], [4, 0, 1])
    if shape == "texts":
        return Decoded(labels, ["a town by the sea", "", "12"], ["the town by the sea", "y", "12"])
    if shape == "ranks":
        return Decoded(labels, [[1], [2, 12], [40]], [1, 2, 1])
    return Decoded(labels, [0, 1, 2, 2], [0, 1, 1, 2])


@pytest.mark.parametrize("metric", METRICS, ids=lambda m: f"{m.name}-{m.shape}")
def test_each_metric_as_one_of_the_library_evaluate(metric: Metric) -> None:
    decoded = decoded_of(metric.shape)
    inputs: dict[str, Any] = {"predictions": decoded.predicted, "references": decoded.gold}
    if metric.shape == "tags":
        names = decoded.labels.names
        inputs = {
            "predictions": [["O" if tag < 0 else names[tag] for tag in row] for row in decoded.predicted],
            "references": [[names[tag] for tag in row] for row in decoded.gold or ()],
        }
    found = as_evaluate_metric(metric, decoded.labels.names).compute(**inputs)
    assert found[metric.name] == pytest.approx(metric.compute(decoded), nan_ok=True)


def test_an_evaluate_metric_of_one_row_at_a_time() -> None:
    accuracy = as_evaluate_metric(next(m for m in METRICS if m.name == "accuracy" and m.shape == "labels"))
    for predicted, gold in ((0, 0), (1, 0)):
        accuracy.add(prediction=predicted, reference=gold)
    assert accuracy.compute() == {"accuracy": 0.5}


@pytest.mark.parametrize("shape", ["labels", "tags"])
def test_metrics_of_the_library_come_in_the_other_way(shape: Any) -> None:
    ours = next(m for m in METRICS if m.name == "accuracy" and m.shape == shape)
    module = as_evaluate_metric(ours, decoded_of(shape).labels.names)
    back = from_evaluate(module, shape=shape, key="accuracy", name="back")
    assert back.name == "back"
    assert back.compute(decoded_of(shape)) == pytest.approx(ours.compute(decoded_of(shape)))
    assert np.isnan(back.compute(Decoded(LabelSet.of(["a"]), [], [])))


def test_a_metric_script_in_a_folder_is_loaded_at_its_first_use(tmp_path: Path) -> None:
    """The way of a Hub metric, whose script is downloaded; here it lies in a folder."""
    script = tmp_path / "always_seven" / "always_seven.py"
    script.parent.mkdir()
    script.write_text(
        "import datasets\nimport evaluate\n\n"
        "class AlwaysSeven(evaluate.Metric):\n"
        "    def _info(self):\n"
        "        value = datasets.Value('int64')\n"
        "        features = datasets.Features({'predictions': value, 'references': value})\n"
        "        return evaluate.MetricInfo(description='', citation='', inputs_description='', features=features)\n\n"
        "    def _compute(self, predictions, references, scale=1):\n"
        "        return {'seven': 7.0 * scale, 'rows': len(predictions)}\n"
    )
    metric = from_evaluate(str(script), shape="labels", key="seven", name="seven", arguments={"scale": 2})
    assert metric.compute(decoded_of("labels")) == 14.0
