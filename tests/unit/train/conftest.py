"""Recipes as forms: our own plugins, and a preprocessor with options."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.config.conftest import catalog
from tui_finetune.live.form import Form, Judged
from tui_finetune.live.recipe_form import read_form
from tui_finetune.live.recipe_judge import judge
from tui_finetune.plugin_api.manager import Catalog

__all__ = ["catalog"]

RECIPE = """\
# A recipe of a person, with comments.
name = "reviews"
task = "text-classification"

[data]
path = "reviews.csv"                    # relative
validation = 0.1
columns = { text = "review", label = "stars" }

[model]
path = "google-bert/bert-base-uncased"
max_length = 128

[train]
learning_rate = 3e-4                    # found by trying
num_train_epochs = 3
weigth_decay = 0.01                     # keep me
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "reviews.csv").write_text("review,stars\ngood,1\n")
    return tmp_path


@pytest.fixture
def form_of(catalog: Catalog) -> Callable[[str], Form]:
    def read(text: str) -> Form:
        found = read_form(text, catalog)
        assert found is not None
        return found

    return read


@pytest.fixture
def judged(catalog: Catalog, folder: Path) -> Callable[[str], Judged]:
    return lambda text: judge(text, folder / "reviews.toml", catalog)
