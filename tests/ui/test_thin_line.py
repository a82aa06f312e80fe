"""What is sent to the terminal: little, nothing where nothing has changed, and less where the line is behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from textual.screen import Screen as TextualScreen

from tests.fakes import FakeRun, finished_run, many_ended
from tests.ui.line import Line
from tests.ui.seeing import Screen, showing
from tui_finetune.paths import Home
from tui_finetune.ui import bridge
from tui_finetune.ui.screens import SCREENS
from tui_finetune.ui.taken import LOST_SECONDS, QUESTION, TRIES, Taken

pytestmark = pytest.mark.slow

LOOKS = 3
"""At the runs, between which nothing may be painted."""
A_PAINT = 400
"""Bytes of one paint of a live run at 80x24: 4 a second, the usual rate, are 1.6 kB/s."""


class Clock:
    """Time that stands until it is set on."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_one_question_is_on_its_way_and_the_next_one_follows_what_was_painted_meanwhile() -> None:
    taken = Taken(Clock())
    assert taken.question() == QUESTION
    assert taken.question() == ""
    assert taken.answered(again=True) == QUESTION
    assert taken.behind()
    assert taken.answered(again=True) == ""
    assert not taken.behind()


def test_what_cannot_be_asked_now_is_asked_after_the_next_paint() -> None:
    taken = Taken(Clock())
    taken.question()
    taken.question()
    assert taken.answered(again=False) == ""
    assert not taken.behind()
    assert taken.question() == QUESTION
    assert taken.behind()


def test_a_terminal_that_does_not_answer_is_never_behind_and_soon_not_asked_any_more() -> None:
    clock = Clock()
    taken = Taken(clock)
    asked = []
    for _ in range(TRIES + 3):
        asked.append(taken.question())
        assert not taken.behind()
        clock.now += LOST_SECONDS + 1
    assert asked == [QUESTION] * TRIES + [""] * 3


def test_an_answer_that_is_lost_is_not_waited_for_and_the_line_is_asked_again_and_again() -> None:
    clock = Clock()
    taken = Taken(clock)
    taken.question()
    taken.answered(again=True)
    for _ in range(TRIES + 3):
        assert taken.question() == QUESTION
        assert taken.behind()
        clock.now += LOST_SECONDS + 1
        assert not taken.behind()


@contextmanager
def counted(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """What is sent to the terminal."""
    sent: list[Any] = []
    display = screen.app._display

    def counting(of: TextualScreen[Any], renderable: Any) -> None:
        if renderable is not None:
            sent.append(renderable)
        display(of, renderable)

    with monkeypatch.context() as patch:
        patch.setattr(screen.app, "_display", counting)
        yield sent


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
async def test_a_screen_where_nothing_changes_sends_nothing(
    home: Home, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every screen comes to rest: the runs, the machine and the plugins are looked at again, and nothing is painted."""
    monkeypatch.setattr(bridge, "RUNS_SECONDS", 0.25)
    monkeypatch.setattr(bridge, "MACHINE_SECONDS", 0.1)
    many_ended(home, 30)
    run = finished_run(home)
    async with showing(home, size=size, open_run=run.id) as screen:
        await screen.sees("[4 Run]")
        for entry in sorted(SCREENS, key=lambda one: one.name == "predict"):  # where keys are text
            await screen.press(entry.number)
            await screen.sees(f"[{entry.number} {entry.title}]")
            with counted(screen, monkeypatch) as sent:
                looks: list[float] = []

                def at_rest(sent: list[Any] = sent, looks: list[float] = looks) -> bool:
                    if sent:
                        sent.clear()
                        looks.clear()
                    if screen.app.listing.t not in looks:
                        looks.append(screen.app.listing.t)
                    return len(looks) > LOOKS

                await screen.until(at_rest, f"{entry.title} to come to rest")


def test_a_live_run_sends_only_what_has_changed(home: Home) -> None:
    """One step after the other, each seen: a bound for each paint, whatever the rate is."""
    many_ended(home, 30)
    run = FakeRun(home, "live").begin().plan(steps=1000, steps_per_epoch=500)
    for step in range(1, 101):
        run.step(step, loss=2.0 / (1 + step / 50))
    with Line("open", "live") as line:
        line.sees("step 100 of 1,000")
        line.sees("no stall")
        moment = line.settle()
        steps = range(101, 131)
        for step in steps:
            run.step(step, loss=2.0 / (1 + step / 50), grad_norm=1 + step % 7 / 10)
            line.sees(f"step {step} of 1,000", moment)
        assert line.bytes(moment) / len(steps) < A_PAINT
        line.type("\x11")


def test_a_key_does_not_wait_behind_what_nobody_has_asked_for(home: Home) -> None:
    """On a line of 1 kB/s a run paints as often as the line takes it; what is on its way before an answer is a paint or two."""
    run = FakeRun(home, "live").begin().plan(steps=100_000, steps_per_epoch=50_000)
    ended = threading.Event()

    def train() -> None:
        step = 0
        while not ended.wait(0.05):
            step += 1
            run.step(step, loss=2.0 / (1 + step / 50), grad_norm=1 + step % 7 / 10)

    trains = threading.Thread(target=train)
    trains.start()
    try:
        with Line("open", "live", rate=1000, delay=0.05) as line:
            line.sees("of 100,000")
            before = []
            for key in "jk":
                so_far = line.bytes()
                line.until(lambda so_far=so_far: line.bytes() > so_far + 3000, "the run to go on")  # type: ignore[misc]
                pressed = line.type(key)
                seen = line.sees(f"{key} does nothing here", pressed)
                before.append(sum(len(data) for t, data in line.since(pressed) if t <= seen))
            assert max(before) < 6 * A_PAINT, before
    finally:
        ended.set()
        trains.join()
