"""What is said of an evaluation and of one of its rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tui_finetune.live.evaluation_page import (
    Choosable,
    Measured,
    beaten_words,
    confusion_table,
    details,
    having,
    metric_lines,
    metric_table,
    predicted_line,
    row_columns,
    rows_head,
    thing_line,
)
from tui_finetune.live.label_figures import arranged_labels, label_columns, label_line, label_table
from tui_finetune.live.row_page import entities_of, row_lines
from tui_finetune.live.spans import Line, plain, width_of

REPORT: dict[str, Any] = {
    "v": 1, "task": "text-classification", "split": "test", "rows": 3080, "labels": ["a", "b", "never"],
    "metrics": {"accuracy": 0.912, "f1": "nan", "loss": 0.4}, "words_seen": 7,
    "per_class": [
        {"label": "a", "precision": 0.9, "recall": 0.8, "f1": 0.85, "support": 40, "predicted": 36},
        {"label": "b", "precision": 0.5, "recall": 0.6, "f1": 0.55, "support": 10, "predicted": 12},
        {"label": "never", "precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0, "predicted": 0},
    ],
    "confusion": {"labels": ["a", "b", "never"], "counts": None, "pairs": [[0, 1, 8], [1, 0, 4]]},
}  # fmt: skip
BASELINES = {
    "majority": {"metrics": {"accuracy": 0.8}, "help": "Most frequent."},
    "tfidf": {"metrics": {"accuracy": 0.95}},
}
FOUND = Measured("x/test", "x", "x", "banking77-minilm", "b2m7", "test", 0.0, REPORT, BASELINES, step=1410, folder="/e")
ROW: dict[str, Any] = {
    "row_id": "test.csv:1322", "text": "I sent rent\x1b[31m", "gold": "a", "predicted": "b", "score": 0.974, "gold_score": 0.008,
    "loss": 4.83, "length": 11, "truncated": False, "scores": [0.008, 0.974, 0.018],
}  # fmt: skip


def text(lines: list[Line]) -> str:
    return "\n".join(plain(one) for one in lines)


def test_line_two() -> None:
    said = plain(thing_line(FOUND, 80, 10.0))
    assert said.startswith(" banking77-minilm b2m7, step 1,410")
    assert "on test, 3,080 rows · evaluated" in said
    assert len(said) == 80
    assert "no evaluation open" in plain(thing_line(None, 80, 0.0))


def test_figures_stand_beside_their_baselines() -> None:
    lines = metric_lines(FOUND, 80, 9)
    assert plain(lines[0]).split() == ["metric", "score", "majority", "tfidf"]
    assert plain(lines[1]).split() == ["accuracy", "0.912", "0.800", "0.950"]
    assert plain(lines[2]).split() == ["f1", "nan", "–", "–"]
    assert [span.token for span in lines[1] if span.text == "0.912"] == ["warn"], "a baseline does better"
    assert [span.bold for span in lines[1] if span.text == "0.912"] == [True]
    assert plain(metric_lines(FOUND, 80, 3)[-1]).strip() == "+ 2 more"
    assert metric_table(FOUND)[0] == ["metric", "score", "majority", "tfidf"]


def test_a_model_that_is_no_better_is_said_so() -> None:
    assert beaten_words(FOUND) == "! tfidf reaches 0.950 accuracy: the model is not better than that"
    assert beaten_words(replace(FOUND, baselines={"majority": BASELINES["majority"]})) == ""


@pytest.mark.parametrize(
    ("sort", "reverse", "names"),
    [
        ("f1", False, ["b", "a", "never"]),
        ("f1", True, ["a", "b", "never"]),
        ("recall", False, ["b", "a", "never"]),
        ("support", False, ["a", "b", "never"]),
        ("label", True, ["never", "b", "a"]),
    ],
)
def test_labels_in_order_those_that_do_not_occur_last(sort: str, reverse: bool, names: list[str]) -> None:
    assert [one.label for one in arranged_labels(FOUND.labels, sort, reverse)] == names


def test_labels_are_filtered_and_a_line_each() -> None:
    assert [one.label for one in arranged_labels(FOUND.labels, wanted="EV")] == ["never"]
    assert plain(label_line(FOUND.labels[0], label_columns(80, "label"))).split() == [
        "a",
        "0.900",
        "0.800",
        "0.850",
        "40",
        "36",
    ]
    assert label_table(FOUND.labels)[1][1] == ["b", 0.5, 0.6, 0.55, 10, 12]


def test_the_confusion_as_a_table() -> None:
    assert FOUND.confusion is not None
    assert confusion_table(FOUND.confusion)[1] == [["a", "b", 8, 0.2], ["b", "a", 4, 0.4]]


def test_rows_as_lines() -> None:
    columns = row_columns(80, tagged=False)
    assert plain(rows_head(columns, "loss", False)).split()[:3] == ["row", "loss", "↓"]
    said = plain(predicted_line(1322, ROW, columns))
    assert said.split()[:5] == ["1,322", "4.830", "0.974", "a", "b"]
    assert "\x1b" not in said
    assert width_of(predicted_line(1322, ROW, columns)) <= 77
    assert plain(predicted_line(5, None, columns)).split() == ["5", "–"]


def test_a_row_whole() -> None:
    said = text(row_lines(ROW, 1322, "test", ["a", "b", "c"], 80))
    assert "test row 1,322     11 tokens, none cut" in said
    assert "test.csv:1322" in said
    assert "I sent rent␛[31m" in said
    lines = said.splitlines()
    assert next(one for one in lines if one.startswith(" predicted")).split() == ["predicted", "b", "0.974"]
    assert next(one for one in lines if one.startswith(" gold")).split() == ["gold", "a", "0.008"]
    assert [one.split()[0] for one in lines[-3:]] == ["b", "c", "a"]


def test_a_row_beside_what_another_model_said() -> None:
    said = text(row_lines(ROW, 1, "test", ["a", "b", "c"], 80, ("n4v8", {**ROW, "predicted": "a", "score": 0.5})))
    assert next(one for one in said.splitlines() if one.startswith(" n4v8")).split() == ["n4v8", "a", "0.500"]


def test_scores_of_many_labels_have_their_ids_beside_them() -> None:
    row = {**ROW, "scores": [0.9, 0.1], "score_ids": [2, 0]}
    assert text(row_lines(row, 1, "test", ["a", "b", "c"], 80)).splitlines()[-2].split()[0] == "c"
    assert "█" not in text(row_lines({**ROW, "scores": [0.9]}, 1, "test", ["a", "b"], 80)), "scores that fit no labels"


TAGS: dict[str, Any] = {
    "row_id": "x:1", "tokens": ["Ada", "Lovelace", "in", "Rome"], "gold": ["B-PER", "I-PER", "O", "B-LOC"],
    "predicted": ["B-PER", "I-PER", "O", None], "score": 0.9, "loss": 0.2, "length": 6, "truncated": True,
}  # fmt: skip


def test_a_tagged_row_has_both_readings_and_the_words_that_differ() -> None:
    said = text(row_lines(TAGS, 1, "test", (), 80))
    assert said.count("Ada Lovelace in Rome") == 2
    assert said.count("LOC") == 2
    assert "the rest was cut" in said
    assert "Rome                      B-LOC → not seen: cut off" in said
    same = text(row_lines({**TAGS, "predicted": TAGS["gold"]}, 1, "test", (), 80))
    assert "every word has its tag" in same
    columns = row_columns(80, tagged=True)
    assert plain(predicted_line(1, TAGS, columns)).split()[:4] == ["1", "0.200", "0.900", "1"]


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        (["B-A", "I-A", "O"], [("A", 0, 3)]),
        (["B-A", "B-A", "O"], [("A", 0, 1), ("A", 2, 3)]),
        (["I-A", "O", "I-A"], [("A", 0, 1), ("A", 4, 5)]),
        (["NOUN", "O", "VERB"], [("NOUN", 0, 1), ("VERB", 4, 5)]),
        ([None, "B-A", "I-B"], [("A", 2, 3), ("B", 4, 5)]),
    ],
)
def test_entities_of_tags(tags: list[str | None], found: list[tuple[str, int, int]]) -> None:
    assert [(one["label"], one["start"], one["end"]) for one in entities_of(["x", "y", "z"], tags)] == found


def test_evaluations_are_found_by_words_and_known_whole() -> None:
    one = Choosable("x/test", "banking77-minilm b2m7 on test", "x", "test", 0.0)
    assert having([one], "TEST b2m7") == [one]
    assert having([one], "validation") == []
    facts = dict(details(FOUND))
    assert facts["words_seen"] == "7"
    assert facts["baseline majority"] == "Most frequent."
    assert facts["folder"] == "/e"
