"""Work of which only the newest counts: what is typed is looked up or checked, and the answer to older text is of no use."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from textual.message import Message

DRAFTS = "draft:"
"""Beginning of the keys of work that keeps what a person has made: the program's end waits for it."""
Work = Callable[[Callable[[], bool]], Message | None]
"""Given a function that is true once something newer waits."""


class Latest:
    """One thread for each key that has work; it ends when nothing waits."""

    def __init__(
        self,
        post: Callable[[Message], object],
        guarded: Callable[[str, Callable[[], Message | None]], Message | None],
        thread: Callable[[Callable[[], None], str], None],
    ) -> None:
        self._post = post
        self._guarded = guarded
        self._thread = thread
        self._lock = threading.Lock()
        self._waiting: dict[str, tuple[str, Work]] = {}
        self._busy: set[str] = set()

    def do(self, key: str, what: str, work: Work) -> None:
        """Takes the place of what waits for the key."""
        with self._lock:
            self._waiting[key] = (what, work)
            begin = key not in self._busy
            self._busy.add(key)
        if begin:
            self._thread(lambda: self._run(key), key)

    def settled(self, prefix: str, seconds: float) -> bool:
        """Waits until no work of keys that begin so is left, at most so long; False where some still is."""
        end = time.monotonic() + seconds
        while any(key.startswith(prefix) for key in list(self._busy)):
            if time.monotonic() > end:
                return False
            time.sleep(0.005)
        return True

    def _run(self, key: str) -> None:
        while (next_ := self._next(key)) is not None:
            what, work = next_
            done = self._guarded(what, lambda: work(lambda: key in self._waiting))  # noqa: B023
            if done is not None and key not in self._waiting:
                self._post(done)

    def _next(self, key: str) -> tuple[str, Work] | None:
        with self._lock:
            found = self._waiting.pop(key, None)
            if found is None:
                self._busy.discard(key)
            return found
