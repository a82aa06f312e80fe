"""Edits as the form makes them, mends, the history of a document, a recipe in another folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import tomli

from tests.unit.train.conftest import RECIPE
from tui_finetune.errors import Problem, RecipeError
from tui_finetune.live.document import Document, Origin
from tui_finetune.live.form import Form, Judged
from tui_finetune.live.recipe_edit import add, mend_of, moved, put, take_out
from tui_finetune.plugin_api.manager import Catalog

FormOf = Callable[[str], Form]


def test_a_value_is_put_where_it_belongs_and_comments_stay(form_of: FormOf) -> None:
    field = form_of(RECIPE).field("train.learning_rate")
    assert field is not None
    assert put(RECIPE, field, "5e-5") == RECIPE.replace("3e-4", "5e-5")
    assert "learning_rate" not in put(RECIPE, field, " ")
    metrics = form_of(RECIPE).field("evaluate.metrics")
    assert metrics is not None
    assert tomli.loads(put(RECIPE, metrics, "f1, accuracy"))["evaluate"] == {"metrics": ["f1", "accuracy"]}


def test_steps_are_added_and_taken_out_whole() -> None:
    text = add(add(RECIPE, "set-case"), "other")
    assert [step["use"] for step in tomli.loads(text)["preprocess"]] == ["set-case", "other"]
    one = take_out(text, "preprocess.0.use")
    assert [step["use"] for step in tomli.loads(one)["preprocess"]] == ["other"]
    assert take_out(one, "preprocess.0.use") == RECIPE
    with pytest.raises(RecipeError):
        add('preprocess = "x"\n', "set-case")


def test_a_misspelt_key_is_renamed_in_its_place(judged: Callable[[str], Judged]) -> None:
    found = judged(RECIPE)
    assert found.form is not None
    mend = mend_of(found.problems[0], found.form)
    assert mend is not None
    assert mend.words == "renames it to weight_decay, keeps 0.01 and its comment"
    assert mend.apply(RECIPE, found.form) == RECIPE.replace("weigth", "weight")


def test_a_misspelt_table_too_and_never_onto_one_that_is_there(judged: Callable[[str], Judged]) -> None:
    text = RECIPE.replace("[train]", "[trian]").replace("weigth", "weight")
    found = judged(text)
    assert found.form is not None
    mend = mend_of(next(one for one in found.problems if one.key == "trian"), found.form)
    assert mend is not None
    assert mend.apply(text, found.form) == text.replace("[trian]", "[train]")
    both = judged(RECIPE + "weight_decay = 0.1\n")
    assert both.form is not None
    assert mend_of(next(one for one in both.problems if one.key == "train.weigth_decay"), both.form) is None


def test_a_key_of_another_program_goes_where_it_belongs_here(judged: Callable[[str], Judged]) -> None:
    text = RECIPE.replace("weigth", "weight").replace("num_train_epochs", "epochs")
    found = judged(text)
    assert found.form is not None
    mend = mend_of(next(one for one in found.problems if one.key == "train.epochs"), found.form)
    assert mend is not None
    assert mend.words == "moves it to train.num_train_epochs, keeps 3"
    assert judged(mend.apply(text, found.form)).problems == ()


def test_nothing_is_offered_where_nothing_is_meant(form_of: FormOf) -> None:
    form = form_of(RECIPE)
    assert mend_of(Problem("is 3.", "train.x", hint="Did you mean y?"), form) is None
    assert mend_of(Problem("not a setting.", "train.x"), form) is None
    assert mend_of(Problem("not TOML."), form) is None


def test_edits_are_taken_back_and_done_again() -> None:
    document = Document.of(Origin("a", "1", Path("/tmp")))
    assert not document.changed
    assert document.change("2")
    assert not document.change("2")
    document.change("3")
    document.undo()
    document.undo()
    assert (document.text, document.can_undo, document.can_redo, document.changed) == ("1", False, True, False)
    document.undo()
    document.redo()
    document.redo()
    document.redo()
    assert document.text == "3"
    document.undo()
    document.change("4")
    assert not document.can_redo


def test_a_written_document_has_a_file_and_what_was_typed_meanwhile() -> None:
    document = Document.of(Origin("my recipe: x/y", "1", Path("/a"), words="a preset"))
    assert document.place == Path("/a/my-recipe--x-y.toml")
    document.change("2")
    document.written(Path("/b/c.toml"), "2", "2 moved")
    assert (document.text, document.changed, document.place) == ("2 moved", False, Path("/b/c.toml"))
    document.change("3")
    document.written(Path("/b/c.toml"), "2 moved", "2 moved")
    assert (document.text, document.changed) == ("3", True)
    document.reread("9")
    assert (document.text, document.changed) == ("9", False)
    document.undo()
    assert document.text == "3"


def test_a_recipe_for_another_folder_leads_to_the_same_places(folder: Path, catalog: Catalog) -> None:
    text = RECIPE.replace("weigth", "weight")
    target = folder / "elsewhere" / "r.toml"
    found = tomli.loads(moved(text, folder / "reviews.toml", target, catalog))
    assert found["data"]["path"] == str(folder / "reviews.csv")
    assert found["model"]["path"] == "google-bert/bert-base-uncased"
    assert moved(text, folder / "reviews.toml", folder / "other.toml", catalog) == text
    assert moved("task = [", folder / "reviews.toml", target, catalog) == "task = ["
