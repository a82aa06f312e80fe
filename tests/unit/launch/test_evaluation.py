"""The recipe of an evaluation: the run's own rows, or other data by the model's roles and labels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import FakeRun, finished_run
from tests.model_folders import model_folder
from tui_finetune.config.write import as_resolved, resolved_toml
from tui_finetune.errors import RecipeError, UserError
from tui_finetune.inference.model_folder import open_model_folder
from tui_finetune.inference.task_card import TaskCard
from tui_finetune.launch.check import Checked, check
from tui_finetune.launch.evaluation import EvaluationRequest, check_evaluation
from tui_finetune.paths import Home
from tui_finetune.plugin_api import LabelSet
from tui_finetune.plugin_api.manager import Catalog, load_catalog

RECIPE = """
task = "text-classification"
name = "reviews"
[run]
seed = 7
[data]
path = "reviews.csv"
limit_eval = 12
[model]
path = "base"
max_length = 32
[train]
learning_rate = 1e-3
per_device_eval_batch_size = 4
[evaluate]
metrics = ["f1", "accuracy"]
"""


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog(None, third_party=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Data, a base model and a recipe."""
    lines = [f"review {n} {'good' if n % 2 else 'bad'},{'pos' if n % 2 else 'neg'}" for n in range(200)]
    (tmp_path / "reviews.csv").write_text("review,stars\n" + "\n".join(lines) + "\n")
    (tmp_path / "recipe.toml").write_text(RECIPE)
    model_folder(tmp_path / "base", {"architectures": ["BertModel"]})
    return tmp_path


def trained(home: Home, catalog: Catalog, folder: Path, *sets: str, **metrics: float) -> tuple[FakeRun, Checked]:
    """A finished run with what the launcher and the worker write of it."""
    from tui_finetune.config.load import load_recipe

    checked = check(load_recipe(folder / "recipe.toml", sets=sets, catalog=catalog), home=home, catalog=catalog)
    run = finished_run(home, "reviews")
    run.paths.recipe_toml.write_text(resolved_toml(checked.recipe, checked.facts))
    model_folder(run.paths.model)
    assert checked.prepared.labels is not None
    labels, columns = checked.prepared.labels, checked.prepared.columns
    TaskCard("text-classification", "builtin", labels, 32, {}, columns, run.id, metrics).write(run.paths.model)
    return run, checked


Evaluate = Callable[..., Checked]


@pytest.fixture
def evaluate(home: Home, catalog: Catalog) -> Evaluate:
    def make(run: FakeRun | None = None, model: Path | None = None, **request: Any) -> Checked:
        path = model if run is None else run.paths.model
        assert path is not None
        opened = open_model_folder(path, catalog, home)
        info = None if run is None else run.info
        return check_evaluation(EvaluationRequest(opened, info, **request), home=home, catalog=catalog)

    return make


class TestOwnData:
    @pytest.mark.parametrize(
        ("sets", "metrics", "split"),
        [
            (["data.test=0.2"], {"test_f1": 0.9}, "test"),
            (["data.test=0.2", "data.validation=0.3"], {"test_f1": 0.9}, "validation"),
            ([], {"f1": 0.9}, "validation"),
            (["data.validation=0.25"], {"f1": 0.9}, "validation"),
        ],
    )
    def test_the_rows_are_those_that_were_kept_back(
        self,
        sets: list[str],
        metrics: dict[str, float],
        split: str,
        home: Home,
        catalog: Catalog,
        folder: Path,
        evaluate: Evaluate,
    ) -> None:
        run, training = trained(home, catalog, folder, *sets, **metrics)
        asked = split if split != ("test" if "test_f1" in metrics else "validation") else None
        checked = evaluate(run, split=asked)
        ids = [table.splits[split]["row_id"].to_pylist() for table in (training.prepared, checked.prepared)]
        assert ids[0] == ids[1]
        assert len(ids[0]) > 10
        assert checked.recipe.evaluate.split == split

    def test_what_it_takes_over_and_what_not(
        self, home: Home, catalog: Catalog, folder: Path, evaluate: Evaluate
    ) -> None:
        run, training = trained(home, catalog, folder)
        checked = evaluate(run)
        recipe = as_resolved(checked.recipe)
        assert (recipe["kind"], recipe["task"], recipe["run"]["seed"]) == ("evaluate", "text-classification", 7)
        assert recipe["model"]["path"] == str(run.paths.model)
        assert recipe["model"]["max_length"] == 32
        assert recipe["train"] == {"per_device_eval_batch_size": 4}
        assert recipe["evaluate"]["metrics"] == ["f1", "accuracy"]
        assert recipe["data"]["labels"] == ["neg", "pos"]
        assert recipe["data"]["columns"] == dict(training.prepared.columns)
        assert checked.of == {"run": run.id}
        assert checked.prepared.splits["validation"].num_rows == 12

    def test_a_file_that_has_changed_since_is_told(
        self, home: Home, catalog: Catalog, folder: Path, evaluate: Evaluate
    ) -> None:
        run, _ = trained(home, catalog, folder)
        assert evaluate(run).warnings == ()
        with (folder / "reviews.csv").open("a") as file:
            file.write("one more,pos\n")
        (warning,) = evaluate(run).warnings
        assert warning.startswith("reviews.csv has changed since the run")
        assert evaluate(run, data=str(folder / "reviews.csv")).warnings == ()

    def test_sets_go_over_it(self, home: Home, catalog: Catalog, folder: Path, evaluate: Evaluate) -> None:
        run, _ = trained(home, catalog, folder)
        checked = evaluate(run, sets=("data.limit_eval=3", "run.device=cpu"))
        assert checked.prepared.splits["validation"].num_rows == 3
        assert checked.recipe.run.device == "cpu"

    @pytest.mark.parametrize(
        ("request_", "said"),
        [
            ({"split": "dev2"}, "evaluate.split: 'dev2' is no split of this data. It has: train, validation."),
            ({"sets": ("evaluate.metrics=['acuracy']",)}, "--set: evaluate.metrics: no metric 'acuracy'."),
            ({"sets": ("nope=1",)}, "--set: nope: not a setting."),
        ],
    )
    def test_mistakes_have_no_line_of_a_text_that_nobody_wrote(
        self,
        request_: dict[str, Any],
        said: str,
        home: Home,
        catalog: Catalog,
        folder: Path,
        evaluate: Evaluate,
    ) -> None:
        run, _ = trained(home, catalog, folder)
        with pytest.raises(RecipeError) as caught:
            evaluate(run, **request_)
        assert said in str(caught.value)
        assert "(line" not in str(caught.value)

    def test_data_that_is_gone(self, home: Home, catalog: Catalog, folder: Path, evaluate: Evaluate) -> None:
        run, _ = trained(home, catalog, folder)
        (folder / "reviews.csv").unlink()
        with pytest.raises(UserError, match="no such file"):
            evaluate(run)


class TestOtherData:
    def test_columns_of_the_same_name_and_the_models_labels(
        self, home: Home, catalog: Catalog, folder: Path, evaluate: Evaluate
    ) -> None:
        run, _ = trained(home, catalog, folder)
        (folder / "new.csv").write_text("note,stars,review\nx,pos,good\ny,neg,bad\nz,pos,fine\n")
        checked = evaluate(run, data=str(folder / "new.csv"))
        table = checked.prepared.splits["test"]
        assert table["text"].to_pylist() == ["good", "bad", "fine"]
        assert checked.prepared.labels == LabelSet.of(["neg", "pos"])
        assert checked.of == {"run": run.id}

    def test_other_columns_are_found(self, home: Home, catalog: Catalog, folder: Path, evaluate: Evaluate) -> None:
        run, _ = trained(home, catalog, folder)
        (folder / "new.jsonl").write_text('{"text": "good", "label": "pos"}\n{"text": "bad", "label": "neg"}\n')
        checked = evaluate(run, data=str(folder / "new.jsonl"))
        assert checked.prepared.columns == {"text": "text", "label": "label"}

    def test_labels_that_the_model_lacks(self, home: Home, catalog: Catalog, folder: Path, evaluate: Evaluate) -> None:
        run, _ = trained(home, catalog, folder)
        (folder / "new.csv").write_text("review,stars\na,pos\nb,angry\n")
        with pytest.raises(RecipeError, match=r"test has a label that the model does not know: 'angry'"):
            evaluate(run, data=str(folder / "new.csv"))

    @pytest.mark.parametrize("labels", [("0", "1"), ("neg", "pos")])
    def test_a_model_of_somebody_elses_with_numbers_or_names(
        self, labels: tuple[str, str], catalog: Catalog, folder: Path, evaluate: Evaluate
    ) -> None:
        (folder / "new.csv").write_text(f"text,label\ngood,{labels[1]}\nbad,{labels[0]}\n")
        checked = evaluate(model=model_folder(folder / "theirs"), data=str(folder / "new.csv"))
        found = checked.prepared.labels
        assert found is not None
        assert found.names == ("neg", "pos")
        assert [found.id_of(value) for value in checked.prepared.splits["test"]["label"].to_pylist()] == [1, 0]
        assert checked.of is None

    def test_a_model_folder_needs_data(self, folder: Path, evaluate: Evaluate) -> None:
        with pytest.raises(UserError, match=r"A model folder names no data to measure on\. --data PATH does\."):
            evaluate(model=model_folder(folder / "theirs"))

    def test_a_run_of_a_script_needs_data(self, home: Home, folder: Path, evaluate: Evaluate) -> None:
        run = finished_run(home, "script")
        model_folder(run.paths.model)
        run.paths.recipe_toml.unlink()
        with pytest.raises(UserError, match="was made by a script of its own: it names no data"):
            evaluate(run)

    def test_no_such_data(self, home: Home, catalog: Catalog, folder: Path, evaluate: Evaluate) -> None:
        run, _ = trained(home, catalog, folder)
        with pytest.raises(UserError, match="no such file or folder"):
            evaluate(run, data="nope.csv")


def test_other_data_s_problems_are_told_in_the_words_of_the_call(
    home: Home, catalog: Catalog, folder: Path, evaluate: Evaluate
) -> None:
    run, _ = trained(home, catalog, folder)
    (folder / "urgency.csv").write_text("review,stars\n" + "a text,high\nanother,low\n" * 4)
    with pytest.raises(RecipeError) as refused:
        evaluate(run, data=str(folder / "urgency.csv"))
    assert str(refused.value) == (
        "data.labels: test has 2 labels that the model does not know: 'high' (4 rows, first urgency.csv:2); "
        "'low' (4 rows, first urgency.csv:3). The labels are neg, pos. "
        "Mend the rows, or name another column: --set data.columns.label=NAME."
    )
    (folder / "numbers.csv").write_text("a,b\n" + "1.5,2.5\n" * 4)
    with pytest.raises(RecipeError, match=r"Name it: --set data.columns.text=NAME\."):
        evaluate(run, data=str(folder / "numbers.csv"))
