"""`data split`: the splits that a run would have, before there is one."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import pyarrow as pa
import pytest

from tests.calling import Cli
from tests.model_folders import model_folder
from tui_finetune.data import identity
from tui_finetune.paths import Home
from tui_finetune.plugin_api import ROW_ID


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    path = tmp_path / "reviews.csv"
    rows = "".join(f"text number {n},{'ab'[n % 4 == 0]},author{n % 10}\n" for n in range(200))
    path.write_text(f"text,label,author\n{rows}")
    return path


def test_shares_labels_and_hashes(cli: Cli, reviews: Path, tmp_path: Path) -> None:
    target = tmp_path / "splits.csv"
    found = cli("data", "split", str(reviews), "--validation", "0.2", "--test", "0.1", "-o", str(target), "--json").json
    assert {name: one["rows"] for name, one in found["splits"].items()} == {"train": 140, "validation": 40, "test": 20}
    assert found["splits"]["validation"]["labels"] == {"a": 30, "b": 10}, "drawn by label in proportion"
    again = cli("data", "split", str(reviews), "--validation", "0.2", "--test", "0.1", "--json").json
    assert again["splits"] == found["splits"]
    other = cli("data", "split", str(reviews), "--validation", "0.2", "--test", "0.1", "--seed", "1", "--json").json
    assert other["splits"]["test"]["sha256"] != found["splits"]["test"]["sha256"]
    with target.open() as file:
        written = list(csv.DictReader(file))
    assert len({row["row_id"] for row in written}) == 200
    assert sum(row["split"] == "validation" for row in written) == 40


def test_groups_stay_together_and_it_is_said(cli: Cli, reviews: Path) -> None:
    said = cli("data", "split", str(reviews), "--validation", "0.2", "--groups", "author")
    line = next(one for one in said.out.splitlines() if one.startswith("validation"))
    assert line.split()[1:4] == ["40", "20.0", "%"]
    assert "whole groups of author" in line
    assert next(one for one in said.out.splitlines() if one.startswith("a ")).split()[1] != "0"


def test_what_cannot_be_divided_is_told(cli: Cli, reviews: Path, tmp_path: Path) -> None:
    both = cli("data", "split", str(reviews), "--validation", "0.2", "--groups", "author", "--time", "text")
    assert both.code == 2
    assert "by groups or by time, not by both" in both.err
    numbers = tmp_path / "numbers.csv"
    numbers.write_text("a,b\n1,2\n3,4\n")
    assert cli("data", "split", str(numbers)).code == 2


@pytest.mark.parametrize(
    ("task", "rows", "labels"),
    [
        ("text-classification", [{"text": f"t {n}", "label": 1 + n % 4 // 3} for n in range(40)], {"1": 30, "2": 10}),
        (
            "text-classification",
            [{"text": f"t {n}", "labels": ["joy", "fear"] if n % 4 else ["joy"]} for n in range(40)],
            {"fear": 30, "joy": 40},
        ),
        (
            "token-classification",
            [{"words": ["a", "b"], "tags": ["O", "B-X"]} for _ in range(40)],
            {"O": 40, "B-X": 40},
        ),
    ],
    ids=["numbers that are no ids", "several a row", "tags of words"],
)
def test_labels_of_every_kind_are_counted(
    cli: Cli, tmp_path: Path, task: str, rows: list[dict[str, object]], labels: dict[str, int]
) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = cli("data", "split", str(path), "--task", task, "--validation", "0.2", "--json").json["splits"]
    assert {name: sum(one["labels"][name] for one in found.values()) for name in labels} == labels
    assert {name for one in found.values() for name in one["labels"]} == set(labels)


def test_what_cannot_be_taken_or_written_is_refused(cli: Cli, reviews: Path, tmp_path: Path) -> None:
    share = cli("data", "split", str(reviews), "--validation", "1.5")
    assert (share.code, "a fraction lies between 0 and 1" in share.err) == (2, True)
    nowhere = tmp_path / "none" / "splits.csv"
    written = cli("data", "split", str(reviews), "--validation", "0.2", "--output", str(nowhere))
    assert (written.code, str(nowhere) in written.err) == (2, True)


def test_a_run_says_which_rows_are_in_its_splits(cli: Cli, home: Home, reviews: Path, tmp_path: Path) -> None:
    from tui_finetune.config.load import load_recipe
    from tui_finetune.launch.check import check
    from tui_finetune.plugin_api.manager import load_catalog

    model_folder(tmp_path / "model")
    recipe = tmp_path / "recipe.toml"
    text = f'task = "text-classification"\n[data]\npath = "{reviews}"\nvalidation = 0.2\n[model]\npath = "model"\n'
    recipe.write_text(text)
    catalog = load_catalog(home)
    facts = check(load_recipe(recipe, catalog=catalog), home=home, catalog=catalog).facts
    told = cli("data", "split", str(recipe), "--json").json["splits"]
    assert facts["splits"] == {name: one["sha256"] for name, one in told.items()}


def test_the_hash_is_that_of_the_ids_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = ["a:0", "ü:1", "b:2", "c:3"]
    whole = hashlib.sha256("\n".join(ids).encode()).hexdigest()
    table = pa.table({ROW_ID: pa.chunked_array([ids[:1], [], ids[1:]], pa.string())})
    for at_once in (1, 2, 100):
        monkeypatch.setattr(identity, "IDS_AT_ONCE", at_once)
        assert identity.digest(table) == whole
    assert identity.digest(table.slice(0, 0)) == hashlib.sha256().hexdigest()
