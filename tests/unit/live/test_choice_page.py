"""What is shown of a row with choices, and what of it is offered to try."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tui_finetune.evaluation.samples import read_samples
from tui_finetune.live.row_page import row_lines
from tui_finetune.live.spans import plain, width_of
from tui_finetune.runs.layout import PREDICTIONS, RunPaths

TOLD = {
    "row_id": "a:3",
    "gold": "1",
    "predicted": "0",
    "score": 0.9,
    "gold_score": 0.1,
    "length": 9,
    "truncated": False,
}
LIST: dict[str, Any] = {**TOLD, "text": "she sits", "start": "then she", "choices": ["sleeps\x1b[31m", "runs " * 20]}
COLUMNS: dict[str, Any] = {**TOLD, "text": "she sits", "ending0": "sleeps", "ending1": "runs", "ending2": None}


@pytest.mark.parametrize("row", [LIST, COLUMNS])
def test_a_row_with_its_choices_by_number(row: dict[str, Any]) -> None:
    lines = row_lines(row, 3, "test", ("0", "1"), 40)
    found = [" ".join(plain(one).split()) for one in lines]
    assert found[1] == "she sits"
    assert any(one.startswith("1 sleeps") for one in found)
    assert any(one.startswith("2 runs") for one in found)
    assert "\x1b" not in "".join(map(plain, lines))
    assert all(width_of(one) <= 40 for one in lines)


def test_choices_are_offered_as_they_are_typed(tmp_path: Path) -> None:
    paths = RunPaths(tmp_path)
    folder = paths.evaluation("test")
    folder.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist([COLUMNS]), folder / PREDICTIONS)
    (sample,) = read_samples(paths)
    assert (sample.text, sample.pair, sample.gold) == ("she sits", "sleeps | runs", "1")
