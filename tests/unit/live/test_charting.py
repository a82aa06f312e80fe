"""A run's chart from its history: what is drawn, read, zoomed, scrolled and followed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tui_finetune.live.charting import Charting
from tui_finetune.live.metrics import LOSS, Metric
from tui_finetune.live.series import History
from tui_finetune.live.spans import plain
from tui_finetune.live.timeline import bars, events
from tui_finetune.runs.tail import Event


def event(name: str, **fields: Any) -> Event:
    return Event(seq=1, t=1.76e9, attempt=fields.pop("attempt", 1), name=name, fields=fields)


def trained(upto: int, *, steps: int = 4_221, every: int = 20) -> History:
    history = History([event("attempt", n=1, from_step=0), event("plan", steps=steps)])
    train(history, range(every, upto + 1, every))
    return history


def train(history: History, at: Iterable[int]) -> None:
    history.feed(event("step", step=step, loss=0.2 + 0.5 / (1 + step / 100), losses=[0.4] * 20) for step in at)


def text(charting: Charting, history: History, metric: Metric = LOSS, width: int = 80, height: int = 12) -> list[str]:
    return [plain(one) for one in charting.lines(metric, history, width, height, ascii=False)]


def test_it_spans_the_plan_then_a_window_and_then_the_plan_again() -> None:
    charting, history = Charting(), trained(2_480)
    assert text(charting, history)[-1].split() == ["step", "0", "1,000", "2,000", "3,000", "4,221"]
    assert charting.zoom(history, closer=True)
    assert text(charting, history)[-1].split()[:2] == ["step", "1,500"]
    assert text(charting, history)[-1].split()[-1] == "3,500"
    assert charting.zoom(history, closer=False)
    assert charting.window is None
    assert not charting.zoom(history, closer=False)


def test_a_window_is_drawn_close_with_single_steps_behind() -> None:
    charting, history = Charting(), trained(2_480)
    whole = text(charting, history)
    assert whole[1].startswith("  0.70")
    charting.zoom(history, closer=True)
    close = text(charting, history)
    assert close[1].startswith("  0.40"), "the single steps' 0.4, and no more"
    assert not close[9].lstrip().startswith("0 "), "not from zero"


def test_following_goes_along_and_scrolling_stands_still() -> None:
    charting, history = Charting(), trained(2_000)
    for _ in range(3):
        charting.zoom(history, closer=True)
    assert charting.span_of(history) == (1_800, 2_300)
    train(history, range(2_020, 2_340, 20))
    assert charting.span_of(history) == (2_100, 2_600)
    assert charting.scroll(-0.5, history)
    before = charting.span_of(history)
    train(history, range(2_340, 3_000, 20))
    assert charting.span_of(history) == before
    charting.follow(history)
    start, end = charting.span_of(history)
    assert start < 2_980 < end


def test_reading_begins_at_the_newest_and_takes_the_picture_along_at_its_edge() -> None:
    charting, history = Charting(), trained(2_000)
    text(charting, history)
    charting.move_cursor(1, history)
    assert "step 2,000: 0.224" in text(charting, history)[0]
    for _ in range(3):
        charting.zoom(history, closer=True)
    assert "step 2,000" in text(charting, history)[0]
    assert charting.window is not None
    before = charting.window.start
    for _ in range(60):
        charting.move_cursor(-1, history)
    assert charting.window.start < before
    assert "step 1,1" in text(charting, history)[0]


def test_letters_of_what_happened() -> None:
    history = trained(200)
    history.feed([event("evaluation", step=100, split="validation", metrics={"loss": 0.3}),
                  event("checkpoint", step=100, path="x"),
                  event("applied", action="pause", step=200), event("applied", action="continue", step=200),
                  event("applied", action="set", step=200), event("applied", action="save", step=200),
                  event("warning", message="loss is nan")])  # fmt: skip
    assert events(history) == [(100, "v"), (100, "w"), (200, "p"), (200, "p"), (200, "c"), (200, "!")]
    assert events(history, died=True)[-1] == (200, "x")
    assert bars(history) == [200]
    history.feed([event("end", state="aborted")])
    assert "x" not in [letter for _, letter in events(history)]
    history.feed([event("attempt", n=2, from_step=100, attempt=2), event("end", state="failed", attempt=2)])
    assert events(history) == [(100, "v"), (100, "w"), (100, "r"), (100, "x")]
    assert bars(history) == [100]


def test_where_there_is_little_room_the_plot_stays_longest() -> None:
    charting, history = Charting(), trained(2_000)
    assert any(line.startswith("events") for line in text(charting, history, height=9))
    assert not any(line.startswith("events") for line in text(charting, history, height=8))
    assert text(charting, history, height=8)[-1].startswith("  step 0")
    assert text(charting, history, height=7)[-1].strip().startswith("└")
    assert len(text(charting, history, height=6)) == 1
    assert "0.224" in text(charting, history, height=6)[0]


def test_points_of_an_attempt_that_was_gone_behind_are_drawn_on_request() -> None:
    history = trained(2_000)
    history.feed([event("attempt", n=2, from_step=1_000, attempt=2)])
    charting = Charting()
    without = text(charting, history)
    charting.attempts = True
    assert text(charting, history) != without


def test_each_press_reads_another_point_however_far_apart_they_stand() -> None:
    charting, history = Charting(), trained(200, steps=200, every=50)
    read = []
    for _ in range(4):
        charting.move_cursor(-1, history)
        read.append(text(charting, history)[0].split()[2])
    assert read == ["200:", "150:", "100:", "50:"]
