"""Figures of runs that differ by what was drawn: mean, deviation, range; and the runs that `train --over` asks for."""

from __future__ import annotations

import json
import math
import statistics

import pytest

from tests.calling import Cli
from tests.fakes import finished_run
from tui_finetune.cli.repeated import MOST, parse_over
from tui_finetune.errors import UserError
from tui_finetune.live.spread import spread
from tui_finetune.paths import Home


def test_of_a_sample() -> None:
    found = spread([0.8, None, 0.9, 0.85, math.nan])
    assert found is not None
    assert (found.runs, found.low, found.high) == (3, 0.8, 0.9)
    assert found.mean == pytest.approx(0.85)
    assert found.deviation == pytest.approx(statistics.stdev([0.8, 0.9, 0.85]))
    one = spread([0.5])
    assert one is not None
    assert one.deviation is None
    assert one.row() == ["0.500", "–", "0.500", "0.500", "1"]
    assert spread([None, math.nan]) is None


def test_the_verb(cli: Cli, home: Home) -> None:
    for name, accuracy in (("a1", 0.8), ("b2", 0.9), ("c3", 0.85)):
        finished_run(home, name, metrics={"accuracy": accuracy, "test_f1": accuracy / 2})
    lines = cli("compare", "--spread", "a1", "b2", "c3").out.splitlines()
    assert lines[0].split() == ["metric", "mean", "deviation", "lowest", "highest", "runs"]
    assert lines[1].split() == ["accuracy", "0.850", "±", "0.050", "0.800", "0.900", "3"]
    found = json.loads(cli("compare", "--spread", "a1", "b2", "c3", "--json").out)
    assert found["spread"]["test_f1"]["deviation"] == pytest.approx(0.025)
    assert found["metrics"]["accuracy"] == [0.8, 0.9, 0.85]


def test_values_of_a_key() -> None:
    found = parse_over("run.seed = 1, 2,30")
    assert (found.key, found.values) == ("run.seed", ("1", "2", "30"))
    assert found.sets()[2] == "run.seed=30"
    assert found.name("tickets", "30") == "tickets seed 30"
    assert parse_over("run.seed=3..5").values == ("3", "4", "5")
    assert parse_over("train.learning_rate=1e-5,3e-5").values == ("1e-5", "3e-5")


@pytest.mark.parametrize(
    "text", ["run.seed", "=1,2", "run.seed=1", "run.seed=1,1", "run.seed=1,,2", "run.seed=", "run.seed=0..100"]
)
def test_what_no_runs_come_of(text: str) -> None:
    with pytest.raises(UserError, match="--over"):
        parse_over(text)


def test_the_most() -> None:
    assert len(parse_over(f"run.seed=1..{MOST}").values) == MOST
