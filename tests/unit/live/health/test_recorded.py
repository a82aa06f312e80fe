"""Curves of real trainings, recorded once: the healthy ones are left alone, the others are found out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.live.health.series import Told
from tui_finetune.live.health.facts import RunFacts, Share

RECORDED: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("recorded.json").read_text(encoding="utf-8"))
FOUND: dict[str, set[str]] = {
    "demo": set(),
    "film reviews": set(),
    "questions to a bank": set(),
    "overfit": {"overfitting"},
    "collapse": {"one_class", "loss_flat"},
}
"""Name of a recorded training to the rules that find something in it."""


def told(of: dict[str, Any], every: int) -> Told:
    """The training as it went, an evaluation after the log of its step."""
    facts = RunFacts(steps=of["steps"], trainable=of["trainable"], guess_loss=of["guess"], main_metric="accuracy")
    watch, begun = Told(facts), 0
    for step, loss, accuracy, *answer in of["evaluations"]:
        _train(watch, of, begun, step, every)
        watch.evaluate(step, loss, accuracy, Share(*answer))
        begun = step
    _train(watch, of, begun, len(of["losses"]), every)
    return watch


def _train(watch: Told, of: dict[str, Any], begun: int, end: int, every: int) -> None:
    norms = of["norms"]
    watch.train(of["losses"][begun:end], first=begun + 1, every=every, norms=lambda step: float(norms[step - 1]))


@pytest.mark.parametrize("name", RECORDED)
@pytest.mark.parametrize("every", [1, 4, 25])
def test_a_training_that_was(name: str, every: int) -> None:
    assert set(told(RECORDED[name], every).rules) == FOUND[name]
