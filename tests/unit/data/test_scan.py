"""Windows of rows: only these are read, and a condition reaches nothing but the rows."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.calling import Cli
from tui_finetune.data.scan.window import parquet_window, table_window
from tui_finetune.errors import DataError

TABLE = pa.table(
    {
        "text": [f"review {i}" for i in range(1000)],
        "label": ["good" if i % 2 else None for i in range(1000)],
        "stars": list(range(1000)),
    }
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Names in SQL have quotes in them too."""
    file = tmp_path / "it's.parquet"
    pq.write_table(TABLE, file, row_group_size=100)
    return file


@pytest.mark.parametrize(
    ("where", "offset", "total", "stars"),
    [
        ("", 0, 1000, [0, 1]),
        ("", 998, 1000, [998, 999]),
        ("", 5000, 1000, []),
        ("stars >= 990", 3, 10, [993, 994]),
        ("label IS NULL AND stars > 10 -- even ones", 0, 494, [12, 14]),
        ("regexp_matches(text, '9{3}$')", 0, 1, [999]),
        ("length(text) = 8", 0, 10, [0, 1]),
    ],
)
def test_a_window_is_counted_and_in_order(path: Path, where: str, offset: int, total: int, stars: list[int]) -> None:
    for window in (parquet_window([path], 2, offset, where), table_window(TABLE, 2, offset, where)):
        assert (window.total, [row["stars"] for row in window.rows]) == (total, stars)
        assert [name for name, _ in window.columns] == ["text", "label", "stars"]


def test_files_follow_one_another(path: Path) -> None:
    window = parquet_window([path, path], 2, 999)
    assert (window.total, [row["stars"] for row in window.rows]) == (2000, [999, 0])


@pytest.mark.parametrize(
    "where",
    [
        "(SELECT count(*) FROM read_text('{other}')) > 0",
        "stars IN (SELECT 1 FROM read_csv('{other}'))",
        "stars IN (SELECT 1 FROM '{other}')",
        "(SELECT count(*) FROM glob('{folder}/*')) > 0",
        "true) UNION ALL (SELECT content, '', 1 FROM read_text('{other}')",
        "true); COPY (SELECT 1) TO '{folder}/new.csv'; SELECT (1",
        "true); COPY (SELECT 1) TO '{path}' (FORMAT parquet); SELECT (1",
        "true); ATTACH '{folder}/new.db'; SELECT (1",
        "true); SET enable_external_access = true; SELECT (1",
        "stars IN (SELECT i FROM outer_table)",
        "nothing > 3",
        "stars >",
    ],
)
def test_a_condition_reads_no_other_file_and_writes_none(path: Path, where: str) -> None:
    outer_table = pa.table({"i": [1]})  # of this process: what Python holds is no table of the condition's
    assert outer_table.num_rows == 1
    other = path.parent / "secret.txt"
    other.write_text("secret")
    before = path.read_bytes()
    said = where.format(other=other, folder=path.parent, path=str(path).replace("'", "''"))
    with pytest.raises(DataError, match="--where"):
        parquet_window([path], 5, 0, said)
    assert path.read_bytes() == before
    assert sorted(one.name for one in path.parent.iterdir()) == ["it's.parquet", "secret.txt"]


def test_show_prints_these_rows_only(cli: Cli, path: Path) -> None:
    found = cli("data", "show", str(path), "--rows", "1", "--offset", "1", "--where", "stars > 5", "--json").json
    assert set(found) == {"rows", "offset", "total", "columns"}
    assert (found["rows"], found["offset"], found["total"]) == (
        [{"text": "review 7", "label": "good", "stars": 7}],
        1,
        994,
    )
    said = cli("data", "show", str(path), "--rows", "2")
    assert said.out.splitlines()[1].split() == ["review", "0", "–", "0"]
    assert "2 of 1,000 rows" in said.err


def test_show_takes_other_kinds_of_data(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "reviews.csv"
    file.write_text("text,label\n" + "".join(f"review number {i},{'good' if i % 2 else 'bad'}\n" for i in range(40)))
    found = cli("data", "show", str(file), "--where", "label = 'good'", "--json").json
    assert (found["total"], found["rows"][0]) == (20, {"text": "review number 1", "label": "good"})


def test_what_cannot_be_is_said(cli: Cli, path: Path, tmp_path: Path) -> None:
    said = cli("data", "show", str(path), "--where", "nothing > 3")
    assert said.code == 2
    assert '"nothing" not found' in said.err
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 no more")
    said = cli("data", "show", str(broken), "--rows", "3")
    assert said.code == 2
    assert "broken.parquet" in said.err
