"""`config`, as it is typed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import tomli
from click.testing import CliRunner, Result

from tests.fakes import FakeRun
from tests.unit.config.conftest import LEAST
from tui_finetune.cli.main import cli
from tui_finetune.config.template import new_recipe
from tui_finetune.errors import RecipeError, UserError
from tui_finetune.paths import Home

Run = Callable[..., Result]


@pytest.fixture
def run(home: Home) -> Run:
    """Runs `tui-finetune config …`; errors of a person's come out as they are raised."""
    return lambda *words: CliRunner().invoke(cli, ["config", *map(str, words)], catch_exceptions=True)


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "sample.toml"
    path.write_text(LEAST)
    return path


class TestNew:
    def test_prints_the_guides_recipe(self, run: Run) -> None:
        assert run("new").output == new_recipe()

    def test_writes_a_file_once(self, run: Run, tmp_path: Path) -> None:
        target = tmp_path / "mine.toml"
        assert "mine.toml written" in run("new", "-o", target).output
        target.write_text("mine")
        refused = run("new", "-o", target)
        assert isinstance(refused.exception, UserError)
        assert "is there already. --force writes over it." in str(refused.exception)
        assert target.read_text() == "mine"
        run("new", "-o", target, "--force")
        assert target.read_text() == new_recipe()

    def test_takes_task_and_model(self, run: Run) -> None:
        written = tomli.loads(run("new", "--task", "token-classification", "--model", "run:k3f9").output)
        assert (written["task"], written["model"]["path"]) == ("token-classification", "run:k3f9")
        assert written["evaluate"]["metrics"][0] == "f1"

    def test_an_unknown_task_is_told(self, run: Run) -> None:
        assert "Did you mean text-classification?" in str(run("new", "--task", "text-clasification").exception)

    def test_json(self, run: Run, tmp_path: Path) -> None:
        assert json.loads(run("new", "--json").output) == {"path": None, "recipe": new_recipe()}
        target = tmp_path / "a.toml"
        assert json.loads(run("new", "--json", "-o", target).output)["path"] == str(target)

    def test_a_place_that_cannot_be_written_is_told(self, run: Run, tmp_path: Path) -> None:
        assert "cannot be written" in str(run("new", "-o", tmp_path / "absent" / "a.toml").exception)


class TestCheck:
    def test_a_good_recipe(self, run: Run, recipe: Path) -> None:
        done = run("check", recipe)
        assert done.exit_code == 0
        assert "no problems. text-classification, stanfordnlp/imdb, google-bert/bert-base-uncased" in done.output

    def test_a_bad_one_tells_all(self, run: Run, recipe: Path) -> None:
        error = run("check", recipe, "--set", "run.seed=x", "--set", "model.max_length=1").exception
        assert isinstance(error, RecipeError)
        assert error.exit_code == 2
        assert len(error.problems) == 2

    def test_json(self, run: Run, recipe: Path) -> None:
        good = json.loads(run("check", recipe, "--json").output)
        assert good == {"ok": True, "path": str(recipe), "full": False, "problems": []}
        recipe.write_text(LEAST + "[train]\nweigth_decay = 0.1\n")
        done = run("check", recipe, "--json")
        assert done.exit_code == 2
        assert json.loads(done.output)["problems"] == [
            {
                "message": "not a setting.",
                "key": "train.weigth_decay",
                "file": "sample.toml",
                "line": 5,
                "hint": "Did you mean weight_decay?",
            }
        ]

    def test_places_that_are_not_there_are_told(self, run: Run, recipe: Path, tmp_path: Path) -> None:
        (tmp_path / "reviews.csv").write_text("a")
        text = LEAST.replace("stanfordnlp/imdb", "./revews.csv").replace("google-bert/bert-base-uncased", "./m/x")
        recipe.write_text(text + 'data.test = ["nowhere/*.csv"]\n')
        assert [p["message"] for p in json.loads(run("check", recipe, "--json").output)["problems"]] == [
            f"no such file or folder: {tmp_path}/revews.csv.",
            f"no such file or folder: {tmp_path}/nowhere/*.csv.",
            f"no such folder: {tmp_path}/m/x.",
        ]
        error = run("check", recipe).exception
        assert "Did you mean reviews.csv? (line 2)" in str(error)

    def test_an_absent_file_is_json_too(self, run: Run, tmp_path: Path) -> None:
        done = run("check", tmp_path / "absent.toml", "--json")
        assert done.exit_code == 2
        assert json.loads(done.output)["ok"] is False


class TestCopies:
    """A run's recipe as the start of another one."""

    @pytest.fixture
    def made(self, home: Home) -> str:
        asked = LEAST + "[train]\nlearning_rate = 3e-4  # mine\n"
        made = FakeRun(home, "made", recipe=asked, model="google-bert/bert-base-uncased")
        made.paths.recipe_toml.write_text(asked.replace("3e-4", "1e-4"))
        return made.short

    def test_new_takes_the_recipe_of_a_run_with_what_was_set_beside_it(self, run: Run, made: str) -> None:
        found = run("new", "--run", made)
        assert "learning_rate = 1e-4  # mine" in found.stdout
        assert isinstance(run("new", "--run", made, "--task", "text-classification").exception, UserError)
        assert isinstance(run("new", "--run", "none").exception, UserError)

    def test_diff_tells_what_differs_and_no_default(self, run: Run, made: str, tmp_path: Path) -> None:
        path = tmp_path / "other.toml"
        path.write_text(LEAST + "[train]\nlearning_rate = 5e-5\nweight_decay = 0.01\n")
        lines = run("diff", path, f"run:{made}").stdout.splitlines()
        assert [line.split() for line in lines[1:]] == [["train.learning_rate", "5e-5", "1e-4"]]
        assert run("diff", path, path).stdout == "They say the same.\n"
        path.write_text("task = [")
        assert isinstance(run("diff", path, f"run:{made}").exception, RecipeError)

    def test_diff_as_json(self, run: Run, made: str, recipe: Path) -> None:
        found = json.loads(run("diff", recipe, f"run:{made}", "--json").stdout)
        assert found["differences"] == [{"key": "train.learning_rate", "before": "2e-5", "after": "1e-4"}]


def test_show_writes_defaults_out(run: Run, recipe: Path) -> None:
    shown = tomli.loads(run("show", recipe, "--set", "run.seed=7").output)
    assert (shown["run"]["device"], shown["run"]["seed"], shown["run"]["auto_resume"]) == ("auto", 7, 0)
    assert shown["train"]["learning_rate"] == 2e-5
    assert json.loads(run("show", recipe, "--set", "run.seed=7", "--json").output) == shown


def test_schema(run: Run) -> None:
    assert json.loads(run("schema").output)["title"] == "Recipe of tui-finetune"
    assert run("schema", "--markdown").output.startswith("# Configuration\n")
