"""What a branch with its optimizer kept may change, what it begins with, and checkpoints as a person names them."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import FakeRun
from tui_finetune.config.schema import ChangeTable, OfTable, Recipe
from tui_finetune.config.write import read_resolved
from tui_finetune.errors import UserError
from tui_finetune.inference.model_choice import choose_model
from tui_finetune.launch import branching
from tui_finetune.launch.branching import KeptStart, begun_as, branched, changes_of, kept_start
from tui_finetune.launch.differences import Facts
from tui_finetune.launch.planting import plant_checkpoint, with_own_model
from tui_finetune.paths import Home
from tui_finetune.runs.branches import steps_in_use
from tui_finetune.runs.changes import Change, add_change
from tui_finetune.runs.kept import Kept, best_step, kept_checkpoint, split_named
from tui_finetune.runs.layout import TRAINER_STATE, RunPaths
from tui_finetune.runs.manifest import problem
from tui_finetune.runs.store import RunStore

RECIPE = """
version = 1
task = "text-classification"
[data]
path = "/data/rows.csv"
[model]
path = "/models/tiny"
freeze = ["embeddings"]
[train]
learning_rate = 2e-5
num_train_epochs = 3
max_grad_norm = 0.5
dataloader_num_workers = 4
[[change]]
at_step = 2
set = { weight_decay = 0.1 }
"""


@pytest.fixture
def run(home: Home) -> FakeRun:
    return (
        FakeRun(home, "whole", recipe=RECIPE).begin().plan().step(9).checkpoint(4).checkpoint(8).end("stopped", step=9)
    )


@pytest.fixture
def start(run: FakeRun) -> KeptStart:
    """At step 4."""
    return kept_start(run.info, 4)


def asked(start: KeptStart, **tables: dict[str, Any]) -> Recipe:
    """The run's own recipe as it is asked for once more, with other values in some tables."""
    of = OfTable(run=start.info.id, checkpoint=start.checkpoint.step, optimizer="keep")
    changed: dict[str, Any] = {"of": of, "name": "branch"}
    for name, values in tables.items():
        table = getattr(start.recipe, name)
        changed[name] = {**table, **values} if isinstance(table, dict) else table.model_copy(update=values)
    return start.recipe.model_copy(update=changed)


def test_without_a_change_it_is_the_same_recipe(start: KeptStart) -> None:
    found = branched(start, asked(start))
    assert found.model_copy(update={"name": None, "of": None}) == start.recipe
    assert found.name == "branch"


def test_its_edits_are_those_that_the_other_run_began_with(start: KeptStart) -> None:
    data = start.recipe.data.model_copy(update={"edits": "/runs/whole/edits.jsonl"})
    there = start.recipe.model_copy(update={"data": data, "resolved": {"edits": {"path": "/mine.edits.jsonl"}}})
    start = replace(start, recipe=there)
    begun = begun_as(start, asked(start, data={"edits": "/mine.edits.jsonl"}))
    assert begun.data.edits == "/runs/whole/edits.jsonl"
    assert begun_as(start, asked(start, data={"edits": "/other.edits.jsonl"})).data.edits == "/other.edits.jsonl"


def test_what_can_change_becomes_a_change_of_the_next_step(start: KeptStart) -> None:
    found = branched(start, asked(start, train={"learning_rate": 1e-5, "num_train_epochs": 5}))
    assert found.change[-1] == ChangeTable(at_step=5, set={"learning_rate": 1e-5, "num_train_epochs": 5})
    assert found.train == start.recipe.train


def test_frozen_parts_are_thawed_and_frozen(start: KeptStart) -> None:
    found = branched(start, asked(start, model={"freeze": ["encoder.layer.0"]}))
    assert found.change[-1].set == {"freeze": ["encoder.layer.0"], "unfreeze": ["embeddings"]}


def test_what_changes_no_result_is_simply_other(start: KeptStart) -> None:
    found = branched(start, asked(start, train={"dataloader_num_workers": 0}, run={"device": "cpu"}))
    assert found.train["dataloader_num_workers"] == 0
    assert found.run.device == "cpu"
    assert found.change == start.recipe.change


def test_what_was_steered_by_then_is_in_its_recipe_and_what_came_after_is_not(start: KeptStart) -> None:
    for step, rate in ((3, 1e-5), (7, 1e-6)):
        add_change(start.info.paths, Change(step, {"learning_rate": rate}, True, "why", "ann@gpu1", 0.0, 1, f"r{step}"))
    found = branched(start, asked(start))
    assert [(one.at_step, one.set, one.reason) for one in found.change] == [
        (2, {"weight_decay": 0.1}, None),
        (3, {"learning_rate": 1e-5}, "why"),
    ]


def test_everything_that_cannot_be_kept_is_refused_at_once(start: KeptStart) -> None:
    with pytest.raises(UserError) as refused:
        branched(start, asked(start, model={"max_length": 64}, data={"limit": 10}, train={"optim": "sgd"}))
    assert {problem.key for problem in refused.value.problems} == {"model.max_length", "data.limit", "train.optim"}
    assert "cannot change where the optimizer is kept. --optimizer fresh" in str(refused.value)


def test_a_key_that_is_left_out_needs_a_value(start: KeptStart) -> None:
    recipe = asked(start)
    train = {key: value for key, value in recipe.train.items() if key != "max_grad_norm"}
    with pytest.raises(UserError, match=r"train\.max_grad_norm: is set in the run that this one goes on from"):
        branched(start, recipe.model_copy(update={"train": train}))


def test_a_change_of_before_the_checkpoint_is_refused(start: KeptStart) -> None:
    early = [*start.recipe.change, ChangeTable(at_step=4, set={"learning_rate": 1e-5})]
    with pytest.raises(UserError, match="is step 4; the branch begins after step 4"):
        branched(start, asked(start).model_copy(update={"change": early}))


def test_sets_of_the_verb(start: KeptStart) -> None:
    given = ("train.learning_rate=x0.5", "model.max_length=64", "train.num_train_epochs=5", "nonsense")
    assert changes_of(given, 4) == (
        "model.max_length=64",
        "nonsense",
        'change=[{ at_step = 5, set = { learning_rate = "x0.5", num_train_epochs = 5 } }]',
    )
    assert changes_of(("run.device=cpu",), 4) == ("run.device=cpu",)


def plain(home: Home) -> RunPaths:
    return RunStore(home).create("branch", kind="train", task=None, of=None)


@pytest.mark.parametrize("linked", [True, False], ids=["linked", "copied"])
def test_it_begins_with_the_checkpoint(
    start: KeptStart, home: Home, linked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(source: Path, target: Path) -> None:
        raise OSError("no links here")

    if not linked:
        monkeypatch.setattr(os, "link", refuses)
    paths = plain(home)
    plant_checkpoint(paths, start.checkpoint, start.info.paths)
    assert problem(paths.checkpoint(4)) is None
    assert sorted(os.listdir(paths.checkpoints)) == ["checkpoint-4"]
    shutil.rmtree(start.info.paths.root)
    assert problem(paths.checkpoint(4)) is None


def test_it_has_the_best_by_then_too(start: KeptStart, run: FakeRun, home: Home) -> None:
    (run.paths.checkpoint(8) / TRAINER_STATE).write_text(json.dumps({"best_global_step": 4}))
    paths = plain(home)
    plant_checkpoint(paths, Kept(8, run.paths.checkpoint(8)), run.paths)
    assert sorted(os.listdir(paths.checkpoints)) == ["checkpoint-4", "checkpoint-8"]


def test_a_model_of_another_run_is_taken_along(start: KeptStart, run: FakeRun, home: Home) -> None:
    (run.paths.checkpoint(4) / "optimizer.pt").write_bytes(b"state")
    model = start.recipe.model.model_copy(update={"path": str(run.paths.checkpoint(4))})
    paths = plain(home)
    found = with_own_model(paths, start.recipe.model_copy(update={"model": model}), home)
    assert found.model.path == str(paths.start)
    assert os.listdir(paths.start) == ["model.safetensors"]
    assert with_own_model(paths, start.recipe, home) == start.recipe, "a model of nobody's run stays where it is"


def test_rows_that_have_changed_have_no_place_to_go_on_from(start: KeptStart, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(branching, "facts_before", lambda *given: Facts(data={"/data/rows.csv": "a"}))
    monkeypatch.setattr(branching, "facts_now", lambda *given: Facts(data={"/data/rows.csv": "b"}))
    with pytest.raises(UserError, match="there is no place in it to go on from"):
        branching.told_apart(start, start.recipe, None)  # type: ignore[arg-type]


# Names of checkpoints

NAMED = {
    "4": 4,
    "checkpoint-8": 8,
    "last": 8,
    "best": 4,
}


@pytest.mark.parametrize("named", NAMED)
def test_a_checkpoint_by_its_name(run: FakeRun, named: str) -> None:
    (run.paths.checkpoint(8) / TRAINER_STATE).write_text('{"best_global_step": 4}')
    assert best_step(run.info) == 4
    assert kept_checkpoint(run.info, named).step == NAMED[named]


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ("5", "has no checkpoint of step 5. There are: 4, 8."),
        ("lats", "'lats' is no checkpoint: a step, best or last. Did you mean last?"),
        ("the newest", "'the newest' is no checkpoint: a step, best or last. There are: 4, 8."),
        ("best", "has no checkpoint that is known to be the best. There are: 4, 8."),
    ],
)
def test_a_checkpoint_that_is_not_there(run: FakeRun, named: str, words: str) -> None:
    with pytest.raises(UserError) as refused:
        kept_checkpoint(run.info, named)
    assert words in str(refused.value)


def test_a_checkpoint_that_is_not_whole_is_named_with_those_that_are(run: FakeRun) -> None:
    (run.paths.checkpoint(8) / "model.safetensors").write_bytes(b"weighty")
    with pytest.raises(UserError) as refused:
        kept_checkpoint(run.info, "8")
    assert str(refused.value) == (
        f"checkpoint-8 of {run.info.title} is not whole (model.safetensors: content differs from the manifest). There are: 4."
    )


def test_a_run_without_one(home: Home) -> None:
    run = FakeRun(home, "young").begin().plan()
    with pytest.raises(UserError, match=r"has no checkpoint\. It has none\."):
        kept_checkpoint(run.info, "last")
    run.close()


def test_which_checkpoint_a_query_names() -> None:
    assert split_named("k3f9@1407") == ("k3f9", "1407")
    assert split_named("latest@best") == ("latest", "best")
    assert split_named("ann@gpu1") == ("ann@gpu1", None)
    assert split_named("@4") == ("@4", None)


def test_the_model_of_a_checkpoint(run: FakeRun, home: Home) -> None:
    chosen = choose_model(home, f"{run.short}@4")
    assert (chosen.folder, chosen.step) == (run.paths.checkpoint(4), 4)
    assert chosen.title == f"whole ({run.short}) checkpoint-4"
    assert choose_model(home, "whole", "last").step == 8
    with pytest.raises(UserError, match="no run"):
        choose_model(home, f"{run.paths.checkpoint(4)}@8")


def test_checkpoints_that_others_need(run: FakeRun, home: Home) -> None:
    assert steps_in_use(run.paths) == set()
    for step, kind in ((4, "train"), (8, "evaluate")):
        RunStore(home).create("other", kind=kind, task=None, of={"run": run.id, "checkpoint": step})
    assert steps_in_use(run.paths) == {4, 8}


def test_the_recipe_of_a_branch_reads_back(start: KeptStart, run: FakeRun) -> None:
    from tui_finetune.config.write import resolved_toml

    found = branched(start, asked(start, train={"learning_rate": 1e-5}))
    run.paths.recipe_toml.write_text(resolved_toml(found))
    assert read_resolved(run.paths.recipe_toml).of == found.of
