"""Evaluations that lie in run directories."""

from __future__ import annotations

import json

import pytest

from tests.fakes import FakeRun
from tests.measured import Row, store
from tui_finetune.errors import UserError
from tui_finetune.evaluation.stored import all_evaluations, baselines_beside, best_for, evaluations_of, read_stored
from tui_finetune.paths import Home
from tui_finetune.runs.layout import REPORT

ROWS: list[Row] = [("a", "x", "x", 0.9), ("b", "y", "x", 0.6)]


@pytest.fixture
def run(home: Home) -> FakeRun:
    made = FakeRun(home, "trained")
    for split in ("validation", "test", "extra"):
        store(made.paths, ROWS, split=split)
    return made


def test_test_comes_first_and_what_was_not_finished_is_not_there(run: FakeRun) -> None:
    (run.paths.evaluations / "half").mkdir()
    assert [one.split for one in evaluations_of(run.info)] == ["test", "validation", "extra"]
    assert evaluations_of(run.info)[0].key == f"{run.id}/test"


def test_a_job_is_about_its_run(home: Home, run: FakeRun) -> None:
    job = FakeRun(home, "eval", kind="evaluate", of={"run": run.id})
    store(job.paths, ROWS)
    other = FakeRun(home, "untested")
    late = FakeRun(home, "eval of it", kind="evaluate", of={"run": other.id})
    store(late.paths, ROWS)
    found = all_evaluations([job.info, late.info, run.info, other.info])
    mine, theirs = best_for(found, run.id), best_for(found, other.id)
    assert mine is not None
    assert (mine.info.id, mine.split) == (run.id, "test"), "its own comes first"
    assert theirs is not None
    assert (theirs.info.id, theirs.about) == (late.id, other.id)
    assert best_for(found, "nobody") is None
    only = best_for(found, run.id, "validation")
    assert only is not None
    assert only.split == "validation"


def test_a_job_has_the_baselines_of_its_run_where_the_rows_are_as_many(home: Home, run: FakeRun) -> None:
    job = FakeRun(home, "eval", kind="evaluate", of={"run": run.id})
    store(job.paths, ROWS)
    path = job.paths.evaluation("test") / REPORT
    report = {**json.loads(path.read_text()), "baselines": {}}
    found = all_evaluations([job.info, run.info])
    assert list(baselines_beside(found[0], report, found)) == ["majority"]
    assert baselines_beside(found[0], {**report, "rows": 3}, found) == {}
    assert list(baselines_beside(found[1], read_stored(found[1]), found)) == ["majority"]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"metrics": 3}', '{"metrics": {}, "v": 99}'])
def test_a_report_that_cannot_be_read_says_so(run: FakeRun, text: str) -> None:
    stored = evaluations_of(run.info)[0]
    (stored.folder / REPORT).write_text(text)
    with pytest.raises(UserError, match=r"report\.json"):
        read_stored(stored)
