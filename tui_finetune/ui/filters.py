"""The net under every widget, plugins' included: no control character reaches the terminal as one."""

from __future__ import annotations

import re

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029\ud800-\udfff]")


class ControlFilter(LineFilter):
    """Takes control characters out, at equal cell width. Text that went through `shown` has none, but shows them."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            segment
            if segment.control or not UNSAFE.search(segment.text)
            else Segment(UNSAFE.sub(_sign, segment.text), segment.style)
            for segment in segments
        ]


def _sign(match: re.Match[str]) -> str:
    return "?" * cell_len(match.group())
