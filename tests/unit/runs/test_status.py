"""States: derived from the files alone, in modest words."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.fakes import FakeRun, finished_run
from tests.waiting import wait_until
from tui_finetune.paths import Home
from tui_finetune.runs import atomic, heartbeat, liveness, process
from tui_finetune.runs.heartbeat import Heartbeat
from tui_finetune.runs.status import ENDED, LIVE, RESULT_STATES

Make = Callable[[FakeRun], object]


def working(run: FakeRun) -> FakeRun:
    return run.begin().plan().step(30)


STATES: list[tuple[str, Make]] = [
    ("starting", lambda run: None),
    ("starting", lambda run: run.begin()),
    ("starting", lambda run: run.begin().phase("loading", "libraries")),
    ("starting", lambda run: run.begin().phase("pre-flight")),
    ("queued", lambda run: run.begin().phase("queued")),
    ("running", lambda run: run.begin().plan()),
    ("running", lambda run: working(run).phase("evaluating")),
    ("running", lambda run: run.begin().phase("loading").phase("evaluating", "final")),
    ("paused", lambda run: working(run).events.write("applied", id="r", action="pause", step=30)),
    ("paused", lambda run: working(run).phase("paused")),
    ("stopping", lambda run: working(run).accept("stop")),
    ("stopping", lambda run: working(run).accept("abort", "now")),
    ("stalled", lambda run: working(run).beat(age=91)),
    ("stalled", lambda run: working(run).beat(idle=601)),
    ("running", lambda run: working(run).phase("evaluating").beat(idle=601)),
    ("running", lambda run: working(run).beat(age=60)),
    ("running", lambda run: working(run).beat(age=30).move_elsewhere()),
    ("unreachable", lambda run: working(run).beat(age=91).move_elsewhere()),
    ("finished", lambda run: working(run).end("finished")),
    ("stopped", lambda run: working(run).end("stopped")),
    ("aborted", lambda run: working(run).end("aborted")),
    ("preempted", lambda run: working(run).end("preempted")),
    ("failed", lambda run: working(run).end("failed", reason="loss is nan")),
    ("died", lambda run: working(run).die()),
]


@pytest.mark.parametrize(("state", "make"), STATES, ids=[f"{n}-{state}" for n, (state, _) in enumerate(STATES)])
def test_state(home: Home, state: str, make: Make) -> None:
    run = FakeRun(home)
    make(run)
    status = run.info.status()
    assert status.state == state
    assert status.words.startswith(state)
    assert status.live is (state in LIVE)


def test_every_state_of_the_closed_list_is_tested() -> None:
    assert {state for state, _ in STATES} == LIVE | ENDED
    assert ENDED - {"died"} == RESULT_STATES


def test_a_run_that_waits_for_room_says_so(home: Home) -> None:
    why = "no room for a checkpoint for 10 m; goes on when there is"
    run = working(FakeRun(home)).phase("paused", why)
    status = run.info.status()
    assert (status.state, status.words, status.reason) == ("paused", f"paused: {why}", why)
    run.phase("training")
    assert run.info.status().state == "running"
    run.close()


def test_continue_ends_a_pause(home: Home) -> None:
    run = working(FakeRun(home))
    for action in ("pause", "continue"):
        run.events.write("applied", id=action, action=action, step=30)
    assert run.info.status().state == "running"


def test_a_refused_stop_changes_nothing(home: Home) -> None:
    run = working(FakeRun(home))
    run.events.write("request", id="r", action="stop", answer="refused", why="meant for attempt 7")
    assert run.info.status().state == "running"


def test_a_finished_run_tells_everything_from_its_result(home: Home) -> None:
    run = finished_run(home)
    run.paths.events.unlink()
    status = run.info.status()
    assert status.metrics == {"accuracy": 0.9, "loss": 0.3, "test_accuracy": 0.88, "test_loss": 0.35}
    assert next(iter(status.metrics)) == "accuracy"
    assert status.baselines == {"majority": 0.5, "tfidf": 0.82}
    assert (status.step, status.steps, status.seconds, status.exit_code) == (100, 100, 51.5, 0)


def test_a_live_run_shows_its_newest_evaluation_and_step(home: Home) -> None:
    run = working(FakeRun(home)).evaluate(20, accuracy=0.7, loss=0.5).evaluate(30, accuracy=0.8, loss=0.4)
    status = run.beat(step=37).info.status()
    assert status.metrics == {"accuracy": 0.8, "loss": 0.4}
    assert (status.step, status.steps, status.phase, status.attempt) == (37, 100, "training", 1)


def test_metrics_that_are_not_finite_are_numbers_again(home: Home) -> None:
    run = working(FakeRun(home)).end("failed", metrics={"loss": float("nan"), "odd": "text"})
    metrics = run.info.status().metrics
    assert list(metrics) == ["loss"]
    assert metrics["loss"] != metrics["loss"]


def test_a_stalled_run_says_what_is_known(home: Home) -> None:
    silent = working(FakeRun(home)).beat(age=95).info.status()
    assert silent.words == f"stalled: no heartbeat for 95 s, process {process.this_process().pid} alive"
    still = working(FakeRun(home)).beat(idle=700).info.status()
    assert still.words.startswith("stalled: no progress for 12 m, process")


def test_a_clock_that_jumps_stalls_nothing_on_this_machine(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    run = working(FakeRun(home))
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 7_200)
    assert run.info.status().state == "running"
    monkeypatch.setattr(time, "time", lambda: now - 7_200)
    assert run.info.status().state == "running"


class Reader:
    """A reader's own clock, turned by the test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.start = self.now = heartbeat.uptime()
        self.wall = time.time()
        monkeypatch.setattr(liveness, "uptime", lambda: self.now)
        monkeypatch.setattr(time, "time", lambda: self.wall + self.now - self.start)


def test_elsewhere_only_a_changing_heartbeat_counts(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other machine's clock is an hour slow: a first look is wrong, a second one is not."""
    run = working(FakeRun(home)).beat(age=3_600).move_elsewhere()
    reader = Reader(monkeypatch)
    assert run.info.status().state == "unreachable"
    reader.now += 5
    run.beat(age=3_595)
    assert run.info.status().state == "running"
    reader.now += 89
    assert run.info.status().state == "running"
    reader.now += 2
    status = run.info.status()
    assert status.state == "unreachable"
    assert status.words == "unreachable: no heartbeat for 91 s; on gpu1, cannot tell more"
    run.beat(age=3_400)
    assert run.info.status().state == "running"


def test_elsewhere_a_fast_clock_does_not_hide_silence(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    run = working(FakeRun(home)).beat(age=-3_600).move_elsewhere()
    reader = Reader(monkeypatch)
    assert run.info.status().state == "running"
    reader.now += 91
    assert run.info.status().state == "unreachable"


def test_another_process_with_the_same_pid_is_not_the_worker(home: Home) -> None:
    run = working(FakeRun(home))
    content = atomic.read_json(run.paths.process_json)
    atomic.write_json(run.paths.process_json, {**content, "start_ticks": content["start_ticks"] - 50})
    assert run.info.status().state == "died"


def test_after_a_restart_of_the_machine_the_run_died(home: Home) -> None:
    run = working(FakeRun(home)).beat(age=400)
    content = atomic.read_json(run.paths.process_json)
    atomic.write_json(run.paths.process_json, {**content, "boot_id": "an earlier one"})
    status = run.info.status()
    assert status.state == "died"
    assert "started again" in str(status.reason)


def test_a_beating_machine_of_the_same_name_is_not_a_restarted_one(home: Home) -> None:
    run = working(FakeRun(home)).beat(age=2)
    content = atomic.read_json(run.paths.process_json)
    atomic.write_json(run.paths.process_json, {**content, "boot_id": "its own"})
    assert run.info.status().state == "running"


def test_native_code_that_crashed_is_named_where_this_attempt_said_so(home: Home) -> None:
    words = b"Fatal Python error: Segmentation fault\n\nCurrent thread 0x1 (most recent call first):\n"
    run = working(FakeRun(home).prints(words)).prints(b"all is well\n").die()
    content = atomic.read_json(run.paths.process_json)
    atomic.write_json(run.paths.process_json, {**content, "log_bytes": len(words)})
    assert run.info.status().words == "died: process gone without a result at step 30", "that was an earlier attempt"
    run.prints(words.replace(b"Segmentation fault", b"Bus error"))
    assert run.info.status().words.endswith("at step 30; its last words: Bus error")


def test_a_run_that_died_shows_its_last_words_and_the_way_on(home: Home) -> None:
    run = (
        working(FakeRun(home))
        .checkpoint(20)
        .prints(b"line\n\xff\xfe\nFatal Python error: Segmentation fault\n\n")
        .die()
    )
    status = run.info.status()
    assert status.words == "died: process gone without a result at step 30"
    assert status.log_tail[-1] == "Fatal Python error: Segmentation fault"
    assert status.advice == f"tui-finetune resume {run.short} goes on from the newest whole checkpoint."


def test_a_kill_for_memory_is_hinted_at_modestly(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    run = working(FakeRun(home)).die()
    monkeypatch.setattr(process, "oom_kills", lambda: 10_000)
    assert "perhaps this one" in str(run.info.status().reason)
    pid = atomic.read_json(run.paths.process_json)["pid"]
    monkeypatch.setattr(process, "_kernel_kills", lambda _: frozenset({pid}))
    assert "the kernel's log says" in str(run.info.status().reason)
    monkeypatch.setattr(process, "oom_kills", lambda: None)
    monkeypatch.setattr(process, "_kernel_kills", lambda _: frozenset())
    assert "memory" not in str(run.info.status().reason)


def test_a_start_that_was_cut_off_is_told(home: Home) -> None:
    run = FakeRun(home)
    content = atomic.read_json(run.paths.run_json)
    atomic.write_json(run.paths.run_json, {**content, "created": content["created"] - 1_000})
    status = run.info.status()
    assert status.state == "died"
    assert "never began" in status.words


def test_the_result_of_an_earlier_attempt_does_not_count(home: Home) -> None:
    """A claim that was cut off between its folder and putting the earlier result away."""
    run = working(FakeRun(home)).end("stopped")
    result = run.paths.result_json.read_bytes()
    run.begin(from_step=30).plan()
    run.paths.result_json.write_bytes(result)
    assert run.info.status().state == "running"
    assert run.info.status().attempt == 2


@pytest.mark.parametrize("content", [b"", b"{", b'{"state":"won"}', b'{"state":3}', b"[]"])
def test_a_broken_result_is_no_result(home: Home, content: bytes) -> None:
    run = working(FakeRun(home))
    run.paths.result_json.write_bytes(content)
    assert run.info.status().state == "running"


@pytest.mark.parametrize(
    "beat",
    [{}, {"t": "nan", "attempt": 1}, {"t": None, "attempt": 1, "phase": 3, "step": "x"}, {"attempt": 9, "t": 0}],
)
def test_a_strange_heartbeat_breaks_nothing(home: Home, beat: dict[str, Any]) -> None:
    run = working(FakeRun(home))
    run.paths.heartbeat.write_text(json.dumps(beat))
    assert run.info.status().state in ("running", "stalled")


def test_the_heartbeat_thread_beats_and_tells_of_progress(home: Home) -> None:
    run = FakeRun(home).begin()
    beats = Heartbeat(run.paths, 1, interval=0.02)
    beats.start()
    first = atomic.read_json(run.paths.heartbeat)
    wait_until(lambda: atomic.read_json(run.paths.heartbeat)["t"] > first["t"], "another beat")
    assert atomic.read_json(run.paths.heartbeat)["progress_t"] == pytest.approx(first["progress_t"], abs=0.01)
    beats.beat_progress(phase="training", step=5, steps=90)
    wait_until(lambda: atomic.read_json(run.paths.heartbeat)["step"] == 5, "the step in a beat")
    content = atomic.read_json(run.paths.heartbeat)
    assert (content["phase"], content["step"], content["steps"]) == ("training", 5, 90)
    assert content["progress_t"] > first["progress_t"]
    beats.stop()
    beats.stop()
    assert atomic.read_json(run.paths.heartbeat)["attempt"] == 1


def test_a_heartbeat_that_cannot_be_written_ends_nothing(home: Home) -> None:
    run = FakeRun(home).begin()
    beats = Heartbeat(run.paths, 1, interval=0.01)
    beats.start()
    run.close()
    run.paths.root.rename(home.root / "away")
    beats.beat_progress(step=3)
    beats.stop()
    assert not run.paths.root.exists()


def test_an_end_that_was_said_counts_where_the_result_could_not_be_written(home: Home) -> None:
    run = working(FakeRun(home)).evaluate(30, accuracy=0.9)
    run.events.write("end", state="failed", exit_code=1, reason="No space left on device")
    status = run.die().info.status()
    assert (status.state, status.words) == ("failed", "failed at step 30: No space left on device")
    assert (status.exit_code, status.phase, status.metrics) == (1, None, {"accuracy": 0.9})


@pytest.mark.parametrize(
    ("kind", "recipe", "says"),
    [
        ("train", None, "only that script"),
        ("evaluate", "x = 1", "Start the evaluate again"),
        ("train", "x = 1", "begins again"),
    ],
)
def test_the_way_on_fits_what_died(home: Home, kind: str, recipe: str | None, says: str) -> None:
    run = working(FakeRun(home, kind=kind, recipe=recipe)).die()
    assert says in str(run.info.status().advice)


def test_a_run_that_waits_says_what_for(home: Home) -> None:
    run = FakeRun(home).begin().phase("queued")
    assert (run.info.status().state, run.info.status().words) == ("queued", "queued")
    run.events.write("queued", behind=["x"], place=2, why="behind imdb (k3f9)")
    status = run.info.status()
    assert (status.words, status.reason) == ("queued, place 2, behind imdb (k3f9)", "place 2, behind imdb (k3f9)")
    run.events.write("queued", behind=["x"], place=1, why="after imdb (k3f9)")
    assert run.info.status().words == "queued, after imdb (k3f9)"
