"""Writing events and reading them: whole lines, whatever happens to the writer and to the disk."""

from __future__ import annotations

import errno
import json
import math
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import FakeRun
from tests.waiting import wait_until
from tui_finetune.paths import Home
from tui_finetune.runs import events as events_module
from tui_finetune.runs.events import LINE_LIMIT, EventWriter
from tui_finetune.runs.layout import RunPaths
from tui_finetune.runs.tail import Event, EventTail, brief_events, collapse, last_events, parse, read_events

WRITE_FOR_EVER = """
import sys, pathlib
from tui_finetune.runs.events import EventWriter
from tui_finetune.runs.layout import RunPaths
writer = EventWriter(RunPaths(pathlib.Path(sys.argv[1])), 1)
n = 0
while True:
    n += 1
    writer.write("note", message="x" * (n % 3000), n=n)
"""


@pytest.fixture
def paths(tmp_path: Path) -> RunPaths:
    return RunPaths(tmp_path)


def test_an_event_is_one_json_object_on_a_line(paths: RunPaths) -> None:
    writer = EventWriter(paths, 3)
    writer.write("step", step=10, loss=0.5, learning_rate=2e-5)
    writer.write("step", step=20, loss=math.nan, grad_norm=math.inf)
    writer.close()
    first, second = (json.loads(line) for line in paths.events.read_bytes().splitlines())
    assert (first["v"], first["seq"], first["attempt"], first["event"], first["loss"]) == (1, 1, 3, "step", 0.5)
    assert (second["seq"], second["loss"], second["grad_norm"]) == (2, "nan", "inf")
    assert paths.events.stat().st_mode & 0o777 == 0o600
    read = read_events(paths)
    assert read[0].step == 10
    assert math.isnan(read[1].number("loss") or 0.0)


def test_seq_goes_on_and_a_torn_last_line_is_ended(paths: RunPaths) -> None:
    writer = EventWriter(paths, 1)
    for step in range(5):
        writer.write("step", step=step)
    writer.close()
    with paths.events.open("ab") as file:
        file.write(b'{"v":1,"seq":6,"t":1.0,"event":"st')
    EventWriter(paths, 2).write("attempt", n=2, from_step=3, checkpoint=None)
    read = read_events(paths)
    assert [event.seq for event in read if event.broken is None] == [1, 2, 3, 4, 5, 6]
    assert [event.broken for event in read if event.broken is not None] == ['{"v":1,"seq":6,"t":1.0,"event":"st']
    assert read[-1].name == "attempt"


def test_seq_is_found_behind_a_long_tail_of_rubbish(paths: RunPaths) -> None:
    EventWriter(paths, 1).write("note", message="a")
    with paths.events.open("ab") as file:
        file.write(b"x" * 300_000 + b"\n")
    EventWriter(paths, 2).write("note", message="b")
    assert [event.seq for event in read_events(paths)] == [1, 0, 2]


def test_kill_9_in_the_middle_of_a_line_loses_that_line_at_most(paths: RunPaths) -> None:
    worker = subprocess.Popen([sys.executable, "-c", WRITE_FOR_EVER, str(paths.root)])
    wait_until(lambda: paths.events.exists() and paths.events.stat().st_size > 500_000, "half a megabyte of events")
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    written = len(paths.events.read_bytes().splitlines())
    # Whatever the kill left, tear the last line as a network file system might.
    os.truncate(paths.events, paths.events.stat().st_size - 7)
    EventWriter(paths, 2).write("note", message="after")
    read = read_events(paths)
    assert len(read) >= written
    whole = [event for event in read if event.broken is None]
    assert len(whole) >= len(read) - 1
    assert [event.get("n") for event in whole[:-1]] == list(range(1, len(whole)))
    assert whole[-1].get("message") == "after"
    assert whole[-1].seq == len(whole)


def test_twenty_thousand_events_with_torn_writes_reach_the_reader_whole(paths: RunPaths) -> None:
    rng = random.Random(7)
    data = b"".join(
        json.dumps({"v": 1, "seq": n, "t": n, "attempt": 1, "event": "step", "step": n}).encode() + b"\n"
        for n in range(1, 20_001)
    )
    tail = EventTail(paths)
    seen: list[Event] = []
    with paths.events.open("ab", buffering=0) as file:
        at = 0
        while at < len(data):
            size = rng.randrange(1, 4_000)
            file.write(data[at : at + size])
            at += size
            seen += tail.poll()
    assert [event.step for event in seen] == list(range(1, 20_001))


def test_a_line_stays_short_and_the_event_says_what_was_cut(paths: RunPaths) -> None:
    writer = EventWriter(paths, 1)
    writer.write("warning", message="é" * 50_000)
    writer.write("note", message="a", table={f"key{n}": "v" * 300 for n in range(400)})
    writer.write("odd", **{f"field{n}": f"{n}" * 40 for n in range(300)})
    writer.write("plan", labels=["label " + "x" * 90] * 500)
    writer.close()
    lines = paths.events.read_bytes().splitlines()
    assert all(len(line) < LINE_LIMIT for line in lines)
    read = [json.loads(line) for line in lines]
    assert [event["event"] for event in read] == ["warning", "note", "odd", "plan"]
    assert all(event["cut"] is True for event in read)
    assert read[0]["message"].startswith("éé")


def test_long_lists_of_numbers_go_on_in_further_events(paths: RunPaths) -> None:
    writer = EventWriter(paths, 1)
    losses = [round(0.123456 + n, 6) for n in range(3_000)]
    writer.write("step", step=3_000, loss=0.5, losses=losses, grad_norms=losses[:10])
    writer.close()
    assert all(len(line) < LINE_LIMIT for line in paths.events.read_bytes().splitlines())
    first, *rest = read_events(paths)
    assert first.name == "step"
    assert first.get("total") == {"losses": 3_000, "grad_norms": 10}
    assert {event.name for event in rest} == {"values"}
    assert {event.step for event in rest} == {3_000}
    found = list(first.get("losses"))
    for event in rest:
        assert event.get("offset") == len(found)
        found += event.get("losses", [])
    assert found == losses


def test_many_threads_write_whole_lines(paths: RunPaths) -> None:
    writer = EventWriter(paths, 1)

    def write(name: int) -> None:
        for n in range(200):
            writer.write("note", message=f"{name}-{n}")

    threads = [threading.Thread(target=write, args=(n,)) for n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.close()
    read = read_events(paths)
    assert [event.seq for event in read] == list(range(1, 1_001))
    assert len({event.get("message") for event in read}) == 1_000


class FullDisk:
    """os.write with room for so many bytes."""

    def __init__(self, room: int) -> None:
        self.room = room
        self._write = os.write

    def __call__(self, handle: int, data: bytes) -> int:
        if self.room <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = self._write(handle, data[: self.room])
        self.room -= written
        return written


def test_a_full_disk_holds_events_back_and_loses_none(paths: RunPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = FullDisk(room=100)
    monkeypatch.setattr(os, "write", disk)
    writer = EventWriter(paths, 1)
    for step in range(50):
        writer.write("step", step=step)
    assert [event.step for event in read_events(paths)] == [0]
    assert not paths.events.read_bytes().endswith(b"\n"), "the full disk cut a line in the middle"
    disk.room = 10_000_000
    writer.write("step", step=50)
    writer.close()
    assert [event.step for event in read_events(paths)] == list(range(51))


def test_a_disk_that_stays_full_costs_old_lines_and_says_so(paths: RunPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = FullDisk(room=100)
    monkeypatch.setattr(os, "write", disk)
    monkeypatch.setattr(events_module, "WAITING_LIMIT", 2_000)
    writer = EventWriter(paths, 1)
    for step in range(300):
        writer.write("step", step=step)
    disk.room = 10_000_000
    writer.write("step", step=300)
    writer.close()
    read = read_events(paths)
    assert not any(event.broken for event in read)
    assert [event.step for event in read if event.name == "step"][-1] == 300
    assert "events were lost" in str([event.get("message") for event in read if event.name == "warning"])


def test_writing_after_the_end_is_not_an_error(paths: RunPaths) -> None:
    writer = EventWriter(paths, 1)
    writer.write("end", state="finished", exit_code=0, reason=None)
    writer.close()
    writer.close()
    writer.write("device", rss_bytes=1)
    assert [event.name for event in read_events(paths)] == ["end"]


def test_the_listener_hears_every_event_and_cannot_hurt(paths: RunPaths) -> None:
    heard: list[Mapping[str, Any]] = []

    def listen(event: Mapping[str, Any]) -> None:
        heard.append(event)
        raise RuntimeError("listener")

    writer = EventWriter(paths, 1)
    writer.listener = listen
    writer.write("step", step=1, loss=0.5)
    writer.write("note", message="a")
    assert [(event["event"], event["seq"]) for event in heard] == [("step", 1), ("note", 2)]
    assert len(read_events(paths)) == 2


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"event"',
        b'{"event": 3}',
        b'{"seq": 1}',
        b"\xff\xff",
        b'{"event":"a","seq":"x"}',
        b'{"event":"a","t":{"x":1}}',
        b"[" * 5_000,
        b'{"event":"a","seq":1e999}',
    ],
)
def test_a_line_that_is_no_event_is_kept_as_it_is(line: bytes) -> None:
    event = parse(line)
    assert event.broken == line.decode("utf-8", "backslashreplace")
    assert event.name == ""


def test_unknown_events_and_fields_are_kept() -> None:
    event = parse(b'{"v":2,"seq":9,"t":1.5,"attempt":4,"event":"gpu_fan","rpm":1200}')
    assert (event.name, event.v, event.seq, event.attempt, event.fields) == ("gpu_fan", 2, 9, 4, {"rpm": 1200})


def test_a_tail_waits_for_its_file_and_notices_another_in_its_place(paths: RunPaths) -> None:
    tail = EventTail(paths)
    assert tail.poll() == []
    paths.events.write_bytes(b'{"event":"a"}\n{"event":"b"')
    assert [event.name for event in tail.poll()] == ["a"]
    assert tail.poll() == []
    with paths.events.open("ab") as file:
        file.write(b'}\n\n{"event":"c"}\n')
    assert [event.name for event in tail.poll()] == ["b", "c"]
    other = paths.root / "other"
    other.write_bytes(b'{"event":"d"}\n' + b'{"event":"e"}\n' * 9)
    os.replace(other, paths.events)
    assert [event.name for event in tail.poll()] == ["d", *["e"] * 9]
    os.truncate(paths.events, 0)
    assert tail.poll() == []
    paths.events.write_bytes(b'{"event":"f"}\n')
    assert [event.name for event in tail.poll()] == ["f"]


def test_a_tail_reads_in_pieces(paths: RunPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    from tui_finetune.runs import tail as tail_module

    monkeypatch.setattr(tail_module, "CHUNK", 64)
    paths.events.write_bytes(
        b"".join(b'{"event":"a","n":%d}\n' % n for n in range(100)) + b'{"event":"%s"}\n' % (b"x" * 900)
    )
    tail = EventTail(paths)
    seen = tail.poll(limit=100)
    assert 0 < len(seen) < 20
    seen += tail.poll()
    assert [event.get("n") for event in seen[:-1]] == list(range(100))
    assert len(seen[-1].name) == 900


def test_points_that_a_later_attempt_went_back_behind_are_dropped(home: Home) -> None:
    run = FakeRun(home).begin().plan()
    for step in (10, 20, 30):
        run.step(step)
    run.checkpoint(20).evaluate(25).end("aborted", step=30)
    run.begin(from_step=20, checkpoint="checkpoints/checkpoint-20").plan()
    run.step(30, loss=9.0).end("finished")
    kept = collapse(read_events(run.paths))
    assert [(event.step, event.number("loss")) for event in kept if event.name == "step"] == [
        (10, 0.5),
        (20, 0.5),
        (30, 9.0),
    ]
    assert [event.step for event in kept if event.name == "checkpoint"] == [20]
    assert [event for event in kept if event.name == "evaluation"] == []
    assert [event.get("n") for event in kept if event.name == "attempt"] == [1, 2]
    assert len([event for event in kept if event.name == "phase"]) == 6


def test_the_last_events_are_read_without_the_rest(home: Home) -> None:
    run = FakeRun(home).begin().plan()
    for step in range(1, 2_000):
        run.step(step)
    run.accept("stop")
    run.close()
    assert run.paths.events.stat().st_size > 200_000
    last = last_events(run.paths.events, 20_000)
    assert last[-1].name == "request"
    assert 50 < len(last) < 300
    telling = last_events(run.paths.events, only=frozenset({"step", "request"}))
    assert [(event.name, event.step) for event in telling] == [("step", 1_999), ("request", None)]


def test_a_brief_reading_leaves_out_old_steps_only(home: Home) -> None:
    run = FakeRun(home).begin().plan()
    for step in range(1, 4_000):
        run.step(step)
        if step % 1_000 == 0:
            run.evaluate(step)
    run.write_raw(b"rubbish\n" + b'{"event":"torn')
    whole, brief = read_events(run.paths), brief_events(run.paths)
    assert [event for event in brief if event.name != "step"] == [event for event in whole if event.name != "step"]
    steps = [event.step for event in brief if event.name == "step"]
    assert steps == list(range(4_000 - len(steps), 4_000))
    assert 100 < len(steps) < 3_000
    run.remove()
    assert brief_events(run.paths) == []
