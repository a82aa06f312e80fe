"""Rows that stay in Parquet files: found by their numbers over several files, with the ids and hashes of a whole reading."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tui_finetune.data.identity import with_identity
from tui_finetune.data.nested import flattened
from tui_finetune.data.scan.stored import LIST_ENDING, Piece, Stored, kind_of, stored_in
from tui_finetune.data.view import Wish, write_rows
from tui_finetune.data.windows import RowReader, open_reader
from tui_finetune.errors import DataError

ROWS = 3_000


def _table(first: int, rows: int) -> pa.Table:
    numbers = range(first, first + rows)
    return pa.table(
        {
            "text": pa.array([None if i % 100 == 7 else f'review "{i}"' for i in numbers], pa.string()),
            "stars": pa.array([i % 5 for i in numbers], pa.int32()),
            "by": pa.array([{"name": f"n{i}", "age": i} for i in numbers]),
            "words": pa.array([["a", f"w{i}"][: i % 3] for i in numbers], pa.list_(pa.string())),
        }
    )


PARTS = (_table(0, 1_000), _table(1_000, ROWS - 1_000))


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    """A list of two files."""
    files = [tmp_path / "it's one.parquet", tmp_path / "two.parquet"]
    for file, part in zip(files, PARTS, strict=True):
        pq.write_table(part, file, row_group_size=300)
    stored = Stored(
        {"text": "string", "stars": "int32", "by.name": "string", "by.age": "int64", "words": "list<element: string>"},
        ROWS,
        (Piece(str(files[0]), files[0].name, 0, 1_000), Piece(str(files[1]), files[1].name, 1_000, ROWS - 1_000)),
        {name: f'"{name}"' for name in ("text", "stars", "words")} | {"by.name": '"by"."name"', "by.age": '"by"."age"'},
        ("text", "stars", "by", "words"),
        has_ids=False,
    )
    path = tmp_path / f"0-train{LIST_ENDING}"
    path.write_text(json.dumps(stored.as_json()))
    assert stored_in(path) == stored
    return path


@pytest.fixture
def reader(listed: Path) -> RowReader:
    return open_reader(listed)


@pytest.mark.parametrize(
    "rows",
    [range(5), range(990, 1_010), range(2_980, 3_000), [2_999, 3, 1_500, 3], list(range(2_999, -1, -2)), []],
    ids=["first", "over the end of a file", "last", "here and there", "many", "none"],
)
def test_rows_come_by_their_numbers(reader: RowReader, rows: list[int]) -> None:
    whole = flattened({"": pa.concat_tables(PARTS)})[""]
    names = ["stars", "by.name", "text", "words"]
    wanted = whole.select(names).take(pa.array(list(rows), pa.int64())).to_pylist()
    assert reader.cells(rows, names) == wanted
    assert len(reader) == ROWS
    reader.close()


@pytest.mark.parametrize("row", [0, 999, 1_000, 1_107, 2_999])
def test_a_row_has_the_id_and_the_hash_of_a_whole_reading(reader: RowReader, row: int) -> None:
    files = ("it's one.parquet", "two.parquet")
    parts = [with_identity(part, name) for part, name in zip(PARTS, files, strict=True)]
    whole = flattened({"": pa.concat_tables(parts)})[""]
    assert reader.whole(row) == whole.slice(row, 1).to_pylist()[0]


@pytest.mark.parametrize(
    ("wish", "first", "count"),
    [
        (Wish("text:"), [7, 107], 30),
        (Wish('text~"1[0-9]{3}"'), [1_000, 1_001], 990),
        (Wish("stars=4 by.age>2990"), [2_994, 2_999], 2),
        (Wish("sort me w2999"), [], 0),
        (Wish("w2999"), [2_999], 1),
        (Wish("", sort="by.age", reverse=True), [2_999, 2_998], ROWS),
        (Wish("stars=1", sort="words"), [6, 21], 600),
        (Wish("", reverse=True), [2_999, 2_998], ROWS),
        (Wish("duplicates:stars"), [0, 1], ROWS),
        (Wish("duplicates:text"), [], 0),
        (Wish("duplicates:"), [], 0),
        (Wish("", sort="length", inputs=("text", "by.name")), [7, 107], ROWS),
    ],
)
def test_conditions_and_orders_go_over_all_files(
    listed: Path, tmp_path: Path, wish: Wish, first: list[int], count: int
) -> None:
    target = tmp_path / "rows.i8"
    assert write_rows(stored_in(listed), wish, target)[0] == count
    assert np.fromfile(target, dtype=np.int64)[:2].tolist() == first


def test_a_file_that_is_not_as_it_was_is_told(listed: Path, reader: RowReader) -> None:
    (listed.parent / "two.parquet").write_bytes(b"PAR1")
    assert reader.cells([0], ["stars"]) == [{"stars": 0}]
    with pytest.raises(DataError, match="cannot be read any more"):
        reader.cells([1_000], ["stars"])


@pytest.mark.parametrize(
    ("type_name", "kind"),
    [
        ("string", "text"),
        ("large_string", "text"),
        ("list<item: string>", "texts"),
        ("large_list<element: large_string>", "texts"),
        ("list<item: struct<name: string>>", "list"),
        ("fixed_size_list<item: double>[3]", "list"),
        ("uint8", "number"),
        ("halffloat", "number"),
        ("bool", "other"),
        ("timestamp[us]", "other"),
    ],
)
def test_kinds_of_columns(type_name: str, kind: str) -> None:
    assert kind_of(type_name) == kind
