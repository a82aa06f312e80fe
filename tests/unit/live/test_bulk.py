"""A long run read many events at a time tells exactly what it tells event by event."""

from __future__ import annotations

import json
import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import FakeRun
from tui_finetune.live import bulk
from tui_finetune.live.bulk import LongRun, first_look
from tui_finetune.live.lines import event_line
from tui_finetune.live.series import History
from tui_finetune.paths import Home
from tui_finetune.runs.tail import read_events


def told(history: History) -> dict[str, Any]:
    """Everything that a history says."""
    series = {
        name: (list(one.steps), [repr(value) for value in one.values])
        for name, one in history.series.items()
        if len(one)
    }
    dropped = {name: (list(one.steps), [repr(value) for value in one.values]) for name, one in history.dropped.items()}
    rest = {key: value for key, value in vars(history).items() if key not in ("series", "dropped", "_take")}
    return {**rest, "series": series, "dropped": dropped}


def line_by_line(run: FakeRun) -> tuple[History, list[str]]:
    history, lines = History(), []
    for event in read_events(run.paths):
        history.feed((event,))
        if (text := event_line(event, history)) is not None:
            lines.append(text)
    return history, lines


def eventful(home: Home, seed: int) -> FakeRun:
    """Steps with and without fields, not finite, whole numbers, out of order, repeated; attempts, torn and strange lines."""
    draw = random.Random(seed)
    run = FakeRun(home).begin().plan(steps=2_000)
    step = 0
    for _ in range(800):
        kind = draw.random()
        if kind < 0.8:
            step += draw.randint(1, 3)
            fields: dict[str, Any] = {"loss": draw.choice([draw.random(), "nan", 3, True, None])}
            if draw.random() < 0.1:
                fields |= {"losses": [draw.random(), "inf"], "total": {"losses": 2}}
            run.events.write("step", step=step, **fields)
        elif kind < 0.84:
            run.events.write("step", step=draw.choice([max(0, step - 5), "x", -1, 10**30, True]), loss=0.5)
        elif kind < 0.9:
            run.evaluate(step, accuracy=draw.random())
        elif kind < 0.93:
            run.write_raw(draw.choice([b"{torn\n", b"\xff\xfe\n", b'{"event":3}\n', b"[1],[2]\n", b"\n", b"{}\n", b'"x"\n',
                                       b'{"event":"step","step":5,"t":"x"}\n', b'{"v":1,"event":"news","t":1.0}\n']))  # fmt: skip
        elif kind < 0.96:
            run.events.write("warning", message="w")
        elif kind < 0.98:
            run.checkpoint(step)
        else:
            step = max(0, step - draw.randint(0, 20))
            run.begin(from_step=step)
    run.close()
    return run


@pytest.mark.parametrize("seed", range(4))
def test_it_tells_what_is_told_event_by_event(home: Home, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.setattr(bulk, "PIECE", 2_000)
    run = eventful(home, seed)
    history, lines = line_by_line(run)
    long, end = LongRun(), run.paths.events.stat().st_size
    assert long.read(run.paths.events, end, lambda read: True) == end
    assert told(long.history) == told(history)
    assert list(long.lines) == lines
    assert [event.name for event in long.files] == [e.name for e in read_events(run.paths) if e.name != "step"]


def test_only_the_newest_lines_are_kept(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "PIECE", 4_000)
    run = FakeRun(home).begin().plan(steps=60_000)
    text = "".join(
        json.dumps({"v": 1, "seq": n, "t": 1.7e9, "attempt": 1, "event": "step", "step": n, "loss": 0.5}) + "\n"
        for n in range(1, 50_001)
    )
    run.write_raw(text.encode())
    long = LongRun()
    long.read(run.paths.events, run.paths.events.stat().st_size, lambda read: True)
    assert len(long.lines) == bulk.LINES_KEPT
    assert "step 50,000 of 60,000" in long.lines[-1]
    assert f"step {50_000 - bulk.LINES_KEPT + 1:,} of" in long.lines[0]
    assert long.told > 50_000
    assert len(long.history.get("loss")) == 50_000


def test_reading_ends_when_nobody_wants_it_any_more(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "PIECE", 1_000)
    run = eventful(home, 1)
    assert 0 < LongRun().read(run.paths.events, run.paths.events.stat().st_size, lambda read: False) <= 2_000


def test_a_first_look_has_both_ends_and_points_between(home: Home, tmp_path: Path) -> None:
    run = FakeRun(home).begin().plan(steps=20_000)
    for step in range(1, 20_001):
        run.events.write("step", step=step, loss=1 / step, note="x" * 60)
    run.close()
    look = first_look(run.paths.events, run.paths.events.stat().st_size)
    steps = list(look.get("loss").steps)
    assert look.plan["steps"] == 20_000
    assert (steps[0], steps[-1]) == (1, 20_000)
    between = [step for step in steps if 2_000 < step < 18_000]
    assert len(between) > 200
    assert max(b - a for a, b in pairwise(between)) < 200
