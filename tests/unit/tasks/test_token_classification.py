"""token-classification, light half: alignment, words that are cut, entities with their places in the text."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tui_finetune.builtin.metrics import METRICS
from tui_finetune.builtin.tasks.token_classification import IGNORED, TokenClassification
from tui_finetune.builtin.tasks.words import split_words
from tui_finetune.errors import DataError, UserError
from tui_finetune.evaluation.classes import NO_LABEL
from tui_finetune.evaluation.measure import measure
from tui_finetune.plugin_api import Decoded, LabelSet
from tui_finetune.plugin_api.testing import PieceEncoder

TASK = TokenClassification()
TAGS = LabelSet.of(["O", "B-PER", "I-PER", "B-LOC", "I-LOC"])
TAG_METRICS = [m for m in METRICS if m.shape == "tags"]
ROW = {"tokens": [["Ada", "Lovelace", "in", "London"]], "tags": [["B-PER", "I-PER", "O", "B-LOC"]]}


def logits_saying(tags: list[str], encoded: dict[str, list[Any]], row: int = 0, labels: LabelSet = TAGS) -> np.ndarray:
    """Raw output that says `tags` at each word's first token, and the last label everywhere else."""
    logits = np.zeros((len(encoded["input_ids"][row]), len(labels)), dtype=np.float32)
    logits[:, -1] = 3.0
    for tag, start in zip(tags, encoded["word_starts"][row], strict=True):
        if start >= 0:
            logits[start] = 0.0
            logits[start, labels.names.index(tag)] = 5.0
    return logits


def decode_saying(tags: list[str], rows: dict[str, Any] = ROW, max_length: int = 64) -> Decoded:
    encoded = TASK.encode(rows, PieceEncoder(max_length), TAGS)
    return TASK.decode([logits_saying(tags, encoded)], {**rows, **encoded}, TAGS, {})


def test_labels_o_first_then_by_type() -> None:
    values = pa.chunked_array([pa.array([["I-PER", "O"], ["B-PER", "B-LOC", "I-LOC"], []])])
    assert TASK.infer_labels(values, None).names == ("O", "B-LOC", "I-LOC", "B-PER", "I-PER")


def test_integer_tags_with_names() -> None:
    labels = TASK.infer_labels(pa.chunked_array([pa.array([[0, 2], [0]])]), ["O", "B-X", "I-X"])
    assert (labels.names, labels.values) == (("O", "B-X", "I-X"), (0, 1, 2))


@pytest.mark.parametrize("values", [["O", "B-X"], [["O"], ["O"]], [[0.5]]])
def test_what_cannot_be_tags_is_said(values: list[Any]) -> None:
    with pytest.raises(DataError, match="tags column"):
        TASK.infer_labels(pa.chunked_array([pa.array(values)]), None)


def test_labels_stand_on_first_sub_words() -> None:
    encoded = TASK.encode(ROW, PieceEncoder(), TAGS)
    # [START] Ada Love lace in Lond on [END]
    assert encoded["word_starts"] == [[1, 2, 4, 5]]
    assert encoded["labels"] == [[IGNORED, 1, 2, IGNORED, 0, 3, IGNORED, IGNORED]]
    assert encoded["length"] == [8]


def test_words_without_tokens_and_empty_rows_have_no_place() -> None:
    encoded = TASK.encode({"tokens": [["a", "", "b"], []], "tags": [["O", "O", "O"], []]}, PieceEncoder(), TAGS)
    assert encoded["word_starts"] == [[1, -1, 2], []]
    assert encoded["labels"] == [[IGNORED, 0, 0, IGNORED], [IGNORED, IGNORED]]


def test_rows_with_more_words_than_tags_are_named() -> None:
    with pytest.raises(DataError, match="2 words but 1 tags"):
        TASK.encode({"tokens": [["a", "b"]], "tags": [["O"]]}, PieceEncoder(), TAGS)


def test_what_is_said_is_read_at_first_sub_words() -> None:
    decoded = decode_saying(["B-PER", "I-PER", "O", "B-LOC"])
    assert decoded.predicted == decoded.gold == [[1, 2, 0, 3]]
    assert decoded.losses is not None
    assert decoded.losses[0] == pytest.approx(-np.log(np.exp(5) / (np.exp(5) + 4)), rel=1e-5)
    assert measure(decoded, TAG_METRICS) == {"f1": 1.0, "precision": 1.0, "recall": 1.0, "accuracy": 1.0}


def test_entities_among_words_that_were_cut_are_missed() -> None:
    decoded = decode_saying(["B-PER", "I-PER", "O", "B-LOC"], max_length=6)
    assert decoded.predicted == [[1, 2, 0, NO_LABEL]]
    metrics = measure(decoded, TAG_METRICS)
    assert (metrics["precision"], metrics["recall"], metrics["accuracy"]) == (1.0, 0.5, 0.75)


def test_stored_columns_have_the_declared_schema_and_nulls_for_cut_words() -> None:
    decoded = decode_saying(["B-PER", "I-PER", "O", "B-LOC"], max_length=6)
    schema, columns = TASK.prediction_schema(TAGS), TASK.prediction_columns(decoded)
    [row] = pa.table({f.name: pa.array(columns[f.name], f.type) for f in schema}).to_pylist()
    assert row["gold"] == ["B-PER", "I-PER", "O", "B-LOC"]
    assert row["predicted"] == ["B-PER", "I-PER", "O", None]
    assert row["score_ids"][0][0] == 1
    assert row["score_ids"][3] is None
    assert row["scores"][0][0] == pytest.approx(row["score"], abs=1e-3)


def test_answers_have_character_offsets_in_the_typed_text() -> None:
    text = "Ada Lovelace,  in (London)!"
    row = TASK.input_row(text)
    assert row["tokens"] == ["Ada", "Lovelace", ",", "in", "(", "London", ")", "!"]
    said = ["B-PER", "I-PER", "O", "O", "O", "B-LOC", "O", "O"]
    decoded = decode_saying(said, {"tokens": [row["tokens"]]})
    assert decoded.gold is None
    answer = TASK.answer(decoded, 0, row)
    assert [(e["label"], e["text"]) for e in answer["entities"]] == [("PER", "Ada Lovelace"), ("LOC", "London")]
    assert all(text[e["start"] : e["end"]] == e["text"] for e in answer["entities"])
    assert TASK.show_answer(answer)[1].startswith("LOC  London  0.9")


def test_answers_of_given_words_join_them_by_blanks() -> None:
    answer = TASK.answer(decode_saying(["B-PER", "I-PER", "O", "B-LOC"]), 0, {"tokens": ROW["tokens"][0]})
    assert answer["text"] == "Ada Lovelace in London"
    assert [e["text"] for e in answer["entities"]] == ["Ada Lovelace", "London"]


def test_tags_without_prefixes_give_each_word() -> None:
    labels = LabelSet.of(["NOUN", "VERB"])
    rows = {"tokens": [["dogs", "run"]]}
    encoded = TASK.encode(rows, PieceEncoder(), labels)
    logits = logits_saying(["NOUN", "VERB"], encoded, labels=labels)
    answer = TASK.answer(TASK.decode([logits], {**rows, **encoded}, labels, {}), 0, {"tokens": rows["tokens"][0]})
    assert [(e["label"], e["text"], e["start"]) for e in answer["entities"]] == [
        ("NOUN", "dogs", 0),
        ("VERB", "run", 5),
    ]
    assert TASK.default_metrics(labels) == ("accuracy",)
    assert TASK.default_metrics(TAGS)[0] == "f1"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("don't  stop", ["don", "'", "t", "stop"]),
        ("我爱 Peking大学", ["我", "爱", "Peking", "大", "学"]),
        ("naïve café 😀!", ["naïve", "café", "😀", "!"]),
        ("  ", []),
    ],
)
def test_splitting_typed_text_keeps_places(text: str, words: list[str]) -> None:
    found, spans = split_words(text)
    assert found == words
    assert [text[a:b] for a, b in spans] == words


def test_pairs_are_refused() -> None:
    with pytest.raises(UserError, match="one text at a time"):
        TASK.input_row("a", "b")


def test_baselines() -> None:
    train = {"tokens": [["Ada", "in", "Rome"], ["Ada", "of", "Rome"]], "tags": [["B-PER", "O", "B-LOC"]] * 2}
    test = {"tokens": [["Ada", "sees", "Rome"]], "tags": [["B-PER", "O", "B-LOC"]]}
    majority, word_tag = TASK.baselines(train, test, TAGS, TAG_METRICS)
    assert (majority.name, majority.metrics["f1"]) == ("majority", 0.0)
    # Three tags are equally frequent: an unknown word gets the first of them, O.
    assert (word_tag.name, word_tag.metrics["f1"], word_tag.metrics["accuracy"]) == ("word_tag", 1.0, 1.0)


def test_the_report_counts_entities_by_type_and_words_seen() -> None:
    report = TASK.report(decode_saying(["B-PER", "O", "O", "B-LOC"], max_length=6))
    assert report["entities"]["overall"]["support"] == 2
    assert [t["label"] for t in report["entities"]["types"]] == ["LOC", "PER"]
    assert (report["words"], report["words_seen"]) == (4, 3)
    assert report["confusion"]["pairs"] == [[2, 0, 1]]


def test_an_error_shows_the_entities_that_were_there() -> None:
    row = {"tokens": ROW["tokens"][0], "gold": ROW["tags"][0], "predicted": ["B-PER", "O", "O", None]}
    assert TASK.show_error(row) == [
        "Ada Lovelace in London",
        "predicted  PER: Ada",
        "gold       PER: Ada Lovelace; LOC: London",
    ]
