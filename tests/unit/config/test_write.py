"""The resolved recipe reads back as it was; edits keep comments and order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tomli
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.config.conftest import LEAST
from tui_finetune.config.load import Loaded
from tui_finetune.config.schema import Recipe
from tui_finetune.config.write import WrittenFloat, add_step, edit, read_resolved, rename, resolved_toml, toml_value
from tui_finetune.errors import RecipeError

TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
VALUE = st.recursive(
    st.one_of(st.booleans(), st.integers(-(2**63), 2**63 - 1), NUMBER, TEXT),
    lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(TEXT, inner, min_size=1, max_size=3),
    max_leaves=6,
)
TABLE = st.dictionaries(TEXT, VALUE, max_size=3)
MAYBE_PATH = st.none() | TEXT | st.lists(TEXT, min_size=1, max_size=3)
RECIPES = st.fixed_dictionaries(
    {
        "task": TEXT,
        "run": st.fixed_dictionaries(
            {"device": st.sampled_from(["auto", "cpu", "cuda:1"]), "seed": st.integers(0, 2**32 - 1)}
        ),
        "data": st.fixed_dictionaries(
            {
                "path": MAYBE_PATH,
                "test": MAYBE_PATH | st.floats(0.01, 0.99),
                "columns": st.dictionaries(TEXT, TEXT, max_size=3),
                "labels": st.none()
                | st.lists(st.one_of(TEXT, st.integers(0, 9), st.booleans()), min_size=1, max_size=4),
                "limit": st.none() | st.integers(1, 9),
                "options": TABLE,
            }
        ),
        "preprocess": st.lists(st.fixed_dictionaries({"use": TEXT, "options": TABLE}), max_size=2),
        "model": st.fixed_dictionaries({"path": TEXT, "freeze": st.lists(TEXT, max_size=2)}),
        "optim": st.fixed_dictionaries({"head_learning_rate": st.none() | st.floats(1e-9, 1)}),
        "train": st.fixed_dictionaries({"learning_rate": st.floats(1e-9, 1)}, optional={"optim_args": TEXT}),
        "task_options": TABLE,
    }
)


@given(recipe=RECIPES, facts=TABLE)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
def test_a_resolved_recipe_reads_back(recipe: dict[str, Any], facts: dict[str, Any], tmp_path: Path) -> None:
    given_recipe = Recipe.model_validate(recipe)
    path = tmp_path / "recipe.toml"
    text = resolved_toml(given_recipe, facts)
    path.write_bytes(text.encode())
    read = read_resolved(path)
    assert read.resolved == facts
    assert read.train["learning_rate"] == given_recipe.train["learning_rate"]
    assert read.model_copy(update={"train": given_recipe.train, "resolved": {}}) == given_recipe
    assert tomli.loads(resolved_toml(read)) == tomli.loads(text)


def test_our_fixed_defaults_are_written_out(read: Callable[..., Loaded]) -> None:
    written = tomli.loads(resolved_toml(read(LEAST + "[train]\nweight_decay = 0.1\n").recipe))
    assert written["train"]["learning_rate"] == 2e-5
    assert written["train"]["weight_decay"] == 0.1
    assert written["train"]["per_device_train_batch_size"] == 16
    assert "limit" not in written["data"]


def test_what_the_check_found_is_kept(read: Callable[..., Loaded]) -> None:
    recipe = read(LEAST).recipe.resolved_with(
        columns={"text": "t"},
        labels=[True, False],
        label_names=["yes", "no"],
        source="hub",
        data_revision="c0ffee",
        model_path="/m",
    )
    written = tomli.loads(resolved_toml(recipe, {"inputs": [{"path": "/a.csv", "size": 3, "sha256": "00"}]}))
    assert written["data"]["labels"] == [True, False]
    assert written["data"]["revision"] == "c0ffee"
    assert written["model"]["path"] == "/m"
    assert written["resolved"]["inputs"][0]["size"] == 3


@pytest.mark.parametrize("content", [b"\xff", b"a = [", b"zzz = 1\n", b""])
def test_a_torn_resolved_recipe_is_told(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_bytes(content)
    with pytest.raises(RecipeError, match=r"recipe\.toml"):
        read_resolved(path)
    with pytest.raises(RecipeError, match="cannot be read"):
        read_resolved(tmp_path / "absent.toml")


COMMENTED = """\
# head
task = "a"  # what
[model]  # start
path = "x"  # where
max_length = 5
# end of model

[[preprocess]]
use = "one"  # first

[data]
columns = { text = "t" }  # roles
"""


class TestEdit:
    def test_comments_and_order_stay(self) -> None:
        assert edit(COMMENTED, "model.path", "y") == COMMENTED.replace('path = "x"', 'path = "y"')
        assert edit(COMMENTED, "preprocess.0.use", "two") == COMMENTED.replace('use = "one"', 'use = "two"')

    def test_a_new_key_goes_into_its_table(self) -> None:
        assert tomli.loads(edit(COMMENTED, "name", "n"))["name"] == "n"
        assert tomli.loads(edit(COMMENTED, "train.learning_rate", 2e-5))["train"] == {"learning_rate": 2e-5}
        assert "learning_rate = 2e-5" in edit(COMMENTED, "train.learning_rate", 2e-5)
        assert tomli.loads(edit(COMMENTED, "data.columns.label", "l"))["data"]["columns"] == {"text": "t", "label": "l"}

    def test_a_key_is_taken_out(self) -> None:
        assert edit(COMMENTED, "model.max_length", None) == COMMENTED.replace("max_length = 5\n", "")
        assert edit(COMMENTED, "absent.key", None) == COMMENTED

    @pytest.mark.parametrize(
        ("key", "value"), [("task.x", 1), ("preprocess.4.use", "a"), ("preprocess.x", 1), ("task.a.b", 1)]
    )
    def test_no_such_place(self, key: str, value: Any) -> None:
        with pytest.raises(RecipeError):
            edit(COMMENTED, key, value)

    def test_not_toml(self) -> None:
        with pytest.raises(RecipeError, match="cannot be edited"):
            edit("a = [", "a", 1)

    @given(
        key=st.sampled_from(
            [
                "name",
                "model",
                "model.path",
                "train",
                "train.x",
                "data.columns.label",
                "data.columns.label.x",
                "run.seed",
                "preprocess.0.use",
            ]
        ),
        value=VALUE,
    )
    def test_the_rest_stays_as_it_was(self, key: str, value: Any) -> None:
        after = tomli.loads(edit(COMMENTED, key, value))
        expected: Any = tomli.loads(COMMENTED)
        where = expected
        *tables, last = key.split(".")
        for part in tables:
            where = where[int(part)] if isinstance(where, list) else where.setdefault(part, {})
        where[last] = value
        assert after == expected


@given(st.floats(allow_nan=False))
def test_a_float_is_written_as_a_person_does(value: float) -> None:
    text = toml_value(value)
    assert tomli.loads(f"v = {text}")["v"] == value
    assert "e-0" not in text


def test_a_float_that_was_typed_stays_as_it_was_typed() -> None:
    assert "x = 3.0e-4\n" in edit(COMMENTED, "train.x", WrittenFloat("3.0e-4"))


class TestRename:
    @pytest.mark.parametrize(
        ("key", "name", "old", "new"),
        [
            ("model.max_length", "longest", "max_length = 5", "longest = 5"),
            ("model", "modle", "[model]", "[modle]"),
            ("preprocess.0.use", "name", 'use = "one"', 'name = "one"'),
            ("data.columns.text", "my text", '{ text = "t" }', '{ "my text" = "t" }'),
        ],
    )
    def test_value_comment_and_place_stay(self, key: str, name: str, old: str, new: str) -> None:
        assert rename(COMMENTED, key, name) == COMMENTED.replace(old, new)

    @pytest.mark.parametrize(("key", "name"), [("model.path", "max_length"), ("model.nothing", "x"), ("task", "model")])
    def test_never_onto_another_key_nor_where_there_is_none(self, key: str, name: str) -> None:
        with pytest.raises(RecipeError, match="cannot be renamed"):
            rename(COMMENTED, key, name)


def test_a_step_goes_behind_the_others() -> None:
    assert [step["use"] for step in tomli.loads(add_step(COMMENTED, "two"))["preprocess"]] == ["one", "two"]
    assert tomli.loads(add_step('task = "a"\n', "one"))["preprocess"] == [{"use": "one"}]
    with pytest.raises(RecipeError):
        add_step("a = [", "one")
