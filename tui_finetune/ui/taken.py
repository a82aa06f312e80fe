"""Whether the terminal has taken what was painted: it is asked where its cursor is, and answers when it gets to that.

What is still on its way cannot be seen otherwise: the buffers of the kernel and of an SSH line hold seconds of painting.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

QUESTION = "\x1b[6n"
LOST_SECONDS = 10.0
"""An answer that takes longer is not waited for: the line was cut, or another terminal has taken the place."""
TRIES = 3
"""Questions to a terminal that has never answered one."""


class Taken:
    """One question at a time is on its way. For several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._asked: float | None = None
        self._tries = 0
        self._answers = False
        """True once one was answered: a terminal that does not answer is never behind."""
        self._more = False
        """Something was painted after the question that is on its way."""
        self._none_asked = threading.Event()
        self._none_asked.set()

    def question(self) -> str:
        """What to send after a paint: nothing while a question is on its way."""
        with self._lock:
            if self._waiting():
                self._more = True
                return ""
            self._tries += 1
            return self._ask() if self._answers or self._tries <= TRIES else ""

    def answered(self, *, again: bool) -> str:
        """The terminal has answered; what to send now, where more was painted since it was asked and may be asked `again`."""
        with self._lock:
            self._asked, self._answers = None, True
            if self._more and again:
                return self._ask()
            self._none_asked.set()
            return ""

    def _ask(self) -> str:
        self._asked, self._more = self._clock(), False
        self._none_asked.clear()
        return QUESTION

    def behind(self) -> bool:
        """True while something that was painted is on its way."""
        with self._lock:
            return self._answers and self._waiting()

    def _waiting(self) -> bool:
        return self._asked is not None and self._clock() - self._asked < LOST_SECONDS

    def settle(self, seconds: float) -> None:
        """Waits for the answer that is on its way: after the program's end it would be taken for what is typed."""
        if self._answers:
            self._none_asked.wait(seconds)
