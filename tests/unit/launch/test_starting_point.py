"""A run that starts from another run's model: which folder, what becomes of the head, and what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import FakeRun, finished_run
from tests.model_folders import model_folder
from tui_finetune.config.load import load_recipe
from tui_finetune.errors import RecipeError
from tui_finetune.inference.saved_head import saved_head
from tui_finetune.inference.task_card import TaskCard
from tui_finetune.launch.check import Checked, check
from tui_finetune.paths import Home
from tui_finetune.plugin_api import LabelSet
from tui_finetune.plugin_api.manager import Catalog, load_catalog
from tui_finetune.worker.checkpoints import write_whole

Check = Callable[..., Checked]
RECIPE = """
task = "text-classification"
[data]
path = "reviews.csv"
[model]
path = "base"
"""


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog(None, third_party=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Data with the labels neg and pos, a base model and a recipe."""
    lines = [f"review {n},{'pos' if n % 2 else 'neg'}" for n in range(40)]
    (tmp_path / "reviews.csv").write_text("text,label\n" + "\n".join(lines) + "\n")
    (tmp_path / "recipe.toml").write_text(RECIPE)
    model_folder(tmp_path / "base", {"architectures": ["BertModel"]})
    return tmp_path


@pytest.fixture
def checked(home: Home, catalog: Catalog, folder: Path) -> Check:
    """Checks the recipe with `--set`."""

    def checking(*sets: str) -> Checked:
        return check(load_recipe(folder / "recipe.toml", sets=sets, catalog=catalog), home=home, catalog=catalog)

    return checking


@pytest.fixture
def told(checked: Check) -> Callable[..., list[str]]:
    def telling(*sets: str) -> list[str]:
        with pytest.raises(RecipeError) as caught:
            checked(*sets)
        return [str(problem) for problem in caught.value.problems]

    return telling


def trained(home: Home, labels: Sequence[str], name: str = "first") -> FakeRun:
    run = finished_run(home, name)

    def fill(place: Path) -> None:
        model_folder(place, {"id2label": {str(n): label for n, label in enumerate(labels)}})
        TaskCard("text-classification", "builtin", LabelSet.of(labels), 32, run=run.id).write(place)

    for place in (run.paths.model, run.paths.checkpoint(50)):
        write_whole(place, fill)
    return run


def write_of(folder: Path, line: str) -> None:
    """The recipe with `of` instead of a path."""
    (folder / "recipe.toml").write_text(line + RECIPE.replace('[model]\npath = "base"\n', ""))


def test_a_runs_model(home: Home, checked: Check) -> None:
    run = trained(home, ["neg", "pos"])
    found = checked(f"model.path=run:{run.short}")
    assert found.recipe.model.path == str(run.paths.model)
    assert found.of == {"run": run.id}
    assert found.notes[:2] == (
        f"Starts from the model of first ({run.short}).",
        "Its head is kept: the labels are the same (neg, pos).",
    )


def test_other_labels_are_told(home: Home, checked: Check) -> None:
    trained(home, ["a", "b", "c", "d", "e"])
    assert checked("model.path=run:first").notes[1] == (
        "It was trained for other labels (a, b, c, d and 1 more): its head is left out, "
        "and a new one is trained for neg, pos."
    )


def test_the_same_labels_keep_the_models_order(home: Home, checked: Check) -> None:
    trained(home, ["pos", "neg"])
    found = checked("model.path=run:latest")
    assert (found.recipe.data.labels, found.recipe.data.label_names) == (["pos", "neg"], ["pos", "neg"])
    assert "Its head is kept: the labels are the same (pos, neg)." in found.notes
    # An order that a person gives is kept, and the head is another one.
    found = checked("model.path=run:latest", 'data.labels=["neg", "pos"]')
    assert found.recipe.data.labels == ["neg", "pos"]
    assert "Its head is kept, in another order of its labels (neg, pos)." in found.notes


def test_labels_in_common_keep_their_outputs(home: Home, checked: Check) -> None:
    trained(home, ["mixed", "pos"])
    assert checked("model.path=run:first").notes[1] == (
        "It was trained for other labels: what its head knows of pos is kept; new: neg; left out: mixed."
    )


def test_a_model_of_another_task_gives_its_encoder(home: Home, checked: Check) -> None:
    run = trained(home, ["neg", "pos"])
    card = TaskCard("ordinal", "builtin", LabelSet.of(["neg", "pos"]), 32, run=run.id)
    card.write(run.paths.model)
    words = "It was trained for ordinal: its encoder is kept, and a new head is trained."
    assert checked("model.path=run:first").notes[1] == words


def test_of_names_the_run_and_a_checkpoint_of_it(home: Home, checked: Check, folder: Path) -> None:
    run = trained(home, ["neg", "pos"])
    write_of(folder, 'of = { run = "first" }')
    found = checked()
    assert found.notes[0] == f"Starts from the model of first ({run.short})."
    assert found.recipe.model.path == str(run.paths.model)
    assert found.of == {"run": run.id}
    found = checked("of.checkpoint=50")
    assert found.notes[0] == f"Starts from checkpoint-50 of first ({run.short})."
    assert found.recipe.model.path == str(run.paths.checkpoint(50))
    assert found.of == {"run": run.id, "checkpoint": 50}
    assert found.recipe.of is not None
    assert found.recipe.of.run == run.id


def test_what_is_wrong(home: Home, told: Callable[..., list[str]], folder: Path) -> None:
    (folder / "reviews.csv").unlink()
    run = trained(home, ["neg", "pos"])
    FakeRun(home, "unfinished").begin().plan()
    FakeRun(home, "script", recipe=None).begin().plan().end("finished")
    first = told("model.path=run:nobody")
    assert any("model.path" in problem and "nobody" in problem for problem in first)
    assert any("reviews.csv" in problem for problem in first), "the other problems are told too"
    assert len(first) == 2
    assert "unfinished" in told("model.path=run:unfinished")[0]
    assert "It writes one when it ends." in told("model.path=run:unfinished")[0]
    assert "saved its model itself" in told("model.path=run:script")[0]
    FakeRun(home, "stopped").begin().plan().end("stopped")
    assert "goes on with it." in told("model.path=run:stopped")[0]
    write_of(folder, 'of = { run = "first", checkpoint = 7 }')
    problem = (
        f"recipe.toml: of.checkpoint: first ({run.short}) has no whole checkpoint of step 7. It has 50, 100. (line 1)"
    )
    assert problem in told()
    assert "of.run" in told("of.run=nobody")[0]


HEADS: Mapping[str, tuple[dict[str, Any], str | None]] = {
    "a model without a head": ({"architectures": ["BertForMaskedLM"]}, None),
    "as many labels": (
        {"id2label": {"0": "NEGATIVE", "1": "POSITIVE"}},
        "Its head for NEGATIVE, POSITIVE is kept and trained on for neg, pos.",
    ),
    "another number": (
        {"id2label": {str(n): f"{n} stars" for n in range(1, 6)}},
        "It was trained for other labels (1 stars, 2 stars, 3 stars, 4 stars and 1 more): its head is left out, "
        "and a new one is trained for neg, pos.",
    ),
}


@pytest.mark.parametrize("case", HEADS)
def test_a_model_of_somebody_elses(case: str, checked: Check, folder: Path) -> None:
    config, said = HEADS[case]
    model_folder(folder / "theirs", config)
    assert [n for n in checked(f"model.path={folder / 'theirs'}").notes if "head" in n] == (
        [] if said is None else [said]
    )


def test_labels_that_a_config_does_not_name(catalog: Catalog) -> None:
    task = catalog.tasks["text-classification"]
    found = saved_head({"architectures": ["BertForSequenceClassification"]}, task)
    assert found is not None
    assert found.names == ("LABEL_0", "LABEL_1")
    assert saved_head({}, task) is None
