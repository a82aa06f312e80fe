"""What the check writes into a run's recipe, and what it finds only when it has seen the data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.model_folders import model_folder
from tui_finetune.config.load import load_recipe
from tui_finetune.data import helper
from tui_finetune.errors import ExitCode, LaunchError, RecipeError
from tui_finetune.launch.check import Checked, check
from tui_finetune.paths import Home
from tui_finetune.plugin_api.manager import load_catalog

SENTENCES = {
    "entities": "Ann B-PER\nlives O\nin O\nBath B-LOC\n\n",
    "parts of speech": "Ann NOUN\nlives VERB\nin ADP\nBath NOUN\n\n",
}
RECIPE = 'task = "token-classification"\n[data]\npath = "words.conll"\n[model]\npath = "base"\n[train]\n'


@pytest.fixture
def checked(home: Home, tmp_path: Path) -> Callable[..., Checked]:
    """Checks the recipe on forty sentences of a kind."""
    model_folder(tmp_path / "base", {"architectures": ["BertModel"]})
    (tmp_path / "recipe.toml").write_text(RECIPE)
    catalog = load_catalog(None, third_party=False)

    def checking(kind: str, *sets: str) -> Checked:
        (tmp_path / "words.conll").write_text(SENTENCES[kind] * 40)
        return check(load_recipe(tmp_path / "recipe.toml", sets=sets, catalog=catalog), home=home, catalog=catalog)

    return checking


def test_what_is_measured_depends_on_the_labels(checked: Callable[..., Checked]) -> None:
    assert checked("entities").recipe.evaluate.metrics == ["f1", "precision", "recall", "accuracy"]
    assert checked("parts of speech").recipe.evaluate.metrics == ["accuracy"]
    assert checked("parts of speech", "evaluate.metrics=['f1']").recipe.evaluate.metrics == ["f1"]


def test_the_best_is_chosen_by_what_is_measured(checked: Callable[..., Checked]) -> None:
    assert checked("entities", "train.metric_for_best_model=recall").recipe.train["metric_for_best_model"] == "recall"
    with pytest.raises(
        RecipeError, match=r'metric_for_best_model: is "recall", which is not measured\..* accuracy, loss'
    ):
        checked("parts of speech", "train.metric_for_best_model=recall")


def test_a_helper_that_died_is_no_mistake_of_the_recipe(
    checked: Callable[..., Checked], monkeypatch: pytest.MonkeyPatch
) -> None:
    def dying(*_: object) -> None:
        raise LaunchError("the data helper was killed by SIGKILL without an answer.")

    monkeypatch.setattr(helper, "ask", dying)
    with pytest.raises(LaunchError, match="SIGKILL") as caught:
        checked("entities", "data.source=hub", "data.path=an/id")
    assert caught.value.exit_code == ExitCode.LAUNCH_FAILED
