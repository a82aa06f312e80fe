"""Answers into files: each format reads back, and a file is whole or not there."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tui_finetune.errors import UserError
from tui_finetune.inference.writers import answer_writer

ROWS: list[dict[str, Any]] = [
    {"id": 1, "text": 'a "b",\n', "label": "x", "score": 1, "scores": {"x": 0.5}, "entities": []},
    {"id": None, "text": "é😀", "label": None, "score": None, "scores": {}, "entities": [{"start": 0}]},
    {"id": 3, "text": "", "label": "y", "score": 0.25, "scores": {"y": math.nan}, "entities": []},
]


def written(path: Path) -> Path:
    with answer_writer(path) as writer:
        writer.types = {"id": pa.int32()}
        writer.write(ROWS[:1])
        writer.write([])
        writer.write(ROWS[1:])
    assert writer.rows == 3
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    return path


def test_json_lines(tmp_path: Path) -> None:
    found = [json.loads(line) for line in written(tmp_path / "a.jsonl").read_text().splitlines()]
    assert found[:2] == ROWS[:2]
    assert found[2]["scores"] == {"y": "nan"}


@pytest.mark.parametrize(("name", "delimiter"), [("a.csv", ","), ("a.tsv", "\t")])
def test_csv(name: str, delimiter: str, tmp_path: Path) -> None:
    with written(tmp_path / name).open(newline="") as file:
        found = list(csv.DictReader(file, delimiter=delimiter))
    assert list(found[0]) == list(ROWS[0])
    assert [row["text"] for row in found] == [row["text"] for row in ROWS]
    assert (found[1]["id"], found[1]["label"], found[1]["score"]) == ("", "", "")
    assert json.loads(found[0]["scores"]) == {"x": 0.5}


def test_parquet_keeps_types(tmp_path: Path) -> None:
    table = pq.read_table(written(tmp_path / "a.parquet"))
    kinds = {field.name: str(field.type) for field in table.schema}
    assert kinds == {
        "id": "int32",
        "text": "string",
        "label": "string",
        "score": "double",
        "scores": "string",
        "entities": "string",
    }
    assert table["score"].to_pylist() == [1.0, None, 0.25]
    assert json.loads(table["entities"][1].as_py()) == [{"start": 0}]


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.parquet"])
def test_no_rows_make_a_file_all_the_same(name: str, tmp_path: Path) -> None:
    with answer_writer(tmp_path / name):
        pass
    assert (tmp_path / name).exists()


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.parquet"])
def test_an_error_leaves_what_was_there(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text("old")

    def fail() -> None:
        with answer_writer(path, force=True) as writer:
            writer.write(ROWS)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a.jsnl", "answers are not written as '.jsnl'. Did you mean .jsonl?"),
        ("a.xlsx", "There are: .jsonl, .ndjson, .csv, .tsv, .parquet."),
        ("a", "answers are not written as 'a'"),
        ("there.csv", "is there already. --force writes over it."),
        ("folder.csv", "is a folder"),
        ("none/a.csv", "there is no folder"),
    ],
)
def test_what_cannot_be_written_is_said_before_anything_is_predicted(name: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "there.csv").write_text("mine")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(UserError) as caught:
        answer_writer(tmp_path / name)
    assert said in str(caught.value)


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    writer = answer_writer(tmp_path / "a.jsonl")
    with pytest.raises(UserError, match=r"a\.jsonl cannot be written: No space left on device"), writer:
        writer._file.close()  # type: ignore[attr-defined]
        writer._file = open("/dev/full", "w")  # type: ignore[attr-defined]  # noqa: SIM115
        writer.write(ROWS * 10_000)
    assert not (tmp_path / "a.jsonl").exists()
