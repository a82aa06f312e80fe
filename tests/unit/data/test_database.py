"""Tables of SQLite and DuckDB files."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import duckdb
import pytest

from tests.unit.data.conftest import Prepare, Told, Write
from tui_finetune.data.inspect import look_at_path
from tui_finetune.data.tablefiles import groups_of
from tui_finetune.plugin_api.manager import Catalog


@pytest.fixture
def lite(tmp_path: Path) -> Path:
    path = tmp_path / "reviews.db"
    with sqlite3.connect(path) as base:
        base.execute("CREATE TABLE reviews (text, label INTEGER, picture BLOB, mixed)")
        rows = [(f"a text {i}", i % 2, b"\x00", i if i % 2 else "x") for i in range(40)]
        base.executemany("INSERT INTO reviews VALUES (?, ?, ?, ?)", rows)
        base.execute('CREATE TABLE "other ""things" (a, b)')
        base.execute('INSERT INTO "other ""things" VALUES (1, 2.5)')
        base.execute(
            "CREATE VIEW endless AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT * FROM n"
        )
    base.close()
    return path


def test_tables_of_sqlite_are_sets(lite: Path, tmp_path: Path, catalog: Catalog) -> None:
    before = lite.read_bytes()
    look = look_at_path(str(lite), catalog, tmp_path / "cache")
    assert (look.opened.source, look.opened.splits["train"].rows) == ("database", 40)
    assert look.roles == {"text": "text", "label": "label"}
    assert [(c.name, c.type) for c in look.opened.columns] == [
        ("text", "string"),
        ("label", "int64"),
        ("mixed", "string"),
    ]
    assert [one["name"] for one in look.sets] == ["reviews", 'other "things']
    assert "Left out of table reviews, as they hold bytes: picture." in look.guesses
    other = look_at_path(str(lite), catalog, tmp_path / "cache", subset='other "things')
    assert other.opened.splits["train"].table().to_pylist()[0]["b"] == 2.5
    assert lite.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "reviews.db"]


def test_tables_of_duckdb_named_as_splits_are_one_set(tmp_path: Path, prepared: Prepare) -> None:
    path = tmp_path / "set.duckdb"
    with duckdb.connect(str(path)) as base:
        base.execute("CREATE TABLE test AS SELECT 'text ' || i AS text, i % 2 AS label FROM range(8) t(i)")
        base.execute("CREATE TABLE train AS SELECT 'a text ' || i AS text, i % 2 AS label FROM range(40) t(i)")
    found = prepared(path)
    assert {name: table.num_rows for name, table in found.splits.items()} == {"train": 36, "validation": 4, "test": 8}
    assert found.splits["test"].column("row_id")[0].as_py() == "set.duckdb/test:0"


def test_a_table_that_is_not_there_is_told(lite: Path, told: Told) -> None:
    assert told(lite, subset="review") == ["data.subset: reviews.db holds no set 'review'. Did you mean reviews?"]


@pytest.mark.parametrize("head", [b"SQLite format 3\x00", b"\x00" * 8 + b"DUCK"])
def test_a_damaged_database_is_told(head: bytes, write: Write, told: Told) -> None:
    assert any("cannot read it" in line for line in told(write("a.db", head + b"nonsense" * 200)))


@pytest.mark.parametrize(
    ("tables", "groups"),
    [
        (["a", "b"], {"a": {"train": "a"}, "b": {"train": "b"}}),
        (["test", "train", "x"], {"set": {"train": "train", "test": "test"}, "x": {"train": "x"}}),
        (["dev"], {"dev": {"train": "dev"}}),
    ],
)
def test_which_tables_belong_together(tables: list[str], groups: dict[str, dict[str, str]]) -> None:
    assert groups_of(tables, "set") == groups
