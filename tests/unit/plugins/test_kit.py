"""The kit for plugin authors says what is wrong, and does not accept what the program would stumble over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tui_finetune.builtin.metrics import METRICS
from tui_finetune.builtin.tasks import TASKS
from tui_finetune.builtin.tasks.text_classification import TextClassification
from tui_finetune.plugin_api import Decoded, Encoder, LabelSet, Metric, Preprocessor, Task, hookimpl
from tui_finetune.plugin_api.testing import check_light, check_metric, check_plugin, check_task


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_our_tasks_pass(task: Task) -> None:
    check_task(task)


@pytest.mark.parametrize("metric", METRICS, ids=lambda m: f"{m.name}-{m.shape}")
def test_our_metrics_pass(metric: Metric) -> None:
    check_metric(metric)


class Stateful(TextClassification):
    def __init__(self) -> None:
        self.seen = 0


class Uncut(TextClassification):
    def encode(self, batch: Mapping[str, Sequence[Any]], encoder: Encoder, labels: LabelSet) -> dict[str, list[Any]]:
        encoded = super().encode(batch, encoder, labels)
        return {**encoded, "input_ids": [[5] * 1000 for _ in encoded["input_ids"]]}


class Misfit(TextClassification):
    def prediction_columns(self, decoded: Decoded) -> dict[str, list[Any]]:
        return {"gold": []}


class Unserialisable(TextClassification):
    def answer(self, decoded: Decoded, index: int, row: Mapping[str, Any]) -> dict[str, Any]:
        return {"label": object()}


@pytest.mark.parametrize(
    ("task", "error", "said"),
    [
        (Stateful(), AssertionError, "holds state"),
        (Uncut(), AssertionError, "rows are not cut"),
        (Misfit(), AssertionError, "not the schema's"),
        (Unserialisable(), TypeError, "JSON"),
    ],
)
def test_what_is_wrong_with_a_task_is_said(task: Task, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        check_task(task)


def test_a_metric_that_invents_a_number_is_found() -> None:
    with pytest.raises(AssertionError, match="nan is expected"):
        check_metric(Metric("half", "labels", lambda decoded: 0.5, help="half"))


class Idle(Preprocessor):
    name = "idle"
    help = "does nothing"


class IdlePlugin:
    @hookimpl
    def register_preprocessors(self) -> list[Preprocessor]:
        return [Idle()]


def test_a_preprocessor_without_its_method_is_found() -> None:
    with pytest.raises(AssertionError, match="does not define apply"):
        check_plugin(IdlePlugin())


def test_a_heavy_import_in_the_light_half_is_found(tmp_path: Path) -> None:
    (tmp_path / "evaluate_stand_in.py").write_text("import sys; sys.modules['evaluate'] = sys")
    for name, code in (
        ("heavy_one", "import evaluate_stand_in"),
        ("light_one", "def f():\n    import evaluate_stand_in"),
    ):
        module = ModuleType(name)
        module.__file__ = str(tmp_path / f"{name}.py")
        (tmp_path / f"{name}.py").write_text(code)
        if name == "light_one":
            check_light(module)
            continue
        with pytest.raises(AssertionError, match="imports evaluate"):
            check_light(module)
