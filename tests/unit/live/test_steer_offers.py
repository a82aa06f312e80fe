"""When a run can be steered, and why not, in the words that the message line says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes import FakeRun
from tui_finetune.live.offers import Offer
from tui_finetune.live.points import Doing
from tui_finetune.live.reader import RunRow
from tui_finetune.live.steer_offers import (
    act_offer,
    branch_offer,
    change_offer,
    drop_offer,
    hold_offer,
    measure_offer,
    release_offer,
    save_offer,
)
from tui_finetune.paths import Home
from tui_finetune.runs.records import CheckpointRecord
from tui_finetune.runs.status import Status

WHOLE = CheckpointRecord(10, Path("checkpoint-10"), whole=True, bytes=7, best=False)


@pytest.fixture
def row(home: Home) -> RunRow:
    run = FakeRun(home, "imdb-bert").begin().plan()
    return RunRow(run.info, Status("running", "running, training", phase="training"), has_recipe=True)


def in_state(row: RunRow, state: str, phase: str | None = None) -> RunRow:
    return replace(row, status=Status(state, state, phase=phase))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ("queued", "Run is queued: it does not train yet."),
        ("starting", "Run is starting: it does not train yet."),
        ("stopping", "Run is stopping."),
        ("finished", "Run already finished."),
        ("unreadable", "Run cannot be read."),
    ],
)
def test_what_cannot_be_steered_says_why(row: RunRow, state: str, why: str) -> None:
    there = in_state(row, state)
    found = [
        hold_offer(there),
        release_offer(there),
        change_offer(there),
        save_offer(there),
        measure_offer(there, None),
    ]
    assert found == [Offer(False, why)] * 5


def test_what_trains_can_be_steered(row: RunRow) -> None:
    for state in ("running", "paused", "stalled"):
        there = in_state(row, state, "training")
        assert hold_offer(there).on
        assert change_offer(there).on
        assert save_offer(there).on
        assert measure_offer(there, None).on
    assert hold_offer(None).why == "No run under the cursor."


def test_one_thing_at_a_time(row: RunRow) -> None:
    assert save_offer(in_state(row, "running", "saving")).why == "A checkpoint is being written."
    doing = Doing("evaluating validation", 38, 100, 0.0)
    assert measure_offer(in_state(row, "running", "evaluating"), doing).why == "Evaluating, 38 %."
    assert release_offer(in_state(row, "paused")).why == "Run is paused already; p lets it go on."


def test_a_script_of_ones_own_takes_less(row: RunRow) -> None:
    script = replace(row, has_recipe=False)
    assert hold_offer(script).on
    assert save_offer(script).on
    assert change_offer(script).why == "A script of its own runs it: that takes pause, save, evaluate and stop."
    assert not branch_offer(script, [WHOLE]).on


def test_branches_and_what_is_removed(row: RunRow) -> None:
    assert branch_offer(row, [WHOLE]).on
    assert branch_offer(row, [replace(WHOLE, whole=False)]).why == "No checkpoint yet; w writes one."
    ended = in_state(row, "stopped")
    assert branch_offer(ended, []).why == "No checkpoint is whole."
    assert drop_offer(ended, WHOLE).on
    assert "Stop it first" in drop_offer(row, WHOLE).why
    assert drop_offer(row, None).why == "There is no checkpoint."
    assert act_offer(row, "rollback").on
    assert act_offer(ended, "rollback").why == "Run already stopped."
