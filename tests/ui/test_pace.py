"""A slow line is painted less often, and a quick one as the settings say."""

from __future__ import annotations

import threading

import pytest

from tui_finetune.ui.pace import SLOWEST, Pace

pytestmark = pytest.mark.slow


def test_a_terminal_that_is_behind_is_told_less_and_less_often() -> None:
    behind = True
    pace = Pace(0.25, lambda: behind)
    assert [pace.next() for _ in range(6)] == [0.5, 1.0, 2.0, SLOWEST, SLOWEST, SLOWEST]
    behind = False
    after = [pace.next() for _ in range(20)]
    assert after == sorted(after, reverse=True)
    assert after[-1] == 0.25


def test_a_slower_rate_of_the_settings_stays() -> None:
    pace = Pace(10.0, lambda: True)
    assert pace.next() == 10.0
    assert Pace(10.0, lambda: False).next() == 10.0


def test_waiting_ends_when_the_terminal_has_taken_everything_or_the_thread_is_stopped() -> None:
    looks = iter([True, True, False, False])
    stopped = threading.Event()
    Pace(0.001, lambda: next(looks)).wait(stopped)
    assert list(looks) == []
    stopped.set()
    Pace(60.0, lambda: True).wait(stopped)
