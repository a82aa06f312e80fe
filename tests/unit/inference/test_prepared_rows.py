"""What is predicted is prepared as in training: which steps are done to it, which are not, and what is said of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tui_finetune.inference.predictor import Row
from tui_finetune.inference.prepared_rows import PreparedRows, preparing
from tui_finetune.inference.task_card import TaskCard
from tui_finetune.plugin_api import LabelSet, Progress, no_progress
from tui_finetune.plugin_api.manager import Catalog, load_catalog

STRIP = {"use": "strip-html", "options": {"columns": ["review"]}}
LOWER = {"use": "lowercase", "options": {"columns": ["review"]}}


class Echo:
    """Answers with the text that it sees."""

    device = "cpu"

    def __init__(self, catalog: Catalog, task: str, *steps: dict[str, Any], **columns: str) -> None:
        self.task = catalog.tasks[task]
        self.card = TaskCard(task, "builtin", LabelSet.of(["a", "b"]), 16, columns=columns, preprocess=steps)

    def predict(self, rows: Sequence[Row], progress: Progress = no_progress) -> list[dict[str, Any]]:
        entities: dict[str, Any] = {"entities": []} if self.task.shape == "tags" else {}
        return [{"text": row["text"], "seen": dict(row), **entities} for row in rows]

    def save(self, folder: Path) -> None:
        (folder / "config.json").write_text("{}")

    def tokenize(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        return [dict(row) for row in rows]


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog(None, third_party=False)


def test_texts_are_prepared_and_answered_as_asked(catalog: Catalog) -> None:
    rows = PreparedRows(Echo(catalog, "text-classification", STRIP, LOWER, text="review"), catalog)
    asked = [{"text": "A <b>Film</b>"}, {"text": "Plain", "text_pair": "B"}]
    assert rows.predict(asked) == [
        {"text": "A <b>Film</b>", "seen": {"text": "a film"}},
        {"text": "Plain", "seen": {"text": "plain", "text_pair": "B"}},
    ]
    assert rows.tokenize(asked[:1]) == [{"text": "a film"}]
    ready = {"preprocess": rows.applied, "not_applied": rows.not_applied, "choosing": rows.choosing}
    assert preparing(ready, ["strip-html", "lowercase"]) == "Texts are prepared as in training: strip-html, lowercase."


def test_rows_that_a_step_leaves_out_or_cuts_are_answered(catalog: Catalog) -> None:
    steps = [
        {"use": "drop-by-length", "options": {"min_words": 3}},
        {"use": "split-text", "options": {"words": 2}},
        {"use": "lowercase", "options": {}},
    ]
    rows = PreparedRows(Echo(catalog, "text-classification", *steps, text="text"), catalog)
    assert [answer["seen"]["text"] for answer in rows.predict([{"text": "A"}, {"text": "A B C D"}])] == ["a", "a b c d"]


def test_what_cannot_be_done_is_said(catalog: Catalog) -> None:
    steps = [
        {"use": "join-columns", "options": {"columns": ["title", "body"]}},
        {"use": "balance", "options": {}},
        {"use": "gone", "options": {}},
        LOWER,
    ]
    rows = PreparedRows(Echo(catalog, "text-classification", *steps, text="review"), catalog)
    assert rows.applied == ["lowercase"]
    ready = {"preprocess": rows.applied, "not_applied": rows.not_applied, "choosing": rows.choosing}
    said = preparing(ready, [str(step["use"]) for step in steps])
    assert said is not None
    assert said.startswith(
        "Texts are prepared as in training: lowercase. Not applied to what is predicted: join-columns ("
    )
    assert "There is no column title, body" in said
    assert "gone (" in said
    assert rows.choosing == ["balance"]
    assert "balance (" not in said


def test_a_model_without_steps_is_left_alone(catalog: Catalog) -> None:
    rows = PreparedRows(Echo(catalog, "text-classification"), catalog)
    assert rows.predict([{"text": "A"}]) == [{"text": "A", "seen": {"text": "A"}}]
    assert preparing({}, []) is None
    assert preparing({}, ["strip-html"]) == "Not applied to what is predicted: strip-html."
