"""`data edits` and `data export`: edited by verbs, the source as it was."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.calling import Cli
from tests.model_folders import model_folder
from tests.unit.data.conftest import rows

GOOD = "text,label\n" + rows(8)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "tickets.csv"
    found.write_text(GOOD)
    return found


@pytest.fixture
def data(path: Path) -> str:
    return str(path)


def listed(cli: Cli, data: str) -> dict[str, dict[str, object]]:
    return {row["row_id"]: row for row in cli("data", "edits", "list", data, "--json").json["rows"]}


def test_rows_are_edited_listed_and_exported_and_the_source_stays(cli: Cli, path: Path, data: str) -> None:
    assert cli("data", "edits", "relabel", data, "tickets.csv:2", "tickets.csv:4", "--label", "good").code == 0
    assert cli("data", "edits", "drop", data, "tickets.csv:3").code == 0
    assert (
        cli(
            "data", "edits", "add", data, "tickets.csv:5", "--set", "text=better", "--note", "typo", "--who", "anna"
        ).code
        == 0
    )

    found = listed(cli, data)
    assert found["tickets.csv:2"]["set"] == {"label": "good"}
    assert found["tickets.csv:2"]["before"] == {"label": "bad"}
    assert found["tickets.csv:5"]["who"] == "anna"
    plain = cli("data", "edits", "list", data)
    assert "label: bad → good" in plain.out
    assert "3 changed, 1 dropped, 1 noted" in plain.err

    target = path.parent / "out.jsonl"
    assert cli("data", "export", data, "-o", str(target), "--ids").code == 0
    made = {row["row_id"]: row for row in map(json.loads, target.read_text().splitlines())}
    assert len(made) == 7
    assert (made["tickets.csv:2"]["label"], made["tickets.csv:5"]["text"]) == ("good", "better")
    assert path.read_text() == GOOD


def test_undo_and_redo_by_whole_acts(cli: Cli, data: str) -> None:
    cli("data", "edits", "drop", data, "tickets.csv:2", "tickets.csv:3")
    assert cli("data", "edits", "undo", data, "--json").json["rows"] == ["tickets.csv:2", "tickets.csv:3"]
    assert listed(cli, data) == {}
    assert cli("data", "edits", "redo", data).code == 0
    assert len(listed(cli, data)) == 2
    assert cli("data", "edits", "redo", data).code == 2


def test_changed_sources_are_conflicts_until_they_are_settled(cli: Cli, path: Path, data: str) -> None:
    cli("data", "edits", "relabel", data, "tickets.csv:2", "tickets.csv:4", "--label", "good")
    path.write_text(GOOD.replace("number 0,", "number zero,"))

    said = cli("data", "edits", "conflicts", data, "--json")
    assert said.code == 1
    assert [(one["why"], one["row_id"]) for one in said.json["conflicts"]] == [("changed", "tickets.csv:2")]
    assert "data edits settle" in cli("data", "export", data, "-o", str(path.parent / "x.csv")).err

    assert cli("data", "edits", "settle", data, "--keep").code == 0
    assert cli("data", "edits", "conflicts", data).code == 0
    assert len(listed(cli, data)) == 2


def test_a_recipe_with_conflicts_is_refused_by_whatever_looks_at_its_data(cli: Cli, path: Path, data: str) -> None:
    model_folder(path.parent / "base", {"architectures": ["BertModel"]})
    recipe, edits = path.parent / "recipe.toml", path.parent / "mine.edits.jsonl"
    recipe.write_text(
        'task = "text-classification"\n[data]\npath = "tickets.csv"\nedits = "mine.edits.jsonl"\n[model]\npath = "base"\n'
    )
    cli("data", "edits", "relabel", data, "tickets.csv:2", "--label", "good", "--file", str(edits))
    elsewhere = path.parent / "elsewhere.toml"  # whose model has no tokenizer here
    elsewhere.write_text(recipe.read_text().replace('"base"', '"nobody/nothing"'))
    good = cli("config", "check", str(recipe), "--full")
    assert good.code == 0, good.err

    path.write_text(GOOD.replace("number 0,", "number zero,"))
    for verb in (
        ("config", "check", str(recipe), "--full"),
        ("data", "check", str(elsewhere)),
        ("data", "show", str(elsewhere)),
    ):
        said = cli(*verb)
        assert said.code != 0
        assert "the source has changed under 1 edited row: tickets.csv:2" in " ".join((said.err + said.out).split())
    assert cli("data", "edits", "settle", str(recipe), "--discard").code == 0
    assert cli("config", "check", str(recipe), "--full").code == 0


def test_rows_of_a_recipes_other_paths_are_edited_and_settled_too(cli: Cli, path: Path, data: str) -> None:
    other, recipe = path.parent / "held.csv", path.parent / "recipe.toml"
    other.write_text(GOOD.replace("this", "that"))
    recipe.write_text(
        'task = "text-classification"\n[data]\npath = "tickets.csv"\ntest = "held.csv"\n[model]\npath = "nobody/nothing"\n'
    )
    assert cli("data", "edits", "drop", str(recipe), "tickets.csv:2", "held.csv:3").code == 0
    other.write_text(GOOD)
    said = cli("data", "edits", "conflicts", str(recipe), "--json")
    assert [one["row_id"] for one in said.json["conflicts"]] == ["held.csv:3"]


def test_rows_of_large_data_are_edited_where_they_lie(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_finetune.data.large.LARGE_ROWS", 5)
    large = tmp_path / "large.parquet"
    texts = [f"text {n}" for n in range(8)]
    pq.write_table(pa.table({"text": texts, "label": ["good", "bad"] * 4}), large)
    said = cli("data", "edits", "relabel", str(large), "large.parquet:6", "--label", "bad", "--json")
    assert said.json["edits"][0]["before"] == "good"
    assert cli("data", "edits", "drop", str(large), "large.parquet:8").code == 2
    assert cli("data", "edits", "conflicts", str(large)).code == 0  # read whole it has the same hashes


def test_two_files_are_merged_and_their_disagreement_is_told(cli: Cli, path: Path, data: str) -> None:
    mine, hers = (str(path.parent / f"{name}.edits.jsonl") for name in ("mine", "hers"))
    cli("data", "edits", "relabel", data, "tickets.csv:2", "--label", "good", "--file", mine, "--who", "me")
    cli("data", "edits", "drop", data, "tickets.csv:2", "--file", hers, "--who", "anna")
    cli("data", "edits", "drop", data, "tickets.csv:3", "--file", hers, "--who", "anna")

    refused = cli("data", "edits", "merge", mine, hers)
    assert refused.code == 1
    assert "tickets.csv:2: me has label = 'good', and anna drops it" in refused.out
    assert list(listed(cli, mine)) == ["tickets.csv:2"]

    assert cli("data", "edits", "merge", mine, hers, "--prefer", "ours").code == 0
    assert listed(cli, mine)["tickets.csv:2"]["dropped"] is False
    assert listed(cli, mine)["tickets.csv:3"]["dropped"] is True


def test_the_table_of_edits_and_other_forms(cli: Cli, path: Path, data: str) -> None:
    cli("data", "edits", "relabel", data, "tickets.csv:2", "--label", "good", "--who", "anna")
    table, parquet, out = (path.parent / name for name in ("edits.csv", "out.parquet", "out.csv"))

    cli("data", "edits", "list", data, "-o", str(table))
    assert table.read_text().splitlines()[0] == "row_id,row_hash,kind,column,before,value,who,when"
    assert ",set,label,bad,good,anna,20" in table.read_text()
    cli("data", "export", data, "-o", str(parquet))
    assert pq.read_table(parquet).column("label").to_pylist()[:2] == ["good", "good"]
    cli("data", "export", data, "-o", str(out))
    assert out.read_text().splitlines()[1] == '"this is text number 0","good"'


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("edits", "drop", "DATA", "tickets.csv:99"), "no row tickets.csv:99 here. Ids look like tickets.csv:2"),
        (("edits", "add", "DATA", "tickets.csv:2"), "nothing to do with the rows"),
        (("edits", "add", "DATA", "tickets.csv:2", "--set", "stars=1"), "no column 'stars'"),
        (("edits", "add", "DATA", "tickets.csv:2", "--set", "good"), "is not COLUMN=VALUE"),
        (("edits", "add", "DATA", "tickets.csv:2", "--weight", "-1"), "a weight is a number from 0 on"),
        (("edits", "undo", "DATA"), "No edit to undo"),
        (("export", "DATA", "-o", "DATA", "--force"), "is a file of the source, which is never written"),
        (("export", "DATA", "-o", "DATA"), "is there already"),
        (("export", "DATA", "-o", "x.xls"), "Endings: .csv, .jsonl, .parquet"),
    ],
)
def test_what_is_typed_wrong_is_told(cli: Cli, path: Path, arguments: tuple[str, ...], told: str) -> None:
    said = cli("data", *(str(path) if one == "DATA" else one for one in arguments))

    assert said.code == 2
    assert told in said.err
    assert path.read_text() == GOOD
