"""The watch: rules switched off, thresholds, and a memory that goes into a checkpoint."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from pydantic import ValidationError

from tests.conftest import REPOSITORY
from tests.unit.live.health.series import Told, falling, norms_of
from tui_finetune.config.health_table import RULES, HealthTable
from tui_finetune.live.health.watch import RULES as CLASSES
from tui_finetune.runs import settable


def test_recipe_verbs_and_rules_know_the_same_names() -> None:
    assert tuple(rule.name for rule in CLASSES) == RULES == settable.HEALTH_RULES
    for key in HealthTable().thresholds():
        assert settable.setting(f"health.{key}") is not None


def test_every_rule_and_threshold_stands_on_its_page() -> None:
    page = (REPOSITORY / "docs" / "health.md").read_text(encoding="utf-8")
    for name in (*RULES, *HealthTable().thresholds()):
        assert f"`{name}`" in page, name


def test_a_rule_that_is_off_says_nothing_and_one_switched_off_is_over() -> None:
    told = Told()
    told.watch.switch("loss_nan", on=False)
    told.train([1.0, math.nan])
    assert told.rules == []
    told.take(told.watch.switch("loss_nan", on=True))
    told.train([math.nan], first=3)
    told.take(told.watch.switch("loss_nan", on=False))
    assert (told.rules, told.over) == (["loss_nan"], ["loss_nan"])


def through_json(state: dict[str, Any]) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(json.dumps(state))
    return loaded


@pytest.mark.parametrize("at", [40, 210, 300])
def test_a_resumed_run_judges_as_the_uninterrupted_one(at: int) -> None:
    losses = [*falling(240), *[3.0] * 30, *falling(100, start=0.3)]
    norms = norms_of(losses)
    whole = Told().train(losses, norms=norms)
    first = Told().train(losses[:at], norms=norms)
    second = Told()
    second.watch.load(through_json(first.watch.state()), at)
    second.train(losses[at:], first=at + 1, norms=norms)
    assert [*first.found, *second.found] == whole.found
    assert [*first.over, *second.over] == whole.over
    assert "loss_spike" in whole.rules


def test_a_checkpoint_that_remembers_nothing_begins_anew() -> None:
    told = Told().train([*falling(240), *[3.0] * 30])
    assert told.rules == ["loss_spike"]
    told.watch.load({}, 200)
    assert told.watch.open == []


def test_a_memory_of_a_newer_version_is_taken_as_far_as_it_is_known() -> None:
    told = Told()
    state = through_json(told.watch.state())
    state["rules"]["another"] = {"found": None}
    state["rules"]["loss_spike"] = {"first": [1.0], "unknown": 3}
    told.watch.load(state, 10)
    assert told.train(falling(300)).rules == []


def test_the_table_refuses_what_is_no_threshold() -> None:
    for wrong in ({"one_class_percent": 20.0}, {"hanging": "rollback"}, {"loss_spike": "shout"}, {"loss_spik": "note"}):
        with pytest.raises(ValidationError):
            HealthTable.model_validate(wrong)
