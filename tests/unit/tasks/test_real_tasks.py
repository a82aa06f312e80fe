"""Sets with several labels, with numbers and with pairs of texts, as a run would have them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
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


def test_stsb_scores_similarities_and_its_overlap_is_that_of_the_page(real_data: Path, tmp_path: Path) -> None:
    catalog = load_catalog(None, third_party=False)
    look = look_at_path(str(real_data / "stsb"), catalog, tmp_path)
    assert look.prepared is not None
    splits = {name: table.to_pydict() for name, table in look.prepared.splits.items()}
    task = catalog.task("sentence-similarity", {"range": [0, 5]})
    labels = task.infer_labels(look.prepared.splits["train"].column("score"), None)
    assert labels.names == ("score",)
    metrics = [one for one in METRICS if one.shape == "numbers" and one.name in ("pearson", "spearman")]
    found = {one.name: one.metrics for one in task.baselines(splits["train"], splits["test"], labels, metrics)}
    assert found["overlap"] == pytest.approx({"pearson": 0.5677, "spearman": 0.5648}, abs=5e-4), "the page's figures"
    assert found["tfidf"]["spearman"] > 0.5


def test_mrpc_is_a_search_of_paraphrases_too(real_data: Path, tmp_path: Path) -> None:
    """The paraphrases of the test part, each asked among all: words alone find most of them."""
    catalog = load_catalog(None, third_party=False)
    look = look_at_path(str(real_data / "mrpc"), catalog, tmp_path)
    assert look.prepared is not None
    rows = look.prepared.splits["test"].to_pydict()
    same = [at for at, label in enumerate(rows["label"]) if label == 1]
    pairs = {name: [rows[name][at] for at in same] for name in ("text", "text_pair")}
    task = catalog.task("sentence-similarity", {"rows": "pairs"})
    metrics = [one for one in METRICS if one.shape == "ranks"]
    (tfidf,) = task.baselines(pairs, pairs, task.infer_labels(pa.chunked_array([["x"]]), None), metrics)
    assert len(same) == 1147
    assert tfidf.metrics["recall_at_1"] > 0.9
    assert np.isnan(tfidf.metrics["triplet_accuracy"])
