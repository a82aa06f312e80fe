"""A run's recipe as the start of another: the person's own text, true to what the run really used."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomli

from tests.fakes import FakeRun
from tests.unit.train.conftest import RECIPE
from tui_finetune.config.load import load_recipe
from tui_finetune.config.write import as_resolved, resolved_toml
from tui_finetune.errors import RecipeError
from tui_finetune.live.recipe_copy import as_copy, copy_of_run
from tui_finetune.paths import Home
from tui_finetune.plugin_api.manager import Catalog

ASKED = RECIPE.replace("weigth", "weight")


def resolved(text: str, folder: Path, catalog: Catalog, *sets: str) -> dict[str, object]:
    """As a run keeps it: columns, labels, commits and folders found, too."""
    loaded = load_recipe(folder / "reviews.toml", text.encode(), sets=sets, catalog=catalog)
    recipe = loaded.recipe.resolved_with(
        columns={"text": "review", "label": "stars"},
        labels=[1, 2],
        label_names=["1", "2"],
        source="csv",
        model_revision="abc",
        model_path="/cache/models--google-bert/snapshots/abc",
    )
    return as_resolved(recipe, {"rows": {"train": 3}})


def test_a_copy_is_the_person_s_text_with_paths_that_lead_somewhere(folder: Path, catalog: Catalog) -> None:
    found = as_copy(ASKED, resolved(ASKED, folder, catalog), "google-bert/bert-base-uncased", catalog)
    assert found == ASKED.replace('"reviews.csv"                ', f'"{folder / "reviews.csv"}"                ')


def test_what_was_set_on_the_command_line_is_in_the_copy(folder: Path, catalog: Catalog) -> None:
    sets = ("train.learning_rate=1e-5", "run.seed=7", "model.path=./mine", "evaluate.metrics=['f1']")
    found = as_copy(ASKED, resolved(ASKED, folder, catalog, *sets), str(folder / "mine"), catalog)
    text = tomli.loads(found)
    assert text["train"]["learning_rate"] == 1e-5
    assert text["run"] == {"seed": 7}
    assert text["model"]["path"] == str(folder / "mine")
    assert text["evaluate"] == {"metrics": ["f1"]}
    assert "labels" not in text["data"], "what was found out is found out again"
    assert "revision" not in text["model"]
    assert "# found by trying" in found


def test_a_copy_starts_the_same_training(folder: Path, catalog: Catalog) -> None:
    """Checked and resolved again it is the recipe that the run had."""
    before = resolved(ASKED, folder, catalog, "train.max_steps=5", "batching.order=random")
    copied = as_copy(ASKED, before, "google-bert/bert-base-uncased", catalog)
    assert resolved(copied, Path("/elsewhere"), catalog) == before


def test_a_run_without_a_recipe_says_so(home: Home, catalog: Catalog, folder: Path) -> None:
    run = FakeRun(home, "script", recipe=None)
    with pytest.raises(RecipeError, match="a script of its own"):
        copy_of_run(run.info, catalog)
    made = FakeRun(home, "made", recipe=ASKED)
    loaded = load_recipe(folder / "reviews.toml", ASKED.encode(), catalog=catalog)
    made.paths.recipe_toml.write_text(resolved_toml(loaded.recipe))
    assert "reviews.csv" in copy_of_run(made.info, catalog)
    made.paths.recipe_toml.write_text("task = [")
    with pytest.raises(RecipeError, match="cannot be read"):
        copy_of_run(made.info, catalog)
