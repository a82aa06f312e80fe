"""Options of a task for some answers only: checked with those of the model, told with their names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.measured import model_card
from tui_finetune.errors import UserError
from tui_finetune.inference.asked_options import asked_options, with_options
from tui_finetune.inference.model_folder import ModelFolder
from tui_finetune.inference.task_card import TaskCard
from tui_finetune.plugin_api import LabelSet
from tui_finetune.plugin_api.manager import Catalog, load_catalog


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog(None, third_party=False)


@pytest.fixture
def folder(catalog: Catalog) -> ModelFolder:
    card = TaskCard("causal-lm", "builtin", LabelSet.of(()), 64, {"max_new_tokens": 9, "stride": 1})
    return ModelFolder(Path("/nowhere"), card, catalog.tasks["causal-lm"])


def test_they_stand_beside_those_of_the_model(folder: ModelFolder, catalog: Catalog) -> None:
    given = asked_options(folder, ["max_new_tokens=3", "task_options.do_sample=true", "top_p=0.9"])
    assert given == {"max_new_tokens": 3, "do_sample": True, "top_p": 0.9}
    found = with_options(folder, json.dumps(given), catalog)
    assert found.card.options == {"max_new_tokens": 3, "stride": 1, "do_sample": True, "top_p": 0.9}
    assert with_options(folder, None, catalog) is folder


def test_all_problems_come_at_once(folder: ModelFolder) -> None:
    with pytest.raises(UserError) as told:
        asked_options(folder, ["max_new_token=3", "num_beams=0"])
    said = str(told.value)
    assert "Did you mean max_new_tokens?" in said
    assert "num_beams" in said
    with pytest.raises(UserError, match="only with do_sample"):
        asked_options(folder, ["temperature=0.5"])
    with pytest.raises(UserError, match="has no '='"):
        asked_options(folder, ["max_new_tokens"])


def test_a_task_without_options_says_so(tmp_path: Path, catalog: Catalog) -> None:
    class Bare:
        name = "bare"

        def options_model(self) -> None:
            return None

    card = TaskCard.read(model_card(tmp_path, ["a", "b"]))
    with pytest.raises(UserError, match="bare has no options"):
        asked_options(ModelFolder(tmp_path, card, Bare()), ["a=1"])  # type: ignore[arg-type]
