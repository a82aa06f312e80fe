"""Sets with several labels and with numbers, as a run would have them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tui_finetune.builtin.metrics import METRICS
from tui_finetune.data.inspect import look_at_path
from tui_finetune.plugin_api.manager import load_catalog

pytestmark = [pytest.mark.real, pytest.mark.slow]


def test_goemotions_is_guessed_with_its_labels_and_its_baselines_are_near_those_of_the_page(
    real_data: Path, tmp_path: Path
) -> None:
    catalog = load_catalog(None, third_party=False)
    look = look_at_path(str(real_data / "goemotions"), catalog, tmp_path)
    assert look.task is not None
    assert look.prepared is not None
    assert look.prepared.labels is not None
    assert (look.task.shape, len(look.prepared.labels)) == ("multilabels", 28)
    assert dict(look.recipe.task_options) == {"problem_type": "multi_label_classification"}
    splits = {name: table.to_pydict() for name, table in look.prepared.splits.items()}
    assert np.mean([len(row) for row in splits["train"]["label"]]) == pytest.approx(1.177, abs=0.001)
    metrics = [one for one in METRICS if one.shape == "multilabels" and one.name in ("f1", "f1_micro", "accuracy")]
    some = {name: values[:8_000] for name, values in splits["train"].items()}
    found = look.task.baselines(some, splits["test"], look.prepared.labels, metrics)
    tfidf = next(one for one in found if one.name == "tfidf").metrics
    assert 0.45 < tfidf["f1_micro"] < 0.54, "the whole of train gives 0.54"
    assert 0.25 < tfidf["f1"] < 0.40, "the whole of train gives 0.40"


def test_stsb_is_guessed_as_pairs_with_a_number(real_data: Path, tmp_path: Path) -> None:
    catalog = load_catalog(None, third_party=False)
    look = look_at_path(str(real_data / "stsb"), catalog, tmp_path)
    assert look.task is not None
    assert look.prepared is not None
    assert look.task.name == "regression"
    assert dict(look.roles) == {"text": "column6", "text_pair": "column7", "score": "column5"}
    ranged = look.task.variant({"range": [0, 5]})
    assert ranged.infer_labels(look.prepared.splits["train"].column("score"), None).names == ("score",)
