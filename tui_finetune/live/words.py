"""Numbers in words, the same everywhere: durations, sizes, counts, rates, scores, clocks."""

from __future__ import annotations

import math
from datetime import datetime

NOTHING = "–"
"""No value. Never 0, never blank."""


def duration(seconds: float | None) -> str:
    """`0.8 s`, `12.3 s`, `4 m 12 s`, `3 h 12 m`, `2 d 4 h`: two units at most."""
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    seconds = max(0.0, seconds)
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for size, unit, below, smaller in ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "m"), (60, "m", 1, "s")):
        if whole >= size:
            rest = (whole % size) // below
            return f"{whole // size} {unit} {rest} {smaller}" if rest else f"{whole // size} {unit}"
    return f"{whole} s"


def coarse(seconds: float | None) -> str:
    """Time left: `40 s`, `14 m`, `3 h 12 m`; a figure that does not pretend to be exact."""
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    if seconds < 3_600:
        return f"{round(seconds / 60)} m" if seconds < 3_570 else "1 h"
    return duration(round(seconds / 60) * 60)


def age(seconds: float | None) -> str:
    """`4 s ago`, `2 m ago`, `3 h ago`, `5 d ago`: coarser after a minute, so that it seldom changes."""
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    seconds = max(0.0, seconds)
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit} ago"
    return f"{int(seconds)} s ago"


def count(value: int | float | None) -> str:
    """`1,234,567` up to 9,999,999, then `22.7 M`, `1.3 G`."""
    if value is None or not math.isfinite(value):
        return NOTHING
    if abs(value) <= 9_999_999:
        return f"{round(value):,}"
    return short_count(value)


def short_count(value: int | float | None) -> str:
    """`1.23 M`: three digits and a letter, for tight places."""
    if value is None or not math.isfinite(value):
        return NOTHING
    for size, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            scaled = value / (1e3 if letter == "k" else size)
            return f"{scaled:.3g} {letter}" if scaled < 1000 else f"{scaled:.0f} {letter}"
    return f"{round(value):,}"


def size(value: float | None) -> str:
    """`839 kB`, `1.2 GB`: powers of ten, for disk and device memory alike."""
    if value is None or not math.isfinite(value):
        return NOTHING
    for scale, unit in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if abs(value) >= scale:
            scaled = value / scale
            return f"{scaled:.1f} {unit}" if scaled < 99.95 else f"{scaled:.0f} {unit}"
    return f"{value:.0f} B"


def part_of(part: float, whole: object) -> str:
    """`9.1 of 24.1 GB`, `839 kB of 2.0 GB`; the part alone where the whole is not known."""
    if not isinstance(whole, int | float) or isinstance(whole, bool):
        return size(part)
    number, _, unit = size(part).partition(" ")
    return f"{number if size(whole).endswith(f' {unit}') else size(part)} of {size(whole)}"


def score(value: float | None) -> str:
    """Losses and metrics: three decimals, none from a thousand on, `1.92e6` from a hundred thousand; `nan` and `inf` by name."""
    if value is None:
        return NOTHING
    if not math.isfinite(value):
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    if abs(value) < 1_000:
        return f"{value:.3f}"
    return f"{value:,.0f}" if abs(value) < 100_000 else _with_exponent(value)


def rate(value: float | None) -> str:
    """A learning rate and the like, as one writes it in a recipe: `2e-5`, `8.25e-6`, `0.01`."""
    if value is None:
        return NOTHING
    if value == 0 or not math.isfinite(value):
        return score(value) if value else "0"
    if abs(value) >= 1e-3:
        return f"{value:.3g}"
    return _with_exponent(value)


def _with_exponent(value: float) -> str:
    mantissa, _, exponent = f"{value:.2e}".partition("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"


def speed(per_second: float | None, unit: str = "steps", one: str = "step") -> str:
    """`2.14 steps/s`, below one `1.35 s/step`: the form that is above 1."""
    if per_second is None or not math.isfinite(per_second) or per_second <= 0:
        return NOTHING
    if per_second >= 1:
        return f"{per_second:.3g} {unit}/s" if per_second < 1_000 else f"{per_second:,.0f} {unit}/s"
    return f"{1 / per_second:.3g} s/{one}"


def share(part: float | None, whole: float | None) -> str:
    """`59 %`; one decimal only below 1 %. 100 % only when all is done."""
    if part is None or not whole:
        return NOTHING
    percent = 100 * part / whole
    if 0 < percent < 1:
        return f"{percent:.1f} %"
    return "99 %" if 99 < percent < 100 else f"{percent:.0f} %"


def clock(when: float | None, now: float) -> str:
    """`09:50` today, `22 Nov 02:15` in this year, `2025-11-22` in another; local time."""
    if when is None:
        return NOTHING
    try:
        at, today = datetime.fromtimestamp(when), datetime.fromtimestamp(now)
    except (OverflowError, ValueError, OSError):
        return NOTHING
    if at.date() == today.date():
        return f"{at:%H:%M}"
    return f"{at.day} {at:%b %H:%M}" if at.year == today.year else f"{at:%Y-%m-%d}"
