"""Identity of rows, and what is kept: made once, made anew when the content changes, whole or not there."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.data.conftest import Prepare, Told, Write, rows
from tui_finetune.data.identity import row_hashes
from tui_finetune.data.opening import Wanted, open_data
from tui_finetune.plugin_api import no_progress, row_hash
from tui_finetune.plugin_api.manager import Catalog

GOOD = "text,label\n" + rows()
VALUE = (
    st.none()
    | st.text()
    | st.integers(-(2**60), 2**60)
    | st.booleans()
    | st.floats(allow_nan=False)
    | st.lists(st.text())
)


@settings(deadline=None)
@given(st.lists(st.fixed_dictionaries({'é"b': VALUE, "a": VALUE}), min_size=1, max_size=5))
def test_hashes_by_column_are_those_by_row(found: list[dict[str, Any]]) -> None:
    try:
        table = pa.Table.from_pylist(found)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return  # values of several kinds in one column
    assert row_hashes(table) == [row_hash(row) for row in table.to_pylist()]


@settings(deadline=None)
@given(st.lists(st.fixed_dictionaries({"z": st.text(), "b": st.integers(-9, 9), "c": st.booleans()}), min_size=1))
def test_hashes_of_three_columns(found: list[dict[str, Any]]) -> None:
    assert row_hashes(pa.Table.from_pylist(found)) == [row_hash(row) for row in found]


@pytest.fixture
def folders(tmp_path: Path) -> Any:
    return lambda: sorted((tmp_path / "cache" / "data").iterdir())


def test_the_same_content_is_read_once(write: Write, prepared: Prepare, folders: Any) -> None:
    first = prepared(write("a.csv", GOOD))
    (folder,) = folders()
    stamp = (folder / "opened.json").stat().st_mtime_ns
    second = prepared(write("a.csv", GOOD))
    assert (folder / "opened.json").stat().st_mtime_ns == stamp
    assert all(first.splits[name].equals(second.splits[name]) for name in first.splits)
    assert first.notes == second.notes


def test_other_content_is_read_anew(write: Write, prepared: Prepare, folders: Any) -> None:
    prepared(write("a.csv", GOOD))
    found = prepared(write("a.csv", GOOD.replace("number 3,", "number three,")))
    assert "this is text number three" in [r["text"] for t in found.splits.values() for r in t.to_pylist()]
    assert len(folders()) == 2


def test_the_same_file_elsewhere_is_known(write: Write, prepared: Prepare, folders: Any) -> None:
    prepared(write("here/a.csv", GOOD))
    found = prepared(write("there/a.csv", GOOD))
    assert len(folders()) == 1
    assert found.files[0].path.parent.name == "there"


@pytest.mark.parametrize("damage", ["manifest", "cut", "gone"])
def test_a_broken_cache_is_made_anew(damage: str, write: Write, prepared: Prepare, folders: Any) -> None:
    path = write("a.csv", GOOD)
    prepared(path)
    (folder,) = folders()
    (arrow,) = folder.glob("*.arrow")
    if damage == "manifest":
        (folder / "opened.json").write_text("{")
    elif damage == "cut":
        arrow.write_bytes(arrow.read_bytes()[:100])
    else:
        arrow.unlink()
    assert prepared(path).splits["train"].num_rows == 36
    assert json.loads((folder / "opened.json").read_text())["source"] == "csv"


def test_the_cache_is_private(write: Write, prepared: Prepare, folders: Any) -> None:
    prepared(write("a.csv", GOOD))
    (folder,) = folders()
    assert folder.stat().st_mode & 0o777 == 0o700


def test_what_a_killed_process_left_is_removed(write: Write, prepared: Prepare, tmp_path: Path) -> None:
    left = tmp_path / "cache" / "data" / ".writing-1-0-csv-x"
    young = tmp_path / "cache" / "data" / ".writing-1-1-csv-y"
    for folder in (left, young):
        folder.mkdir(parents=True)
    os.utime(left, (0, 0))
    prepared(write("a.csv", GOOD))
    assert (left.exists(), young.exists()) == (False, True)


def test_no_room_is_told(write: Write, told: Told, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tui_finetune.data.filesource.write_tables", full)
    cache = tmp_path / "cache" / "data"
    assert told(write("a.csv", GOOD)) == [
        f"{cache} cannot be written: No space left on device. Make room (tui-finetune trash empty), or "
        "choose another --home."
    ]
    assert list(cache.iterdir()) == []


def test_a_home_that_cannot_be_written_is_told(write: Write, told: Told, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    (said,) = told(write("a.csv", GOOD))
    assert said.startswith(f"{tmp_path}/cache cannot be written: ")


def test_two_at_once_make_one(tmp_path: Path, write: Write, catalog: Catalog) -> None:
    path = write("a.csv", "text,label\n" + rows(3000))
    with ThreadPoolExecutor(4) as pool:
        opened = list(
            pool.map(
                lambda _: open_data(
                    Wanted("csv", str(path)), catalog, tmp_path / "cache", heavy=False, progress=no_progress
                ),
                range(4),
            )
        )
    assert len({str(found.splits["train"].arrow) for found in opened}) == 1
    assert all(found.splits["train"].table().num_rows == 3000 for found in opened)
    assert len(list((tmp_path / "cache" / "data").iterdir())) == 1
