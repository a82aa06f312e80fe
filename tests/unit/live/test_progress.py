"""Progress and time left, from what a run has measured of itself; and the lines that say so."""

from __future__ import annotations

import time
from datetime import date, datetime

import pytest

from tests.fakes import FakeRun, finished_run
from tui_finetune.live.lines import Days, event_line, progress_text
from tui_finetune.live.progress import Progress, progress
from tui_finetune.live.series import History
from tui_finetune.paths import Home
from tui_finetune.runs.tail import Event, read_events


def look(run: FakeRun) -> tuple[History, Progress, str]:
    told, status = History(read_events(run.paths)), run.info.status()
    now = progress(told, status, time.time())
    return told, now, progress_text(told, status, now)


def test_time_left_is_steps_left_at_the_median_speed(home: Home) -> None:
    run = FakeRun(home).begin().plan(steps=100, steps_per_epoch=None, rows={})
    for step in range(1, 41):
        run.step(step, steps_per_second=0.01 if step == 30 else 2.0)
    _, now, _ = look(run)
    assert (now.step, now.steps, now.share, now.steps_per_second) == (40, 100, 0.4, 2.0)
    assert now.left == pytest.approx(30.0)
    assert now.about is False


def test_evaluations_and_saving_that_are_due_count_too(home: Home) -> None:
    run = FakeRun(home).begin().plan(steps=100, steps_per_epoch=25, rows={})
    for step in range(5, 55, 5):
        run.step(step, steps_per_second=2.0)
        if step % 25 == 0:
            run.evaluate(step).checkpoint(step)
    run.phase("training")
    _, now, _ = look(run)
    # 50 steps at 2 a second, two evaluations of 1.5 s, two checkpoints of 0.4 s.
    assert now.left == pytest.approx(25 + 2 * 1.5 + 2 * 0.4)


def test_the_final_evaluation_counts_by_its_rows(home: Home) -> None:
    run = FakeRun(home).begin().plan(steps=100, steps_per_epoch=50, rows={"train": 9, "validation": 100, "test": 300})
    run.step(50, steps_per_second=2.0).evaluate(50)
    _, now, _ = look(run)
    assert now.left == pytest.approx(25 + 1.5 + 4 * 1.5)


def test_before_anything_is_measured_no_time_is_guessed(home: Home) -> None:
    run = FakeRun(home).begin().plan()
    _, now, text = look(run)
    assert now.left is None
    assert text == "training  step 0 of 100  0 %"


def test_the_first_steps_are_said_with_about(home: Home) -> None:
    run = FakeRun(home).begin().plan().step(5)
    _, now, text = look(run)
    assert now.about is True
    assert "about 48 s left" in text
    run.end("stopped", step=5)
    run.begin(from_step=5).plan().step(10)
    assert look(run)[1].about is True, "a resumed run measures anew"


@pytest.mark.parametrize("state", ["paused", "stalled", "unreachable"])
def test_while_nothing_moves_no_time_is_told(home: Home, state: str) -> None:
    run = FakeRun(home).begin().plan().step(30)
    if state == "paused":
        run.phase("paused")
    elif state == "stalled":
        run.beat(age=120)
    else:
        run.beat(age=120).move_elsewhere()
    _, now, text = look(run)
    assert now.left is None
    assert text.startswith(state)


def test_a_step_in_the_heartbeat_is_newer_than_the_last_log(home: Home) -> None:
    run = FakeRun(home).begin().plan().step(30).beat(step=37)
    assert look(run)[1].step == 37


def test_more_steps_than_planned_are_not_more_than_all(home: Home) -> None:
    run = FakeRun(home).begin().plan(steps=20).step(25)
    _, now, _ = look(run)
    assert (now.step, now.share) == (20, 1.0)


def test_during_the_last_evaluations_some_time_is_left(home: Home) -> None:
    run = FakeRun(home).begin().plan().step(50).evaluate(50).step(100).phase("evaluating", "final")
    run.events.write("progress", what="evaluating test", done=30, total=100)
    _, now, text = look(run)
    assert now.left is not None
    assert 0 < now.left <= 3.1
    assert "evaluating test: 30 of 100" in text


def test_progress_in_one_line(home: Home) -> None:
    run = FakeRun(home).begin().plan(steps=4_221, steps_per_epoch=1_407).step(2_480, loss=0.182, steps_per_second=2.14)
    assert look(run)[2] == "training  step 2,480 of 4,221  59 %  loss 0.182  2.14 steps/s  14 m left"


def test_loading_says_what_is_loaded(home: Home) -> None:
    run = FakeRun(home).begin().phase("loading", "model")
    assert look(run)[2] == "loading  model"


def test_every_event_of_a_run_has_a_line_or_is_left_out_on_purpose(home: Home) -> None:
    run = finished_run(home)
    run.events.write("warning", message="loss is rising")
    run.events.write(
        "checkpoint_skipped", path="checkpoints/not-whole-checkpoint-4", why="checkpoint-4 is not whole (short)"
    )
    run.events.write("request", id="a", action="set", answer="refused", why="not available in this version")
    run.events.write("device", cpu_percent=99.0)
    run.events.write("gpu_fan", rpm=1_200)
    run.write_raw(b"rubbish\n")
    told, lines = History(), []
    for event in read_events(run.paths):
        told.feed([event])
        if (line := event_line(event, told)) is not None:
            lines.append(line.partition("  ")[2])
    text = "\n".join(lines)
    for words in (
        "attempt 1 begins",
        "plan: rows train 800, validation 100, test 100; 100 steps in 2 epochs; 22.7 M parameters, 11 M trained; cpu, ",
        "pre-flight passed in 2.1 s, peak memory 512 MB, longest input 48 tokens",
        "step 10 of 100  10 %  loss 0.100  norm 1.5  rate 2e-5  2 steps/s",
        "validation at step 50: accuracy 0.850, loss 0.400",
        "checkpoint at step 50, 7 B",
        "baseline majority on test: accuracy 0.500",
        "finished",
        "! loss is rising",
        "! checkpoint-4 is not whole (short): passed over, kept as checkpoints/not-whole-checkpoint-4",
        "set refused: not available in this version",
        "gpu_fan  rpm 1200",
        "(a line that is no event: rubbish)",
    ):
        assert words in text
    assert "cpu_percent" not in text


def test_a_plan_tells_what_the_steps_left() -> None:
    counts = [
        {"step": "lowercase", "before": {"train": 42}, "after": {"train": 42}},
        {"step": "drop-repeated", "before": {"train": 42, "test": 10}, "after": {"train": 40, "test": 9}},
        {"step": "balance", "before": {"train": 36}, "after": {"train": 30}},
    ]
    line = event_line(Event("plan", fields={"steps": 3, "preprocess": counts}), History())
    assert line is not None
    assert line.partition("  ")[2] == "plan: 3 steps; drop-repeated 52 → 49 rows; balance 36 → 30 rows"


def test_a_run_that_stops_has_no_time_left(home: Home) -> None:
    run = FakeRun(home).begin().plan().step(50).accept("stop")
    assert " left" not in look(run)[2]


def test_an_evaluation_tells_the_main_metric_first_and_the_final_one_as_such(home: Home) -> None:
    run = FakeRun(home).begin().plan(metrics={"accuracy": True, "f1": True, "loss": False})
    run.evaluate(50, loss=0.4, f1=0.7, accuracy=0.8).evaluate(100, "test", final=True, loss=0.3, f1=0.8, accuracy=0.9)
    told = History()
    lines = []
    for event in read_events(run.paths):
        told.feed([event])
        if event.name == "evaluation":
            lines.append((event_line(event, told) or "").partition("  ")[2])
    assert lines == [
        "validation at step 50: accuracy 0.800, f1 0.700, loss 0.400",
        "final test at step 100: accuracy 0.900, f1 0.800, loss 0.300",
    ]


def test_another_day_is_told_once(home: Home) -> None:
    run = FakeRun(home).begin().plan()
    event = read_events(run.paths)[0]
    days = Days(date(2026, 1, 1))
    at = [datetime(2026, 1, day, 12).timestamp() for day in (1, 1, 2, 2, 4)]
    told = [days.before(event._replace(t=t)) for t in at]
    assert told == [None, None, "2026-01-02", None, "2026-01-04"]
    assert days.before(event._replace(t=1e300)) is None
