"""token-classification of long documents: every word has a tag, from the window in which most stands around it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tui_finetune.builtin.metrics import METRICS
from tui_finetune.builtin.tasks.token_classification import IGNORED, TokenClassification
from tui_finetune.errors import DataError
from tui_finetune.evaluation.classes import NO_LABEL
from tui_finetune.evaluation.entities import spans
from tui_finetune.evaluation.measure import measure
from tui_finetune.plugin_api import ROW_INDEX, LabelSet
from tui_finetune.plugin_api.testing import PieceEncoder

TAGS = LabelSet.of(["O", "B-PER", "I-PER", "B-LOC", "I-LOC"])
CUT = TokenClassification()
WORDS = [f"word{number}" if number % 5 else f"aVeryLongWord{number}" for number in range(60)]
GOLD = ["B-PER" if number % 7 == 0 else "I-PER" if number % 7 == 1 else "O" for number in range(60)]
ROWS: dict[str, list[Any]] = {"tokens": [WORDS, ["Ada"], []], "tags": [GOLD, ["B-PER"], []]}


@pytest.mark.parametrize("stride", [0, 1, 7, 100])
@pytest.mark.parametrize("room", [7, 16, 500])
def test_every_word_is_tagged_and_learnt(stride: int, room: int) -> None:
    task = CUT.variant({"doc_stride": stride})
    encoded = task.encode(ROWS, PieceEncoder(room), TAGS)
    assert max(map(len, encoded["input_ids"])) <= room
    assert set(encoded[ROW_INDEX]) == {0, 1, 2}
    logits = []
    for learnt in encoded["labels"]:
        one = np.zeros((len(learnt), len(TAGS)), dtype=np.float32)
        for token, tag in enumerate(learnt):
            one[token, 4 if tag == IGNORED else tag] = 9
        logits.append(one)
    found = task.decode(logits, {**ROWS, **encoded}, TAGS, {})
    assert [[TAGS.names[tag] for tag in row] for row in found.predicted] == ROWS["tags"]
    assert measure(found, [m for m in METRICS if m.shape == "tags"])["f1"] == 1.0
    assert found.losses is not None
    assert found.losses.max() < 0.01


def test_the_window_with_most_around_a_word_tags_it() -> None:
    task = CUT.variant({"doc_stride": 4})
    rows: dict[str, list[Any]] = {"tokens": [[f"w{number}" for number in range(12)]]}
    encoded = task.encode(rows, PieceEncoder(10), TAGS)
    assert encoded["words"] == [list(range(8)), list(range(5, 12))]  # w4 stands at the edge of the second
    logits = [np.full((len(ids), len(TAGS)), 0.0) for ids in encoded["input_ids"]]
    logits[0][:, 1] = 1
    logits[1][:, 3] = 1
    said = task.decode(logits, {**rows, **encoded}, TAGS, {}).predicted[0]
    assert [TAGS.names[tag] for tag in said] == ["B-PER"] * 6 + ["B-LOC"] * 6


def test_without_a_stride_what_is_too_long_is_cut_as_before() -> None:
    assert CUT.variant({}) is CUT
    assert CUT.variant({"doc_stride": "many"}) is CUT
    encoded = CUT.encode(ROWS, PieceEncoder(16), TAGS)
    assert encoded["truncated"] == [True, False, False]
    logits = [np.zeros((len(ids), len(TAGS))) for ids in encoded["input_ids"]]
    assert NO_LABEL in CUT.decode(logits, {**ROWS, **encoded}, TAGS, {}).predicted[0]


@pytest.mark.parametrize(
    ("tags", "entities"),
    [
        (["B-PER", "I-PER", "O", "S-LOC"], [("PER", 0, 2), ("LOC", 3, 4)]),
        (["B-PER", "E-PER", "S-PER", "O"], [("PER", 0, 2), ("PER", 2, 3)]),
        (["I-PER", "I-PER", "I-LOC", "O"], [("PER", 0, 2), ("LOC", 2, 3)]),
        (["B-PER", "I-PER", "E-PER", "B-LOC"], [("PER", 0, 3), ("LOC", 3, 4)]),
    ],
)
def test_entities_of_bio_bioes_and_io(tags: list[str], entities: list[tuple[str, int, int]]) -> None:
    assert spans(tags) == entities


def test_bare_types_are_entities_where_the_recipe_says_so() -> None:
    import pyarrow as pa

    values = pa.chunked_array([pa.array([["O", "PER", "PER"], ["LOC"]])])
    task = CUT.variant({"bare_types": True})
    labels = task.infer_labels(values, None)
    assert (labels.names, labels.values) == (("O", "I-LOC", "I-PER"), ("O", "LOC", "PER"))
    assert task.default_metrics(labels)[0] == "f1"
    assert CUT.default_metrics(CUT.infer_labels(values, None)) == ("accuracy",)
    rows: dict[str, list[Any]] = {"tokens": [["in", "Ada", "Byron"]], "tags": [["O", "PER", "PER"]]}
    for named in (task, CUT.variant({"bare_types": True, "doc_stride": 4})):
        encoded = named.encode(rows, PieceEncoder(), labels)
        logits = [np.eye(3)[[max(tag, 0) for tag in learnt]] * 9 for learnt in encoded["labels"]]
        found = named.decode(logits, {**rows, **encoded}, labels, {})
        answer = named.answer(found, 0, {"tokens": rows["tokens"][0]})
        assert [(one["label"], one["text"]) for one in answer["entities"]] == [("PER", "Ada Byron")]
    with pytest.raises(DataError, match=r"the tags have prefixes already"):
        task.infer_labels(pa.chunked_array([pa.array([["O", "B-PER"]])]), None)
