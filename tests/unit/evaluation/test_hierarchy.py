"""Figures by level of names such as `sport/ball/tennis`."""

from __future__ import annotations

import pytest

from tui_finetune.builtin.tasks.text_classification import TextClassification
from tui_finetune.evaluation.hierarchy import level_report
from tui_finetune.plugin_api import Decoded, LabelSet

LABELS = LabelSet.of(["art", "sport/ball/golf", "sport/ball/tennis", "sport/run"])


def test_each_level_is_measured_with_names_cut_after_it() -> None:
    report = level_report(Decoded(LABELS, [1, 2, 3, 0], [2, 2, 1, 3]), "/")
    assert [(one["level"], one["labels"], one["accuracy"]) for one in report["levels"]] == [
        (1, 2, 0.75),
        (2, 3, 0.5),
        (3, 4, 0.25),
    ]
    # Beginnings in common: 2, 3, 1, 0; in gold 3 + 3 + 3 + 2, in predictions 3 + 3 + 2 + 1.
    assert report["hierarchical_f1"] == pytest.approx(2 * 6 / 20)


def test_names_without_levels_and_rows_without_gold_have_no_such_figures() -> None:
    assert level_report(Decoded(LabelSet.of(["a", "b"]), [0], [1]), "/") == {}
    assert level_report(Decoded(LABELS, [0], None), "/") == {}


def test_the_option_puts_them_into_the_report() -> None:
    decoded = Decoded(LABELS, [0, 1], [0, 2])
    assert "levels" not in TextClassification().report(decoded)
    task = TextClassification().variant({"hierarchy": "/"})
    assert (task.name, task.shape) == ("text-classification", "labels")
    assert task.report(decoded)["levels"][1]["accuracy"] == 1.0
    assert task.variant({"hierarchy": "/"}) is task
