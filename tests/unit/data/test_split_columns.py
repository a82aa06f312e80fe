"""Shares of train by a column: groups that stay together, the newest rows, and columns that cannot be used so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.data.conftest import Prepare, Told, Write
from tui_finetune.data.splitting import divide_groups


def authors(write: Write, rows: int = 60) -> Path:
    lines = [
        f"this is text number {i},{('bad', 'good')[i % 2]},ann{i // 4},2024-{1 + i * 7 % 12:02}-{1 + i % 28:02}"
        for i in range(rows)
    ]
    return write("a.csv", "text,label,author,day\n" + "\n".join(lines) + "\n")


@given(st.lists(st.integers(0, 12), min_size=2, max_size=200), st.integers(1, 100), st.integers(0, 9))
def test_groups_are_on_one_side(values: list[int], count: int, seed: int) -> None:
    groups = np.unique(values, return_inverse=True)[1].astype(np.int64)
    parts = divide_groups(groups, count, seed, "test")
    assert not set(groups[parts.taken]) & set(groups[parts.rest])
    assert sorted([*parts.taken, *parts.rest]) == list(range(len(values)))
    assert len(parts.rest) > 0
    smallest = np.bincount(groups).min()
    assert len(parts.taken) <= max(count, smallest)
    assert (len(parts.taken) == 0) == (groups.max() == 0)


def test_an_author_is_on_one_side(prepared: Prepare, write: Write) -> None:
    made = prepared(authors(write), validation=0.2, test=0.2, groups="author")
    of = {
        name: {int(text.rsplit(" ", 1)[1]) // 4 for text in table.column("text").to_pylist()}
        for name, table in made.splits.items()
    }
    assert {name: table.num_rows for name, table in made.splits.items()} == {"train": 36, "validation": 12, "test": 12}
    assert not of["train"] & of["validation"]
    assert not of["train"] & of["test"]
    assert not of["validation"] & of["test"]
    assert made.split_origin is not None
    assert made.split_origin["validation"] == "20 % of train, whole groups of author, seed 42"
    again = prepared(authors(write), validation=0.2, test=0.2, groups="author")
    assert again.splits["validation"].equals(made.splits["validation"])


def test_pieces_of_a_row_stay_with_its_group(prepared: Prepare, write: Write) -> None:
    steps = [{"use": "split-text", "options": {"words": 2}}]
    made = prepared(authors(write), validation=0.2, groups="author", preprocess=steps)
    ids = {name: {row.split("#")[0] for row in t.column("row_id").to_pylist()} for name, t in made.splits.items()}
    assert ids["train"].isdisjoint(ids["validation"])


def test_the_newest_rows_are_kept_for_measuring(prepared: Prepare, write: Write) -> None:
    made = prepared(authors(write), validation=0.1, test=0.1, time="day")
    days = {
        name: [
            f"2024-{1 + i * 7 % 12:02}-{1 + i % 28:02}"
            for i in (int(t.rsplit(" ", 1)[1]) for t in table["text"].to_pylist())
        ]
        for name, table in made.splits.items()
    }
    assert max(days["train"]) <= min(days["validation"])
    assert max(days["validation"]) <= min(days["test"])
    assert made.split_origin is not None
    assert made.split_origin["test"] == f"10 % of train, the newest by day, from {min(days['test'])} on"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"groups": "autor"}, "no column autor in train; there are text, label, author, day. Did you mean author?"),
        ({"groups": "author", "time": "day"}, "by groups or by time, not by both"),
    ],
)
def test_what_cannot_be_is_told(told: Told, write: Write, data: dict[str, str], said: str) -> None:
    assert said in " ".join(told(authors(write), **data))


def test_rows_without_a_time_are_told(told: Told, write: Write) -> None:
    path = write("a.jsonl", '{"text": "a", "label": "x", "day": 3}\n{"text": "b", "label": "y", "day": null}\n' * 10)
    assert "day has no value in 10 rows" in " ".join(told(path, time="day"))


def test_one_group_only_gives_no_validation(prepared: Prepare, write: Write) -> None:
    path = write("a.csv", "text,label,author\n" + "".join(f"text number {i},{i % 2},ann\n" for i in range(20)))
    made = prepared(path, groups="author")
    assert list(made.splits) == ["train"]
    assert any("all rows have the same author" in said for said in made.warnings)
