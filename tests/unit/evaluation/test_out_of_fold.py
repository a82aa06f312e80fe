"""What runs said of the rows that each held out, in one file: each row once, of the same labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.fakes import FakeRun, finished_run
from tui_finetune.errors import UserError
from tui_finetune.evaluation.out_of_fold import out_of_fold, write_out_of_fold
from tui_finetune.paths import Home


def fold(home: Home, name: str, rows: Sequence[int], labels: str = "[]") -> FakeRun:
    run = finished_run(home, name)
    folder = run.paths.evaluation("validation")
    folder.mkdir(parents=True, exist_ok=True)
    columns = {"row_id": [f"rows.csv:{row}" for row in rows], "predicted": ["a"] * len(rows)}
    pq.write_table(pa.table(columns).replace_schema_metadata({"labels": labels}), folder / "predictions.parquet")
    return run


def test_each_row_with_its_run(home: Home, tmp_path: Path) -> None:
    infos = [fold(home, "one", [2, 4]).info, fold(home, "two", [3]).info]
    assert write_out_of_fold(infos, tmp_path / "all.parquet") == 3
    table = pq.read_table(tmp_path / "all.parquet")
    assert table.column_names == ["run", "row_id", "predicted"]
    assert table.column("run").to_pylist() == [infos[0].id, infos[0].id, infos[1].id]


def test_what_is_refused(home: Home, tmp_path: Path) -> None:
    one = fold(home, "one", [2, 4]).info
    with pytest.raises(UserError, match=r"both held out 1 rows, such as rows\.csv:4"):
        out_of_fold([one, fold(home, "same", [4, 5]).info])
    with pytest.raises(UserError, match="other columns or labels"):
        out_of_fold([one, fold(home, "other", [7], labels="[1]").info])
    with pytest.raises(UserError, match="no predictions for its validation rows"):
        out_of_fold([one, finished_run(home, "none").info])
    with pytest.raises(UserError, match="parquet"):
        write_out_of_fold([one], tmp_path / "all.csv")
    broken = fold(home, "broken", [9])
    (broken.paths.evaluation("validation") / "predictions.parquet").write_bytes(b"not parquet")
    with pytest.raises(UserError, match="cannot be read"):
        out_of_fold([one, broken.info])
    with pytest.raises(UserError, match="nowhere"):
        write_out_of_fold([one], tmp_path / "nowhere" / "all.parquet")
