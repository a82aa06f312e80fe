"""Our metrics against the definitions they claim: scikit-learn's and seqeval's."""

from __future__ import annotations

import math
import random
import warnings
from pathlib import Path

import numpy as np
import pytest
from seqeval.metrics import accuracy_score, f1_score, precision_score, recall_score
from seqeval.metrics.sequence_labeling import get_entities
from sklearn import metrics as reference

from tui_finetune.builtin.metrics import METRICS
from tui_finetune.evaluation.entities import count_entities, has_prefixes, spans
from tui_finetune.plugin_api import Decoded, LabelSet, Metric

LABELS = {metric.name: metric for metric in METRICS if metric.shape == "labels"}
TAGS = {metric.name: metric for metric in METRICS if metric.shape == "tags"}


def labels_decoded(gold: list[int], predicted: list[int], labels: int) -> Decoded:
    return Decoded(LabelSet.of([f"l{i}" for i in range(labels)]), predicted, gold)


def tags_decoded(gold: list[list[str]], predicted: list[list[str]]) -> Decoded:
    names = sorted({tag for row in (*gold, *predicted) for tag in row})
    ids = {name: index for index, name in enumerate(names)}
    return Decoded(LabelSet.of(names), [[ids[t] for t in r] for r in predicted], [[ids[t] for t in r] for r in gold])


@pytest.mark.parametrize("labels", [2, 3, 17])
@pytest.mark.parametrize("seed", range(4))
def test_label_metrics_are_scikit_learns(labels: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    # Labels that occur in neither column are left out of a mean: draw from fewer than there are.
    gold, predicted = draw.integers(0, max(2, labels - 1), 60), draw.integers(0, max(2, labels - 1), 60)
    decoded = labels_decoded(gold.tolist(), predicted.tolist(), labels)
    expected = {
        "accuracy": reference.accuracy_score(gold, predicted),
        "f1": reference.f1_score(gold, predicted, average="macro", zero_division=0),
        "f1_weighted": reference.f1_score(gold, predicted, average="weighted", zero_division=0),
        "precision": reference.precision_score(gold, predicted, average="macro", zero_division=0),
        "recall": reference.recall_score(gold, predicted, average="macro", zero_division=0),
        "matthews_correlation": reference.matthews_corrcoef(gold, predicted),
    }
    for name, value in expected.items():
        assert LABELS[name].compute(decoded) == pytest.approx(value), name
    binary = LABELS["f1_binary"].compute(decoded)
    assert math.isnan(binary) if labels != 2 else binary == pytest.approx(reference.f1_score(gold, predicted))


@pytest.mark.parametrize("metric", METRICS, ids=lambda m: f"{m.name}-{m.shape}")
def test_without_gold_or_rows_a_metric_is_undefined(metric: Metric) -> None:
    assert math.isnan(metric.compute(Decoded(LabelSet.of(["a", "b"]), [], [])))
    assert math.isnan(metric.compute(Decoded(LabelSet.of(["a", "b"]), [0], None)))


def test_one_label_everywhere_has_no_correlation() -> None:
    assert LABELS["matthews_correlation"].compute(labels_decoded([0, 0], [0, 0], 2)) == 0.0


WELL_FORMED = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
ILL_FORMED = [*WELL_FORMED, "E-PER", "S-LOC", "I-creative-work", "B", "I", "NOUN", "ADJ", "."]


def random_tags(draw: random.Random, tags: list[str]) -> list[list[str]]:
    return [[draw.choice(tags) for _ in range(draw.randint(1, 12))] for _ in range(draw.randint(1, 8))]


@pytest.mark.parametrize("tags", [WELL_FORMED, ILL_FORMED], ids=["bio", "ill-formed"])
@pytest.mark.parametrize("seed", range(25))
def test_entities_are_seqevals(tags: list[str], seed: int) -> None:
    draw = random.Random(seed)
    gold = random_tags(draw, tags)
    predicted = [[draw.choice(tags) if draw.random() < 0.5 else tag for tag in row] for row in gold]
    decoded = tags_decoded(gold, predicted)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # seqeval warns of tags that are not BIO and of undefined figures
        for row in gold:
            assert spans(row) == [(kind, first, last + 1) for kind, first, last in get_entities(row)]
        assert TAGS["f1"].compute(decoded) == pytest.approx(f1_score(gold, predicted))
        assert TAGS["precision"].compute(decoded) == pytest.approx(precision_score(gold, predicted))
        assert TAGS["recall"].compute(decoded) == pytest.approx(recall_score(gold, predicted))
        assert TAGS["accuracy"].compute(decoded) == pytest.approx(accuracy_score(gold, predicted))


def test_no_entity_at_all_scores_zero_as_in_seqeval() -> None:
    assert TAGS["f1"].compute(tags_decoded([["O", "O"]], [["O", "O"]])) == 0.0


def test_counts_by_type() -> None:
    counts = count_entities([["B-PER", "I-PER", "O", "B-LOC"]], [["B-PER", "O", "O", "B-LOC"]])
    assert (counts["PER"].right, counts["PER"].predicted, counts["PER"].gold) == (0, 1, 1)
    assert counts["LOC"].f1 == 1.0


@pytest.mark.parametrize(
    ("tags", "expected"),
    [(["O", "B-PER", "I-PER"], True), (["NOUN", "VERB"], False), (["O", "NOUN"], False), (["O"], False)],
)
def test_which_tag_sets_mark_entities(tags: list[str], expected: bool) -> None:
    assert has_prefixes(tags) is expected


@pytest.mark.real
def test_wnut17_reference_predictions_score_as_published(real_data: Path) -> None:
    def sentences(path: Path) -> list[list[str]]:
        blocks = path.read_text(encoding="utf-8").split("\n\n")
        return [[line.split()[-1] for line in block.splitlines() if line.strip()] for block in blocks if block.strip()]

    folder = real_data / "wnut17"
    gold = sentences(folder / "emerging.test.annotated")
    said = sentences(folder / "reference_predictions" / "uh_ritual_test.conll")
    assert 100 * TAGS["f1"].compute(tags_decoded(gold, said)) == pytest.approx(41.86, abs=0.005)


@pytest.mark.real
def test_tweet_emoji_reference_predictions_score_as_published(real_data: Path) -> None:
    folder = real_data / "tweet_emoji"
    gold = [int(line) for line in (folder / "test_labels.txt").read_text().split()]
    said = [int(line) for line in (folder / "reference_predictions" / "test_roberta_retrained.txt").read_text().split()]
    decoded = labels_decoded(gold, said, 20)
    assert 100 * LABELS["accuracy"].compute(decoded) == pytest.approx(45.03, abs=0.005)
    assert 100 * LABELS["f1"].compute(decoded) == pytest.approx(30.71, abs=0.005)
