"""Which steps a chart shows: the whole run, or a window of round width that stands still or goes along with the newest step."""

from __future__ import annotations

from dataclasses import dataclass, replace

NARROWEST = 20
"""Steps below which a window tells nothing more."""
_WIDTHS = (5, 2, 1)
"""Widths, times a power of ten."""


@dataclass(frozen=True)
class Window:
    """From which step to which; both ends are round, so that the labels below the axis are."""

    start: int
    width: int
    following: bool = False
    """True while it moves with the newest step, a quarter of its width at a time."""

    @property
    def end(self) -> int:
        return self.start + self.width

    def at(self, step: int) -> Window:
        """Moved, so that a step stands near its middle."""
        return replace(self, start=_round(step - self.width // 2, self.width))

    def with_newest(self, newest: int) -> Window:
        """Where it follows and the newest step has left it: moved, with room at the right for what is to come."""
        if not self.following or self.start <= newest <= self.end:
            return self
        return replace(self, start=_round(newest - self.width // 2, self.width))


def _round(start: int, width: int) -> int:
    part = _part(width)
    return max(0, round(start / part) * part)


def _part(width: int) -> int:
    """A round part of a width, about a quarter: windows begin at its multiples."""
    return max(1, width // (5 if str(width).startswith("5") else 4))


def narrower(window: Window | None, whole: int, around: int, *, following: bool) -> Window | None:
    """The next smaller window around a step; the same where there is no smaller one."""
    now = window.width if window is not None else whole
    width = next((one for one in _widths(whole) if one < now), None)
    if width is None or width < NARROWEST:
        return window
    return Window(0, width, following).at(around)


def wider(window: Window | None, whole: int, around: int) -> Window | None:
    """The next larger window around a step; None for the whole run."""
    if window is None:
        return None
    width = next((one for one in reversed(_widths(whole)) if one > window.width), whole)
    return None if width >= whole else replace(window, width=width).at(around)


def moved(window: Window | None, by: float, whole: int) -> Window | None:
    """Moved by a share of its width, within the run, and standing still from then on."""
    if window is None:
        return None
    part = _part(window.width)
    last = -(-max(0, whole - window.width) // part) * part
    start = min(max(0, window.start + round(by * window.width / part) * part), last)
    return Window(start, window.width)


def _widths(whole: int) -> list[int]:
    """All widths below the whole run, the largest first."""
    power = 1
    while power * 10 <= whole:
        power *= 10
    found = []
    while power >= 10:
        found += [size * power for size in _WIDTHS if size * power < whole]
        power //= 10
    return found
