"""Windows of a chart: round, within the run, standing still or going along."""

from __future__ import annotations

import pytest

from tui_finetune.live.window import NARROWEST, Window, moved, narrower, wider


def test_zooming_in_and_out_ends_where_it_began() -> None:
    window: Window | None = None
    widths = []
    while (found := narrower(window, 4_221, 2_480, following=True)) != window:
        window = found
        assert window is not None
        assert window.start <= 2_480 <= window.end
        assert window.start % (window.width // 4 if window.width % 5 else window.width // 20) == 0
        widths.append(window.width)
    assert widths == [2_000, 1_000, 500, 200, 100, 50, 20]
    assert widths[-1] >= NARROWEST
    for width in [*widths[-2::-1], None]:
        window = wider(window, 4_221, 2_480)
        assert (window.width if window is not None else None) == width
    assert wider(None, 4_221, 2_480) is None


def test_a_run_too_short_for_a_window_has_none() -> None:
    assert narrower(None, 15, 7, following=True) is None


def test_a_window_that_follows_moves_when_the_newest_step_leaves_it() -> None:
    window = Window(1_000, 500, following=True)
    assert window.with_newest(1_500) == window
    later = window.with_newest(1_501)
    assert later.start > window.start
    assert later.start < 1_501 < later.end
    assert Window(1_000, 500).with_newest(4_000) == Window(1_000, 500)


@pytest.mark.parametrize("whole", [999, 1_000, 4_221])
def test_scrolling_stops_at_both_ends_and_ends_following(whole: int) -> None:
    window: Window | None = Window(200, 200, following=True)
    for _ in range(60):
        window = moved(window, 0.5, whole)
    assert window is not None
    assert not window.following
    assert window.end >= whole
    assert window.start < whole
    for _ in range(60):
        window = moved(window, -0.5, whole)
    assert window is not None
    assert window.start == 0
    assert moved(None, 0.5, whole) is None
