"""`data.split_file`: what `data split -o` wrote, another run has."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.calling import Cli
from tests.unit.data.conftest import Prepare, Told, Write, rows
from tui_finetune.paths import Home

HINT = "data split PATH -o FILE writes one"


@pytest.fixture
def reviews(write: Write) -> Path:
    return write("reviews.csv", "text,label\n" + rows(60))


@pytest.fixture
def split_file(cli: Cli, reviews: Path, tmp_path: Path) -> Path:
    target = tmp_path / "splits.csv"
    given = ("--validation", "0.2", "--test", "0.1", "--seed", "7", "-o", str(target))
    assert cli("data", "split", str(reviews), *given).code == 0
    return target


def test_a_run_has_the_rows_that_were_written(reviews: Path, split_file: Path, prepared: Prepare) -> None:
    listed = prepared(reviews, split_file=str(split_file))
    drawn = prepared(reviews, validation=0.2, test=0.1, run={"seed": 7})
    assert {name: table.num_rows for name, table in listed.splits.items()} == {"train": 42, "validation": 12, "test": 6}
    assert all(listed.splits[name].equals(table) for name, table in drawn.splits.items())
    assert (listed.split_origin or {})["test"] == "splits.csv, of all rows"
    assert prepared(reviews, split_file=str(split_file), run={"seed": 8}).splits["test"].equals(listed.splits["test"])


def test_an_evaluation_measures_the_same_rows(reviews: Path, split_file: Path, prepared: Prepare) -> None:
    measured = prepared(reviews, split_file=str(split_file), kind="evaluate", evaluate={"split": "test"})
    listed = prepared(reviews, split_file=str(split_file))
    assert measured.splits["test"].equals(listed.splits["test"])


def test_rows_that_it_does_not_name_are_left_out_and_other_splits_stay(write: Write, prepared: Prepare) -> None:
    folder = write("set/train.csv", "text,label\n" + rows(40)).parent
    write("set/test.csv", "text,label\n" + rows(10))
    lines = [f"train.csv:{n},{'validation' if n % 4 == 0 else 'train'}\n" for n in range(2, 32)]
    file = write("splits.csv", "row_id,split\n" + "".join(lines))
    made = prepared(folder, split_file=str(file))
    assert {name: table.num_rows for name, table in made.splits.items()} == {"train": 23, "validation": 7, "test": 10}
    assert "10 rows of train are left out: splits.csv does not name them, or for no split of this." in made.notes


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read"),
        ("", "is no table"),
        ("a,b\n1,2\n", "has no column row_id and no column split"),
        ("row_id,split\nreviews.csv:2,train\nreviews.csv:2,test\n", "names reviews.csv:2 twice"),
        ("row_id,split\nreviews.csv:2,trian\n", "names the split 'trian'; there are train, validation, test"),
        ("row_id,split\nother.csv:2,train\n", "names no row of these data"),
        ("row_id,split\nreviews.csv:2,test\n", "names no row of these data for train"),
    ],
)
def test_what_is_wrong_with_it(content: str | None, words: str, reviews: Path, told: Told, tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    if content is not None:
        file.write_text(content)
    (problem,) = told(reviews, split_file=str(file))
    assert problem.startswith("data.split_file: ")
    assert words in problem


def test_shares_beside_it_are_refused_and_its_path_is_the_recipes(cli: Cli, reviews: Path, split_file: Path) -> None:
    recipe = reviews.with_name("recipe.toml")
    text = f'task = "text-classification"\n[data]\npath = "reviews.csv"\nsplit_file = "{split_file.name}"\n[model]\npath = "m"\n'
    recipe.write_text(text)
    assert cli("config", "check", str(recipe)).code == 0
    said = cli("config", "check", str(recipe), "--set", "data.validation=0.1", "--set", "data.groups=label")
    assert "does not go with data.validation" in said.err + said.out
    assert "does not go with data.groups" in said.err + said.out
    found = cli("data", "split", str(recipe), "--json")
    assert {name: one["rows"] for name, one in found.json["splits"].items()} == {
        "train": 42,
        "validation": 12,
        "test": 6,
    }


def test_the_run_keeps_it(home: Home, reviews: Path, split_file: Path) -> None:
    from tui_finetune.config.load import load_recipe
    from tui_finetune.launch.start import with_own_splits
    from tui_finetune.plugin_api.manager import load_catalog
    from tui_finetune.runs.store import RunStore

    text = (
        f'task = "text-classification"\n[data]\npath = "{reviews}"\nsplit_file = "{split_file}"\n[model]\npath = "m"\n'
    )
    recipe = load_recipe(None, text.encode(), catalog=load_catalog(home)).recipe
    paths = RunStore(home).create("x", kind="train", task=recipe.task, of=None)
    kept = with_own_splits(paths, recipe)
    assert kept.data.split_file == str(paths.split_file)
    assert paths.split_file.read_bytes() == split_file.read_bytes()
