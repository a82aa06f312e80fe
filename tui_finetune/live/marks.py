"""The mark of each state: it gives the group, the word beside it the state. Always both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tui_finetune.live.spans import Span
from tui_finetune.runs.status import Status
from tui_finetune.text import Shown


class Mark(NamedTuple):
    """A glyph, and what it means."""

    glyph: str
    token: str


WAITING = Mark("○", "muted")
RUNNING = Mark("●", "live")
HELD = Mark("‖", "held")
WARNING = Mark("!", "warn")
GOOD = Mark("✓", "good")
ENDED = Mark("■", "muted")
BAD = Mark("✗", "bad")
NOTHING = Mark("·", "muted")

STATES: Mapping[str, Mark] = {
    "queued": WAITING,
    "starting": WAITING,
    "running": RUNNING,
    "paused": HELD,
    "stopping": HELD,
    "stalled": WARNING,
    "unreachable": WARNING,
    "unreadable": WARNING,
    "finished": GOOD,
    "stopped": ENDED,
    "aborted": ENDED,
    "preempted": ENDED,
    "failed": BAD,
    "died": BAD,
}

GLYPHS: Mapping[str, str] = {
    "○": "o", "●": "*", "‖": "=", "✓": "+", "■": "#", "✗": "x", "·": "-",
    "▸": ">", "◆": "o", "█": "#", "░": ".", "─": "-", "━": "=", "│": "|", "└": "+", "┤": "+", "┊": ":",
    "→": ">", "↑": "^", "↓": "v", "…": "~", "±": "~", "≠": "!", "–": "-", "␛": "^", "⏎": "/", "▏": "|", "▎": "|", "▍": "|",
    "▌": "#", "▋": "#", "▊": "#", "▉": "#",
}  # fmt: skip
"""Each glyph of ours and its ASCII, one cell for one cell: a screen is the same picture in both.

What is cut ends in `~`, as other programs of a terminal have it; of a path `*/train.csv`, for `~/` is somebody's home.
"""
CUT_PATH, CUT_PATH_ASCII = "…/", "*/"


def mark(name: str) -> Mark:
    """The mark of a state; of one that this version does not know, the one for nothing."""
    return STATES.get(name, NOTHING)


def state_span(status: Status, *, bold: bool = False) -> Span:
    """`● running`."""
    found = mark(status.state)
    return Span(Shown(f"{found.glyph} {status.state}"), found.token, bold)
