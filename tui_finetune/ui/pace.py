"""How often what moves by itself is painted: as the settings say, and less often while the terminal is behind.

Keys are answered at once all the same: what is held back on a slow line is only what nobody has asked for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

SLOWEST = 4.0
"""Seconds between two looks on a line that takes nothing."""
GROWS, SHRINKS = 2.0, 0.75


class Pace:
    """Asked by the threads that tell what has changed."""

    def __init__(self, seconds: float, behind: Callable[[], bool]) -> None:
        """seconds: between two paints. behind: whether what was painted has not all been taken yet."""
        self.seconds = seconds
        self._behind = behind
        self._now = seconds

    def wait(self, stopped: threading.Event) -> None:
        """Until the next look, or until `stopped` is set; longer while the terminal is behind."""
        while not stopped.wait(self.next()):
            if not self._behind():
                return

    def next(self) -> float:
        """Seconds to wait now: twice as long while the terminal is behind, and back again when it is not."""
        if self._behind():
            self._now = min(max(SLOWEST, self.seconds), max(self._now, self.seconds) * GROWS)
        else:
            self._now = max(self.seconds, self._now * SHRINKS)
        return self._now
