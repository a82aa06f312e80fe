"""When a checkpoint that could not be written is tried again, and when training waits for it."""

from __future__ import annotations

import pytest

from tui_finetune.worker.owed import Owed, Patience


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def owed(clock: Clock) -> Owed:
    return Owed(lambda: Patience(retry_seconds=60.0, pause_seconds=600.0), clock)


def test_nothing_is_owed_at_first(owed: Owed, clock: Clock) -> None:
    clock.now += 10_000
    assert not owed
    assert not owed.retry()
    assert not owed.waits(regular=False)


def test_it_is_tried_again_every_minute(owed: Owed, clock: Clock) -> None:
    owed.failed(due=True)
    clock.now += 59.9
    assert not owed.retry()
    clock.now += 0.1
    assert owed.retry()
    owed.failed(due=False)
    assert not owed.retry()
    clock.now += 60
    assert owed.retry()
    owed.paid()
    assert not owed
    assert not owed.retry()


@pytest.mark.parametrize(
    ("minutes", "fell_due", "regular", "waits"),
    [
        (9.9, 5, True, False),
        (10, 2, True, True),
        (60, 1, True, False),
        (60, 2, True, True),
        (10, 1, False, True),
        (9.9, 1, False, False),
    ],
    ids=["not yet", "after ten minutes", "the interval is longer", "and over", "no interval", "no interval, not yet"],
)
def test_training_waits_after_the_larger_of_ten_minutes_and_one_interval(
    owed: Owed, clock: Clock, minutes: float, fell_due: int, regular: bool, waits: bool
) -> None:
    for _ in range(fell_due):
        owed.failed(due=True)
    clock.now += minutes * 60
    owed.failed(due=False)
    assert owed.waits(regular=regular) is waits


def test_a_debt_that_was_paid_does_not_count_any_more(owed: Owed, clock: Clock) -> None:
    owed.failed(due=True)
    owed.failed(due=True)
    clock.now += 3_600
    owed.paid()
    owed.failed(due=True)
    assert owed.seconds == 0
    assert not owed.waits(regular=False)
