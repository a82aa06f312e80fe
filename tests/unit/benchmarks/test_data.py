"""The benchmark of large data asks us and DuckDB the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import data
from benchmarks.data import TASKS, Task
from tui_finetune.data import large
from tui_finetune.data.scan.stored import Stored, stored_in

ROWS = 3_000


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Stored:
    folder = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(large, "LARGE_BYTES", 1)
        parquet, csv = data.make(folder, ROWS)
        assert stored_in(data.opened(csv, folder)).rows == ROWS
        return stored_in(data.opened(parquet, folder))


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_both_find_the_same(stored: Stored, tmp_path: Path, task: Task) -> None:
    found = data.ours(stored, task, tmp_path / "rows.i8")
    assert found == data.theirs(stored.files[0], task, tmp_path)
    assert (found > 0) == (task.name not in ("missing", "duplicates", "length"))
