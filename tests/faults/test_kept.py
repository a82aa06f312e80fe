"""Runs with a keeper, and runs in the queue: what goes on by itself, and what is left to a person."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.calling import Cli
from tests.faults.place import Place, past, send_signal, told, worker_pid
from tests.faults.record import Measured, keep, keep_fact
from tests.waiting import wait_until
from tests.worker.training import ended, events, finished, weights
from tui_finetune.launch import handoff
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.keeping import keeping
from tui_finetune.runs.status import Status
from tui_finetune.runs.testing import check_run_directory

pytestmark = pytest.mark.slow

SPAWN = handoff._spawn
"""How a worker is really started."""


def keeper_pid(info: RunInfo) -> int:
    kept = keeping(info.paths)
    assert kept is not None
    pid = kept.keeper["pid"]
    assert isinstance(pid, int)
    return pid


def words(info: RunInfo) -> str:
    kept = keeping(info.paths)
    return "" if kept is None else kept.words()


def over(info: RunInfo) -> None:
    """Waits until the keeper has ended."""
    wait_until(lambda: (kept := keeping(info.paths)) is not None and not kept.alive, "the keeper to end")


def waiting_to_go_on(info: RunInfo, state: str) -> Status:
    """The status of a run that has broken off, once its keeper has said what it does."""

    def waits() -> Status | None:
        status = info.status()
        return status if status.state == state and "It goes on by itself, 0 of 3" in (status.advice or "") else None

    found = wait_until(waits, f"the run to be {state} and its keeper to wait", timeout=120, every=0.005)
    assert found is not None
    return found


def went_on(info: RunInfo) -> None:
    wait_until(lambda: info.status().state == "finished", "the run to go on and finish", timeout=300)


def seconds_to_plan(info: RunInfo, attempt: int) -> float:
    begun = next(event.t for event in events(info, "attempt") if event.attempt == attempt)
    planned = next(event.t for event in events(info, "plan") if event.attempt == attempt)
    return planned - begun


@pytest.mark.timeout(600)
def test_killed_it_goes_on_by_itself(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    forked = seconds_to_plan(finished(place.ground.start("forked")), 1)
    monkeypatch.setattr(handoff, "_spawn", SPAWN)
    info = place.start("kill@step:7", run__auto_resume=3)
    seen, begun = waiting_to_go_on(info, "died"), time.time()
    went_on(info)
    keep_fact("import_seconds", round(seconds_to_plan(info, 2) - forked, 1))
    place.finish("kept-killed", info, reached=7, seen=seen, begun=begun, then="it goes on by itself after 5 s")
    over(info)
    assert words(info) == "1 of 3"


def test_the_same_failure_twice_ends_it(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_HARM_FLAG", "/nonexistent/always")
    info = place.start("segfault_again@step:7", run__auto_resume=3)
    over(info)
    status = ended(info)
    assert [event.get("n") for event in events(info, "attempt")] == [1, 2]
    assert words(info).startswith("1 of 3; twice the same end at step 6")
    keep("kept-twice", Measured(told(status, info), f"nothing more by itself: {words(info)}", None, None, None))


def test_pre_empted_it_goes_on_by_itself(place: Place) -> None:
    place.monkeypatch.setenv("TEST_KEEPER_WAITS", "1")
    info = place.waiting(6, run__auto_resume=3)
    send_signal(info, signal.SIGTERM)
    place.flag.unlink()
    seen, begun = waiting_to_go_on(info, "preempted"), time.time()
    went_on(info)
    place.finish(
        "kept-preempted", info, reached=6, seen=seen, begun=begun, then="it goes on by itself after 5 s (1 s here)"
    )


def test_told_to_go_the_keeper_takes_its_worker_along(place: Place) -> None:
    info = place.waiting(6, run__auto_resume=3)
    os.kill(keeper_pid(info), signal.SIGTERM)
    place.release()
    status = ended(info)
    assert status.state == "preempted"
    over(info)
    assert words(info) == "0 of 3; it was told to start no other"
    place.go_on("kept-told", info, reached=6, seen=status)


def test_without_its_keeper_a_run_goes_on(place: Place) -> None:
    info = place.waiting(6, run__auto_resume=3)
    os.kill(keeper_pid(info), signal.SIGKILL)
    wait_until(lambda: "its keeper is gone" in words(info), "the keeper to be gone")
    seen, begun = info.status(), time.time()
    place.release()
    place.unharmed("keeper-killed", info, seen=seen, begun=begun, reached=6)


def test_without_both_it_is_left_to_a_person(place: Place) -> None:
    info = place.waiting(6, run__auto_resume=3)
    os.kill(keeper_pid(info), signal.SIGKILL)
    os.kill(worker_pid(info), signal.SIGKILL)
    status = ended(info)
    over(info)
    assert words(info) == "0 of 3; its keeper is gone: the next attempt is started by hand"
    place.flag.unlink()
    place.go_on("keeper-and-worker-killed", info, reached=6, seen=status)


def test_a_person_may_say_no_or_be_quicker(place: Place, cli: Cli) -> None:
    place.monkeypatch.setenv("TEST_KEEPER_WAITS", "600")
    info = place.start("kill@step:7", run__auto_resume=3)
    wait_until(lambda: (kept := keeping(info.paths)) is not None and kept.waits, "the keeper to wait")
    assert "auto_resume 0 of 3; the next attempt begins in 1" in " ".join(cli("show", info.short).out.split())
    said = cli("stop", info.short)
    assert (said.code, said.err) == (0, f"{info.title} stays as it is: no other attempt begins by itself.\n")
    over(info)
    assert info.status().state == "died"
    place.monkeypatch.setenv("TEST_HARM", "none@never")
    place.ground.resume(info)
    finished(info)
    assert weights(info) == place.calm["length"]


def test_a_device_whose_run_is_killed_is_taken(place: Place) -> None:
    holder = place.waiting(6)
    place.monkeypatch.setenv("TEST_HARM", "none@never")
    waiting = place.ground.start("waiting", run__queue=True)
    wait_until(lambda: waiting.status().state == "queued" and waiting.status().reason, "the run to wait")
    seen = waiting.status()
    begun = time.time()
    os.kill(worker_pid(holder), signal.SIGKILL)
    finished(waiting)
    same = weights(waiting) == place.calm["length"]
    check_run_directory(waiting.paths.root, only_known_events=True)
    words_seen = told(seen, waiting).replace(holder.short, "HOLDER")
    keep("queue-holder-killed", Measured(words_seen, "it takes its turn by itself", 0, past(waiting, 0, begun), same))
    assert same
