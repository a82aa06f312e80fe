"""What `config new` writes is read without a problem and says what was asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tui_finetune.config.load import Loaded, load_recipe
from tui_finetune.config.template import new_recipe
from tui_finetune.plugin_api.manager import Catalog

Read = Callable[..., Loaded]


def test_the_guides_recipe(read: Read) -> None:
    text = new_recipe()
    recipe = read(text).recipe
    assert (recipe.task, recipe.data.path, recipe.data.subset) == (
        "text-classification",
        "stanfordnlp/imdb",
        "plain_text",
    )
    assert (recipe.data.split, recipe.data.test) == ("train", "test")
    assert (recipe.model.path, recipe.model.max_length) == ("google-bert/bert-base-uncased", 512)
    assert recipe.train == {
        "learning_rate": 2e-5,
        "per_device_train_batch_size": 16,
        "num_train_epochs": 3,
        "weight_decay": 0.01,
    }
    assert (recipe.batching.order, recipe.batching.padding) == ("length", "longest")
    assert "half the time on IMDb and about a third on short texts" in text
    assert 'padding = "max_length" gives the guide\'s' in text


@pytest.mark.parametrize("task", ["text-classification", "token-classification"])
def test_every_task_has_a_recipe(task: str, read: Read, catalog: Catalog) -> None:
    text = new_recipe(task, model="run:latest", metrics=catalog.tasks[task].metrics)
    recipe = read(text).recipe
    assert (recipe.task, recipe.model.path) == (task, "run:latest")


LOOKED: dict[str, Any] = {
    "task": "text-classification",
    "source": "csv",
    "format": "csv, comma, utf-8",
    "path": "/w/reviews/train.csv",
    "splits": {"train": 800, "dev": 50, "test": 100},
    "columns": [{"name": "review", "type": "string"}, {"name": "stars", "type": "int64"}],
    "roles": {"text": "review", "label": "stars"},
    "labels": [{"name": "1", "count": 400}, {"name": "2", "count": 400}],
    "lengths": {"max": 130, "median": 30},
    "guesses": ["Column review is taken as text."],
    "problems": [],
}


def test_what_was_found_in_the_data_is_written_out(read: Read) -> None:
    text = new_recipe(data=LOOKED)
    data = read(text).recipe.data
    assert (data.source, data.path) == ("csv", "/w/reviews/train.csv")
    assert (data.split, data.validation, data.test) == ("train", "dev", "test")
    assert data.columns == {"text": "review", "label": "stars"}
    assert "# Column review is taken as text." in text
    assert "800 rows" in text


@pytest.mark.parametrize(("longest", "length"), [(5, 32), (130, 176), (400, 512), (5000, 512), (None, 512)])
def test_the_maximum_length_fits_the_texts(longest: int | None, length: int, read: Read) -> None:
    looked = {**LOOKED, "lengths": {"max": longest, "cut": 3} if longest else None}
    text = new_recipe(data=looked)
    assert read(text).recipe.model.max_length == length
    assert ("3 rows are cut" in text) is (longest == 5000)


def test_without_a_validation_split_a_tenth_is_taken(read: Read) -> None:
    data = read(new_recipe(data={**LOOKED, "splits": {"train": 800}})).recipe.data
    assert (data.validation, data.test) == (0.1, None)


@pytest.mark.parametrize(
    ("path", "written"),
    [("/w/a.csv", "a.csv"), ("/w/d/a.csv", "d/a.csv"), ("/w/texts", "./texts"), ("/x/a.csv", "/x/a.csv")],
)
def test_data_beside_the_recipe_are_named_relative_to_it(path: str, written: str, catalog: Catalog) -> None:
    text = new_recipe(data={**LOOKED, "path": path}, folder=Path("/w"))
    assert f'path = "{written}"' in text
    assert load_recipe(Path("/w/new.toml"), text.encode(), catalog=catalog).recipe.data.path == path


ANY = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)


@given(name=ANY, column=ANY, guess=ANY)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_names_from_data_are_quoted(name: str, column: str, guess: str, catalog: Catalog) -> None:
    looked = {
        **LOOKED,
        "path": f"/w/{name.replace('/', '-')}.csv",
        "roles": {"text": column},
        "guesses": [guess],
        "format": guess,
    }
    loaded = load_recipe(None, new_recipe(data=looked).encode(), catalog=catalog)
    assert loaded.recipe.data.columns == {"text": column}


@pytest.mark.parametrize(("rows", "few"), [(600, "about 114 steps, which are few: "), (40_000, None), (None, None)])
def test_little_data_is_told_what_often_does_better(rows: int | None, few: str | None) -> None:
    text = new_recipe(data={"path": "/x/a.csv", "splits": {} if rows is None else {"train": rows}})
    line = next(line for line in text.splitlines() if line.startswith("num_train_epochs"))
    assert (few in line) if few else "#" not in line


@pytest.mark.parametrize(
    ("task", "stratified"), [("text-classification", True), ("token-classification", False), ("regression", False)]
)
def test_a_share_is_called_stratified_only_where_it_is(task: str, stratified: bool) -> None:
    text = new_recipe(data={"task": task, "path": "/x/a", "splits": {"train": 90}})
    line = next(line for line in text.splitlines() if line.startswith("validation"))
    assert ("stratified" in line) == stratified
