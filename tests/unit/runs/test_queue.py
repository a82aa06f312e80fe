"""The queue: who gets which device, in which order; what dead holders and other machines mean."""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import gone_process
from tui_finetune.runs import atomic, queue
from tui_finetune.runs.process import this_process
from tui_finetune.runs.queue import Entry

GONE = gone_process()
LIVES = this_process().as_json()
ELSEWHERE = {**LIVES, "host": "gpu1", "boot_id": "another", "pid_namespace": "other"}


def entry(run: str, *devices: str, process: dict[str, Any] | None = None, after: str | None = None) -> Entry:
    return Entry(run, devices or ("cuda:0",), process or LIVES, 1.0, after)


def waiting(folder: Path) -> list[str]:
    return [one.run for one in queue.read_line(folder).waiting]


def test_first_come_first_served(tmp_path: Path) -> None:
    for run in ("a", "b", "c"):
        queue.join(tmp_path, entry(run))
    assert queue.take(tmp_path, "b") is None
    assert queue.take(tmp_path, "a") == "cuda:0"
    assert waiting(tmp_path) == ["b", "c"]
    line = queue.read_line(tmp_path)
    assert (line.place("b"), line.place("c"), line.place("a")) == (1, 2, None)
    assert line.behind("c") == ("a", "b")
    assert queue.take(tmp_path, "b") is None


def test_a_dead_holder_frees_its_device(tmp_path: Path) -> None:
    queue.hold(tmp_path, entry("dead", process=GONE))
    queue.join(tmp_path, entry("next"))
    assert queue.take(tmp_path, "next") == "cuda:0"
    assert [one.run for one in queue.read_line(tmp_path).working] == ["next"]


def test_one_that_died_waiting_is_passed(tmp_path: Path) -> None:
    queue.join(tmp_path, entry("dead", process=GONE))
    queue.join(tmp_path, entry("next"))
    assert queue.read_line(tmp_path).behind("next") == ()
    assert queue.take(tmp_path, "next") == "cuda:0"


def test_a_run_that_did_not_wait_has_its_device_too(tmp_path: Path) -> None:
    queue.hold(tmp_path, entry("hasty"))
    queue.hold(tmp_path, entry("hastier"))
    queue.join(tmp_path, entry("patient"))
    assert queue.take(tmp_path, "patient") is None
    assert queue.read_line(tmp_path).behind("patient") == ("hasty", "hastier")


def test_each_device_has_its_own_line(tmp_path: Path) -> None:
    queue.hold(tmp_path, entry("first", "cuda:0"))
    queue.join(tmp_path, entry("same", "cuda:0"))
    queue.join(tmp_path, entry("any", "cuda:0", "cuda:1"))
    queue.join(tmp_path, entry("other", "cuda:1"))
    assert queue.take(tmp_path, "other") is None, "the one before it can have it"
    assert queue.take(tmp_path, "any") == "cuda:1"
    assert queue.take(tmp_path, "same") is None


def test_one_that_waits_for_a_run_holds_nobody_up(tmp_path: Path) -> None:
    queue.join(tmp_path, entry("later", after="something"))
    queue.join(tmp_path, entry("now"))
    assert queue.read_line(tmp_path).behind("now") == ()
    queue.arrived(tmp_path, "later")
    assert queue.take(tmp_path, "now") is None
    assert queue.take(tmp_path, "later") == "cuda:0"


def test_another_machines_entries_stay_and_mean_nothing_here(tmp_path: Path) -> None:
    queue.hold(tmp_path, entry("away", process=ELSEWHERE))
    queue.join(tmp_path, entry("here"))
    assert queue.take(tmp_path, "here") == "cuda:0"
    assert [one.run for one in queue.read_line(tmp_path).working] == ["away", "here"]


@pytest.mark.parametrize(
    ("where", "order"),
    [({}, "cab"), ({"before": "b"}, "acb"), ({"last": True}, "abc"), ({"before": "a"}, "cab")],
    ids=["first", "before b", "last", "before a"],
)
def test_reordered(where: dict[str, Any], order: str, tmp_path: Path) -> None:
    for run in "abc":
        queue.join(tmp_path, entry(run))
    queue.move(tmp_path, "c", **where)
    assert waiting(tmp_path) == list(order)


def test_what_does_not_wait_is_not_moved(tmp_path: Path) -> None:
    queue.join(tmp_path, entry("a"))
    for given in ({"run": "x"}, {"run": "a", "before": "x"}):
        with pytest.raises(KeyError):
            queue.move(tmp_path, **given)  # type: ignore[arg-type]


def test_a_later_attempt_is_first(tmp_path: Path) -> None:
    queue.join(tmp_path, entry("a"))
    queue.join(tmp_path, entry("b"), first=True)
    queue.join(tmp_path, entry("a"))
    assert waiting(tmp_path) == ["b", "a"]


def test_a_broken_file_is_an_empty_queue_to_whoever_changes_it(tmp_path: Path) -> None:
    (tmp_path / queue.FILE).write_text("{")
    with pytest.raises(atomic.Unreadable):
        queue.read_line(tmp_path)
    queue.join(tmp_path, entry("a"))
    assert waiting(tmp_path) == ["a"]
    atomic.write_json(tmp_path / queue.FILE, {"v": 1, "waiting": [{"run": "x"}, 7], "working": None, "new": 1})
    assert queue.read_line(tmp_path) == queue.Line()


def test_many_take_at_once_and_one_gets_it(tmp_path: Path) -> None:
    for number in range(8):
        queue.join(tmp_path, entry(f"r{number}", f"cuda:{number % 2}"))
    got: list[str | None] = []

    def take(run: str) -> None:
        got.append(queue.take(tmp_path, run))

    threads = [threading.Thread(target=take, args=(f"r{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one for one in got if one) == ["cuda:0", "cuda:1"]
    assert len(waiting(tmp_path)) == 6


def test_a_container_that_is_gone_frees_its_device(tmp_path: Path) -> None:
    """Nobody can look for its process; its heartbeat tells."""
    folder, run = tmp_path / "queue", tmp_path / "runs" / "inside"
    run.mkdir(parents=True)
    (run / "heartbeat").touch()
    queue.hold(folder, entry("inside", process={**LIVES, "pid_namespace": "its own"}))
    queue.join(folder, entry("next"))
    assert queue.take(folder, "next") is None
    os.utime(run / "heartbeat", (1, 1))
    assert queue.take(folder, "next") == "cuda:0"


def test_a_lock_that_does_not_come_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "LOCK_SECONDS", 0.02)
    queue.join(tmp_path, entry("a"))
    with (tmp_path / queue.LOCK).open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(OSError, match=r"locked by another process for 0\.02 s"):
            queue.join(tmp_path, entry("b"))
    queue.join(tmp_path, entry("b"))


def test_a_keeper_holds_the_device_for_the_next_attempt(tmp_path: Path) -> None:
    kept = Entry("kept", ("cuda:0",), GONE, 1.0, keeper=LIVES)
    queue.hold(tmp_path, kept)
    queue.join(tmp_path, entry("other"))
    assert queue.take(tmp_path, "other") is None
    queue.join(tmp_path, entry("kept"), first=True)
    assert queue.take(tmp_path, "kept") == "cuda:0", "its own"
    assert queue.read_line(tmp_path).working[0].keeper is None
    queue.hold(tmp_path, Entry("kept", ("cuda:0",), GONE, 1.0, keeper=GONE))
    assert queue.take(tmp_path, "other") == "cuda:0"
