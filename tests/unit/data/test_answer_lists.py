"""Answers, however a file writes them, are read alike."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.calling import Cli
from tui_finetune.data.answer_lists import answer_lists, is_answers
from tui_finetune.data.inspect import look_at_path
from tui_finetune.plugin_api.manager import load_catalog
from tui_finetune.plugin_api.testing_heads import save_tokenizer

STARTS = [{"text": "London", "answer_start": 8}]


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("answers", [{"text": "London", "answer_start": 8}], STARTS),
        ("answers", {"text": ["London"], "answer_start": [8]}, STARTS),
        ("answers", {"text": "London", "answer_start": 8}, STARTS),
        ("answers", {"text": ["London"]}, [{"text": "London", "answer_start": None}]),
        ("answers", ["London"], [{"text": "London", "answer_start": None}]),
        ("answer", "London", [{"text": "London", "answer_start": None}]),
        ("answers", {"text": [], "answer_start": []}, []),
        ("answer", "", []),
        ("answers", None, None),
    ],
)
def test_each_way_of_writing(name: str, value: Any, found: Any) -> None:
    like = [{"text": ["x"], "answer_start": [1]}] if value is None or value == {"text": [], "answer_start": []} else []
    table = pa.table({name: [value, *like]})
    assert is_answers(table.schema.field(name).type)
    assert answer_lists(table, name).to_pylist()[0] == found


@pytest.mark.parametrize("value", [3, [3], {"start": 3}, [[{"text": "x"}]]])
def test_what_is_none(value: Any) -> None:
    assert not is_answers(pa.array([value]).type)


ROWS: dict[str, dict[str, Any]] = {
    "hub.jsonl": {
        "question": "Where?",
        "context": "Born in London.",
        "answers": {"text": ["London"], "answer_start": [8]},
    },
    "list.jsonl": {"question": "Where?", "context": "Born in London.", "answers": STARTS},
}


@pytest.mark.parametrize("name", ROWS)
def test_a_file_is_taken_for_questions_and_answers(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text("\n".join(json.dumps({"id": str(n), **ROWS[name]}) for n in range(6)))
    look = look_at_path(str(path), load_catalog(None, third_party=False), tmp_path / "cache")
    assert look.task is not None
    assert look.task.name == "question-answering"
    assert look.problems == ()
    assert look.prepared is not None
    assert look.prepared.splits["train"].column("answers").to_pylist()[0] == STARTS


@pytest.mark.slow
def test_the_verbs_of_data_take_such_a_file(tmp_path: Path, cli: Cli) -> None:
    """Answers are no labels, and a long context is read in windows, of which nothing is cut."""
    path = tmp_path / "rows.jsonl"
    row = {**ROWS["list.jsonl"], "context": f"{ROWS['list.jsonl']['context']} {'and so on ' * 60}"}
    path.write_text("\n".join(json.dumps({"id": str(n), **row}) for n in range(6)))
    checked = cli("data", "check", str(path), "--json")
    assert checked.code in (0, 1), checked.err
    save_tokenizer(tmp_path, 64)
    seen = cli("data", "tokens", str(path), "0", "--model", str(tmp_path), "--max-length", "64")
    assert seen.code == 0, seen.err
    assert "windows, of which this is the first" in seen.err
