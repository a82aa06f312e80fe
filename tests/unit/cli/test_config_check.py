"""`config check`: the recipe alone, and with --full all that training looks at before it starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.model_folders import model_folder
from tests.unit.cli.conftest import Cli

RECIPE = """\
task = "text-classification"
[data]
path = "tickets.csv"
columns = { text = "bdy", label = "category" }
[model]
path = "base"
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    model_folder(tmp_path / "base", {"architectures": ["BertModel"]})
    rows = "".join(f"word {n},{'ab'[n % 2]}\n" for n in range(40))
    (tmp_path / "tickets.csv").write_text(f"body,category\n{rows}")
    (tmp_path / "recipe.toml").write_text(RECIPE)
    return tmp_path / "recipe.toml"


def test_without_full_it_says_what_it_has_not_looked_at(cli: Cli, recipe: Path) -> None:
    said = cli("config", "check", str(recipe))
    assert said.code == 0
    assert "no problems." in said.out
    assert "Data and model have not been opened: --full does that" in said.err


def test_full_finds_what_only_the_data_and_the_model_tell(cli: Cli, recipe: Path) -> None:
    (recipe.parent / "base" / "model.safetensors").unlink()
    said = cli("config", "check", str(recipe), "--full")
    assert said.code == 2
    assert "data.columns.text: no column 'bdy'. Did you mean body? (line 4)" in said.err
    assert "model.path:" in said.err


def test_full_of_a_good_recipe(cli: Cli, recipe: Path) -> None:
    good = ("config", "check", str(recipe), "--full", "--set", "data.columns.text=body")
    said = cli(*good)
    assert said.code == 0, said.err
    assert "have not been opened" not in said.err
    found = cli(*good, "--json").json
    assert (found["ok"], found["full"], found["rows"]) == (True, True, {"train": 36, "validation": 4})


def test_full_problems_as_json(cli: Cli, recipe: Path) -> None:
    said = cli("config", "check", str(recipe), "--full", "--json")
    assert said.code == 2
    assert [one["key"] for one in said.json["problems"]] == ["data.columns.text"]


def test_a_model_that_is_not_here_is_told_when_the_recipe_is_written(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    far = cli("config", "new", "-o", str(tmp_path / "a.toml"))
    assert "google-bert/bert-base-uncased is not on this machine: training fetches it from the Hub." in far.err
    model_folder(tmp_path / "base")
    near = cli("config", "new", "--model", str(tmp_path / "base"), "-o", str(tmp_path / "b.toml"))
    assert "not on this machine" not in near.err
