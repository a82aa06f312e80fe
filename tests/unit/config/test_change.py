"""`[[change]]`: what changes at a step, checked as the verb `set` checks it; and the recipe of a steered run."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest
import tomli
from annotated_types import Gt, Le

from tests.unit.config.conftest import LEAST
from tui_finetune.config.health_table import Does, DoesAlone, HealthTable
from tui_finetune.config.load import Loaded, load_recipe
from tui_finetune.config.replay import replay
from tui_finetune.config.samples import samples
from tui_finetune.config.schema import Recipe
from tui_finetune.config.write import read_resolved, resolved_toml
from tui_finetune.plugin_api.manager import load_catalog
from tui_finetune.runs.changes import Change
from tui_finetune.runs.settable import HEALTH_RULES, HEALTH_THRESHOLDS, SETTABLE

CHANGES = """\
[[change]]
at_step = 100
set = { learning_rate = "x0.5", health.loss_spike = "pause" }
reason = "flat"

[[change]]
at_step = 100
stretch = false
[change.set]
num_train_epochs = 4
"""


def test_changes_are_read(read: Callable[..., Loaded]) -> None:
    first, second = read(LEAST + CHANGES).recipe.change
    assert (first.at_step, first.stretch, first.reason) == (100, True, "flat")
    assert (second.set, second.stretch) == ({"num_train_epochs": 4}, False)


def test_every_mistake_is_told_with_its_line(told: Callable[..., list[str]]) -> None:
    text = """\
[[change]]
at_step = 0
set = { lr = 1 }

[[change]]
at_step = 20
set = { learning_rate = -1.0, lr_scheduler_type = "cosin" }

[[change]]
at_stp = 10
set = {}

[[change]]
at_step = 10
set = { seed = 3 }
"""
    found = told(LEAST + text)
    for line in (
        "sample.toml: change.0.at_step: is 0, must be at least 1. (line 5)",
        "sample.toml: change.0.set.lr: cannot be set while a run goes on. Did you mean learning_rate? (line 6)",
        "sample.toml: change.1.set.learning_rate: is -1, must be above 0. (line 10)",
        'sample.toml: change.1.set.lr_scheduler_type: is "cosin". Did you mean cosine? (line 10)',
        "sample.toml: change.2.at_stp: not a setting. Did you mean at_step? (line 13)",
    ):
        assert line in found
    assert any(line.startswith("sample.toml: change.2.set: is empty.") for line in found)
    assert any(
        "change.3.at_step: is 10, after a change at step 20. Write the changes in the order" in line for line in found
    )


def test_health_keys_are_those_of_the_table_with_its_bounds() -> None:
    assert {*HEALTH_RULES, *HEALTH_THRESHOLDS} == set(HealthTable.model_fields)
    for name, field in HealthTable.model_fields.items():
        if name in HEALTH_RULES:
            one = SETTABLE[f"health.{name}"]
            assert one.choices == (get_args(DoesAlone) if name == "hanging" else get_args(Does))
            continue
        bounds = {type(part): part for part in field.metadata}
        least, most = bounds.get(Gt), bounds.get(Le)
        assert HEALTH_THRESHOLDS[name] == (least and least.gt, most.le if most else math.inf), name
        assert (SETTABLE[f"health.{name}"].kind == "whole number") == (field.annotation is int)


@pytest.mark.parametrize("path", samples(), ids=lambda path: path.stem)
def test_a_replayed_recipe_is_a_recipe(path: Path, tmp_path: Path) -> None:
    catalog = load_catalog(None, third_party=False)
    recipe = load_recipe(path, catalog=catalog).recipe
    (kept := tmp_path / "recipe.toml").write_text(resolved_toml(recipe, {"rows": {"train": 3}}))
    steered = [
        Change(30, {"learning_rate": "x0.5", "health.loss_spike": "pause"}, reason='it said "no"\n'),
        Change(10, {"num_train_epochs": 2.5, "class_weights": {"a b": 2.0}}, stretch=False),
        Change(20, {"weight_decay": 0.1}, dropped="rollback to 10"),
    ]
    text = replay(read_resolved(kept), steered, head=["Recipe of x"])
    assert text.startswith("# Recipe of x\n")
    assert "resolved" not in tomli.loads(text)
    again = load_recipe(tmp_path / "copy.toml", text.encode(), catalog=catalog).recipe
    assert [(one.at_step, one.stretch, one.reason) for one in again.change] == [
        (10, False, None),
        (30, True, 'it said "no"\n'),
    ]
    assert again.change[0].set == {"num_train_epochs": 2.5, "class_weights": {"a b": 2.0}}
    same = {"change", "train"}
    assert again.model_dump(exclude=same) == recipe.model_dump(exclude=same)
    assert recipe.train.items() <= again.train.items()


def test_changes_of_the_recipe_itself_are_kept_in_their_order() -> None:
    recipe = Recipe.model_validate(
        {"task": "t", "data": {"path": "a.csv"}, "model": {"path": "run:x"}, "of": {"run": "x"},
         "change": [{"at_step": 20, "set": {"max_steps": 5}}]}
    )  # fmt: skip
    found = tomli.loads(replay(recipe, [Change(5, {"dropout": 0.1})], model="run:x"))
    assert [one["at_step"] for one in found["change"]] == [5, 20]
    assert "path" not in found["model"]


@pytest.mark.parametrize(("named", "written"), [("builtin:mini", "builtin:mini"), ("run:latest", "/m"), (None, "/m")])
def test_a_model_is_written_as_it_was_named_where_that_holds(named: str | None, written: str) -> None:
    recipe = Recipe.model_validate({"task": "t", "data": {"path": "a.csv"}, "model": {"path": "/m"}})
    assert tomli.loads(replay(recipe, model=named))["model"]["path"] == written
