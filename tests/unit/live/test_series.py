"""A history from events: what charts, tables and lines are drawn from."""

from __future__ import annotations

import math
import random

import pytest

from tests.fakes import FakeRun, finished_run
from tui_finetune.live.points import Series
from tui_finetune.live.series import History
from tui_finetune.paths import Home
from tui_finetune.runs.events import EventWriter
from tui_finetune.runs.layout import RunPaths
from tui_finetune.runs.tail import Event, EventTail, read_events


def history(run: FakeRun) -> History:
    return History(read_events(run.paths))


def test_a_finished_run_is_told_whole(home: Home) -> None:
    told = history(finished_run(home))
    assert list(told.get("loss").steps) == list(range(10, 101, 10))
    assert told.get("loss").values[0] == 0.1
    assert told.get("learning_rate").last == 2e-5
    assert list(told.get("validation/accuracy").steps) == [50, 100]
    assert [(one.split, one.step, one.final) for one in told.evaluations] == [
        ("validation", 50, False),
        ("validation", 100, False),
        ("validation", 100, True),
        ("test", 100, True),
    ]
    assert sorted(told.checkpoints) == [50, 100]
    assert told.baselines == {"majority": {"accuracy": 0.5}, "tfidf": {"accuracy": 0.82}}
    assert told.baseline_split == "test"
    assert told.steps == 100
    assert told.preflight["longest_tokens"] == 48
    assert told.end is not None
    assert (told.unknown, told.broken) == (0, 0)


def test_an_evaluation_that_an_attempt_does_again_takes_the_earlier_ones_place(home: Home) -> None:
    run = FakeRun(home).begin().plan().step(6).checkpoint(6).evaluate(6, accuracy=0.5).step(8)
    run.die().begin(from_step=6).evaluate(6, accuracy=0.5).evaluate(12, accuracy=0.6)
    assert [one.step for one in history(run).evaluations] == [6, 12]


def test_a_history_grows_as_events_come(home: Home) -> None:
    run = FakeRun(home).begin().plan()
    tail, told = EventTail(run.paths), History()
    told.feed(tail.poll())
    assert len(told.get("loss")) == 0
    run.step(10, loss=0.5)
    told.feed(tail.poll())
    assert (list(told.get("loss").steps), told.step) == ([10], 10)


def test_earlier_points_beyond_a_resume_are_put_aside(home: Home) -> None:
    run = FakeRun(home).begin().plan()
    for step in (10, 20, 30):
        run.step(step, loss=step / 100)
    run.evaluate(20).evaluate(30).checkpoint(20).checkpoint(30).end("aborted")
    run.begin(from_step=20).plan().step(30, loss=9.0)
    told = history(run)
    assert list(zip(told.get("loss").steps, told.get("loss").values, strict=True)) == [(10, 0.1), (20, 0.2), (30, 9.0)]
    assert list(told.dropped["loss"].steps) == [30]
    assert list(told.dropped["loss"].values) == [0.3]
    assert [one.step for one in told.evaluations] == [20]
    assert sorted(told.checkpoints) == [20]
    assert [one.number for one in told.attempts] == [1, 2]
    assert told.end is None, "the run goes on"


def test_a_resume_from_the_start_drops_everything(home: Home) -> None:
    run = FakeRun(home).begin().plan().step(10).evaluate(10).end("failed")
    run.begin(from_step=0)
    told = history(run)
    assert len(told.get("loss")) == 0
    assert told.evaluations == []
    assert told.step == 0


def test_values_of_each_step_find_their_steps(home: Home) -> None:
    run = FakeRun(home).begin().plan()
    run.step(4, losses=[1.0, 2.0, 3.0, 4.0], grad_norms=[0.1, 0.2, 0.3, 0.4])
    run.step(6, losses=[5.0, 6.0])
    told = history(run)
    assert list(told.get("loss_each_step").steps) == [1, 2, 3, 4, 5, 6]
    assert list(told.get("loss_each_step").values) == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    assert list(told.get("grad_norm_each_step").steps) == [1, 2, 3, 4]


def test_values_that_were_split_over_events_come_together_again(home: Home) -> None:
    run = FakeRun(home).begin().plan()
    run.step(3_000, losses=[float(n) for n in range(1, 2_001)])
    each = history(run).get("loss_each_step")
    assert list(each.steps) == list(range(1_001, 3_001))
    assert list(each.values) == [float(n) for n in range(1, 2_001)]


def test_values_that_are_not_finite_stay_as_gaps(home: Home) -> None:
    run = FakeRun(home).begin().plan().step(1, loss=math.nan).step(2, loss=math.inf, losses=[math.nan, 0.5])
    told = history(run)
    assert math.isnan(told.get("loss").values[0])
    assert math.isinf(told.get("loss").values[1])
    assert told.get("loss_each_step").values[1] == 0.5


def test_warnings_notes_and_requests_are_kept(home: Home) -> None:
    run = FakeRun(home).begin().plan().step(5)
    run.events.write("warning", message="loss is rising")
    run.events.write("note", message="no baselines")
    run.events.write("checkpoint_skipped", path="checkpoints/checkpoint-4", why="model.safetensors is short")
    run.accept("stop").events.write("applied", id="r1", action="stop", step=5)
    told = history(run)
    assert [event.name for event in told.warnings] == ["warning", "checkpoint_skipped"]
    assert [event.get("message") for event in told.notes] == ["no baselines"]
    assert [event.name for event in told.requests] == ["request", "applied"]
    assert {(mark.name, mark.step) for mark in told.marks} >= {("warning", 5), ("request", 5), ("attempt", 0)}


def test_a_removed_checkpoint_is_no_longer_told(home: Home) -> None:
    run = FakeRun(home).begin().plan().checkpoint(10).checkpoint(20)
    run.events.write("checkpoint_removed", step=10, path="checkpoints/checkpoint-10")
    assert sorted(history(run).checkpoints) == [20]


def test_what_is_unknown_or_broken_is_counted_and_breaks_nothing(home: Home) -> None:
    run = FakeRun(home).begin()
    run.events.write("gpu_fan", rpm=1_200)
    run.write_raw(b"rubbish\n\xff\xfe\n")
    told = history(run)
    assert (told.unknown, told.broken) == (1, 2)


def test_events_with_the_wrong_kinds_of_values_break_nothing() -> None:
    rng = random.Random(3)
    values = [None, "text", -1, 1.5, True, [], ["x", None], {}, {"a": "b"}, "nan", 10**400]
    names = sorted(History().known_events)
    keys = ["step", "n", "from_step", "total", "offset", "losses", "metrics", "rows", "done", "phase", "action"]
    keys += ["steps", "bytes", "path", "split", "seconds"]
    events = [
        Event(name=rng.choice(names), t=1.0, seq=n, attempt=1, fields={key: rng.choice(values) for key in keys})
        for n in range(3_000)
    ]
    told = History(events)
    assert told.broken == 0
    for series in told.series.values():
        assert list(series.steps) == sorted(set(series.steps))


@pytest.mark.parametrize("seed", range(5))
def test_a_series_stays_in_order_whatever_comes(seed: int) -> None:
    rng = random.Random(seed)
    series, last = Series(), {}
    for _ in range(200):
        step = rng.randrange(50)
        value = rng.random()
        series.add(step, value)
        last[step] = value
    assert dict(zip(series.steps, series.values, strict=True)) == last
    assert list(series.steps) == sorted(last)
    gone = series.cut(20)
    assert max(series.steps) <= 20 < min(gone.steps)


def test_a_run_without_events_has_an_empty_history(home: Home) -> None:
    told = history(FakeRun(home))
    assert (told.step, told.steps, told.phase, told.last("test")) == (0, None, None, None)


def test_reading_the_writers_own_lines(tmp_path_factory: pytest.TempPathFactory) -> None:
    paths = RunPaths(tmp_path_factory.mktemp("run"))
    writer = EventWriter(paths, 1)
    writer.write("progress", what="encoding train", done=1_000, total=4_000)
    told = History(read_events(paths))
    assert told.doing is not None
    assert (told.doing.what, told.doing.done, told.doing.total) == ("encoding train", 1_000, 4_000)
