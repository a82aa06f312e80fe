"""A recipe read into a form: every field of the schema and of the arguments class, values as they are typed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.train.conftest import RECIPE
from tui_finetune.config import arguments
from tui_finetune.config.schema import Recipe
from tui_finetune.live.form import Form, Judged
from tui_finetune.live.recipe_edit import put
from tui_finetune.live.recipe_form import read_form
from tui_finetune.live.recipe_judge import attempt
from tui_finetune.plugin_api.manager import Catalog

FormOf = Callable[[str], Form]


def test_every_key_that_a_recipe_can_have_is_a_field(form_of: FormOf) -> None:
    form = form_of('task = "text-classification"')
    keys = {one.key for one in form.fields()}
    usable = {f"train.{name}" for name in arguments.table(arguments.DEFAULT_CLASS) if arguments.refusal(name) is None}
    assert usable <= keys
    for table in ("run", "data", "model", "optim", "batching", "evaluate", "of"):
        model = Recipe.model_fields[table].annotation
        fields = getattr(model, "model_fields", None) or model.__args__[0].model_fields  # type: ignore[union-attr]
        assert {f"{table}.{name}" for name in fields if name != "options"} <= keys
    assert {"name", "task", "kind"} <= keys


def test_values_and_defaults_are_shown_as_they_are_typed(form_of: FormOf) -> None:
    form = form_of(RECIPE)
    shown = {one.key: (one.shown, one.is_default) for one in form.fields()}
    assert shown["train.learning_rate"] == ("3e-4", False)
    assert shown["train.num_train_epochs"] == ("3", True), "written, and as it is anyway"
    assert shown["train.weight_decay"] == ("0.01", True)
    assert shown["data.columns"] == ("text = review, label = stars", False)
    assert shown["data.validation"] == ("0.1", False)
    assert shown["evaluate.metrics"][1]
    assert shown["model.revision"] == ("–", True)
    assert shown["train.eval_strategy"] == ("epoch, where there is validation", True), "a rule, not a value"
    assert shown["data.test"] == ("the source's, if any", True)
    assert form.field("evaluate.metrics").origin == "the task's own"  # type: ignore[union-attr]


def test_choices_come_from_the_schema_the_library_and_the_plugins(form_of: FormOf, catalog: Catalog) -> None:
    form = form_of('task = "text-classification"')
    choices = {one.key: one.choices for one in form.fields()}
    assert choices["task"] == tuple(sorted(catalog.tasks))
    assert "csv" in choices["data.source"]
    assert choices["batching.order"] == ("length", "random", "sequential")
    assert "cosine" in choices["train.lr_scheduler_type"]
    assert choices["train.bf16"] == ("true", "false")
    assert "accuracy" in choices["evaluate.metrics"]
    tags = {one.key: one.choices for one in form_of('task = "token-classification"').fields()}
    assert tags["evaluate.metrics"] != choices["evaluate.metrics"], "those that fit the task"


def test_options_are_those_of_source_task_and_step(form_of: FormOf) -> None:
    form = form_of(
        'task = "text-classification"\n[data]\nsource = "csv"\noptions = { delimiter = ";" }\n'
        '[[preprocess]]\nuse = "set-case"\noptions = { upper = true, heigth = 3 }\n'
    )
    assert form.text("preprocess.0.use") == "set-case"
    assert form.text("preprocess.0.options.upper") == "true"
    assert form.field("preprocess.0.options.width") is not None
    odd = form.field("preprocess.0.options.heigth")
    assert odd is not None
    assert not odd.known


def test_a_source_that_needs_no_path_asks_for_none(form_of: FormOf) -> None:
    path = form_of('[data]\nsource = "stdlib-docs"\n').field("data.path")
    assert path is not None
    assert not path.often
    assert form_of('[data]\nsource = "csv"\n').field("data.path").often  # type: ignore[union-attr]


def test_a_key_that_nobody_knows_stands_behind_the_one_before_it(form_of: FormOf) -> None:
    train = next(group for group in form_of(RECIPE).groups if group.name == "train")
    names = [one.name for one in train.fields]
    assert names.index("weigth_decay") == names.index("num_train_epochs") + 1
    tables = [group.name for group in form_of('task = "a"\n[trian]\nx = 1\n').groups]
    assert tables[-1] == "trian"


def test_what_is_no_toml_has_no_form_and_says_where(catalog: Catalog, judged: Callable[[str], Judged]) -> None:
    assert read_form("a = [", catalog) is None
    found = judged("task = \n")
    assert found.form is None
    assert [(problem.file, problem.line) for problem in found.problems] == [("reviews.toml", 1)]


def test_judging_tells_every_problem_at_once_with_its_line(judged: Callable[[str], Judged]) -> None:
    found = judged(RECIPE.replace("max_length = 128", 'max_length = "128"'))
    keys = {problem.key: problem for problem in found.problems}
    assert set(keys) == {"train.weigth_decay", "model.max_length"}
    assert "Did you mean weight_decay?" in str(keys["train.weigth_decay"])
    assert (
        found.lines["train.weigth_decay"]
        == RECIPE.split("\n").index("weigth_decay = 0.01                     # keep me") + 1
    )


def test_a_place_that_is_not_there_is_a_problem_at_its_field(judged: Callable[[str], Judged]) -> None:
    text = RECIPE.replace("weigth", "weight")
    assert judged(text).problems == ()
    gone = judged(text.replace('"reviews.csv"', '"revews.csv"'))
    assert [problem.key for problem in gone.problems] == ["data.path"]
    assert "Did you mean reviews.csv?" in str(gone.problems[0])
    measured = judged(f'kind = "evaluate"\n{text}')
    assert [problem.key for problem in measured.problems] == ["kind"]


@pytest.mark.parametrize(
    ("key", "typed", "problem", "advice"),
    [
        ("train.learning_rate", "2e-3", "", "100 times the usual 2e-5; allowed"),
        ("train.learning_rate", "fast", 'is "fast"; expected a number.', ""),
        ("train.learning_rate", "3e-5", "", ""),
        ("train.num_train_epochs", "0", "is 0, must be above 0.", ""),
        ("data.validation", "1.5", "is 1.5; a fraction lies between 0 and 1.", ""),
        ("task", "text-clasification", "no task 'text-clasification'. Did you mean text-classification?", ""),
    ],
)
def test_a_value_is_checked_while_it_is_typed(
    catalog: Catalog, form_of: FormOf, folder: Path, key: str, typed: str, problem: str, advice: str
) -> None:
    text = RECIPE.replace("weigth", "weight")
    field = form_of(text).field(key)
    assert field is not None
    found = attempt(field, typed, lambda: put(text, field, typed), folder / "reviews.toml", catalog, None)
    assert (found.problem, found.advice) == (problem, advice)


def test_choices_follow_what_is_typed(catalog: Catalog, form_of: FormOf, folder: Path) -> None:
    def choices(key: str, typed: str) -> tuple[str, ...]:
        field = form_of(RECIPE).field(key)
        assert field is not None
        return attempt(field, typed, lambda: put(RECIPE, field, typed), folder / "r.toml", catalog, None).choices

    assert choices("train.lr_scheduler_type", "cosine_w")[0].startswith("cosine_w")
    assert "accuracy" not in choices("evaluate.metrics", "accuracy, f"), "what is in the list already is not offered"
    assert choices("evaluate.metrics", "accuracy, f")[0].startswith("f")
    assert choices("task", "text-clasification")[0] == "text-classification", "the nearest, where none begins so"
