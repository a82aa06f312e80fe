"""What each step of a chain does to all rows, as the Data screen counts it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tui_finetune.data.cache import write_tables
from tui_finetune.helpers.desk_chain import chain, difference
from tui_finetune.plugin_api import no_progress
from tui_finetune.plugin_api.manager import load_catalog


def table(**rows: dict[str, Any]) -> pa.Table:
    """Rows by their ids."""
    names = dict.fromkeys(name for row in rows.values() for name in row)
    columns = {name: pa.array([row.get(name) for row in rows.values()]) for name in names}
    return pa.table({"row_id": list(rows), "row_hash": ["0"] * len(rows), **columns})


BEFORE = table(a={"text": "A"}, b={"text": None}, c={"text": "c"})


@pytest.mark.parametrize(
    ("after", "counts"),
    [
        (BEFORE, (0, 0, 0)),
        (table(a={"text": "a"}, b={"text": "b"}, c={"text": "c"}), (2, 0, 0)),
        (table(c={"text": "c"}, a={"text": "A"}), (0, 1, 0)),
        (table(**{"a#0": {"text": "A"}, "a#1": {"text": "A"}, "c": {"text": "C"}}), (1, 1, 2)),
        (table(a={"text": "A", "n": 1}, b={"text": None, "n": 1}, c={"text": "c", "n": 1}), (3, 0, 0)),
        (BEFORE.slice(0, 0), (0, 3, 0)),
    ],
    ids=["nothing", "changed", "out", "pieces", "a new column", "all out"],
)
def test_rows_are_counted_by_what_became_of_them(after: pa.Table, counts: tuple[int, int, int]) -> None:
    found = difference(BEFORE, after)
    assert (found["changed"], found["out"], found["made"]) == counts


def test_a_chain_is_counted_step_by_step_up_to_the_one_that_fails(tmp_path: Path) -> None:
    rows = {
        f"r{i}": {"text": ["ONE two three", "ONE", "one two three four"][i % 3], "label": "ab"[i % 2]} for i in range(6)
    }
    splits = write_tables(tmp_path, {"train": table(**rows)})
    request = {
        "splits": [[one.name, str(one.arrow), one.rows] for one in splits.values()],
        "columns": [["text", "string", None], ["label", "string", None]],
        "steps": [
            ["lowercase", {}],
            ["drop-by-length", {"min_words": 2}],
            ["split-text", {"words": 2, "overlap": 0}],
            ["drop-by-length", {"min_words": 9}],
            ["lowercase", {}],
        ],
    }  # fmt: skip
    told = chain(request, load_catalog(None, third_party=False), tmp_path / "cache", no_progress)["steps"]
    assert told[:3] == [
        {"changed": 4, "out": 0, "made": 0},
        {"changed": 0, "out": 2, "made": 0},
        {"changed": 0, "out": 0, "made": 8},
    ]
    assert "leaves no row of train" in told[3]["failed"]
    assert len(told) == 4
