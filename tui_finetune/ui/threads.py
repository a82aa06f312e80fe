"""Work in threads, for the bridge: each posts what it returns, a failure too, and holds nothing up.

They are daemons of our own: the event loop's would hold the program up at its end when a file system hangs.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections.abc import Callable

from textual.message import Message

from tui_finetune.errors import Problem, UserError, log_traceback
from tui_finetune.paths import Home
from tui_finetune.runs.layout import STAGING_PREFIX
from tui_finetune.ui import messages
from tui_finetune.ui.latest import Latest, Work

SETTLE_SECONDS = 3.0
"""The program's end waits so long for what is being written."""
_STAGED = re.compile(rf"^{re.escape(STAGING_PREFIX)}(.+)-[0-9a-f]{{8}}$")


class Threads:
    """All that is done outside the event loop."""

    def __init__(self, post: Callable[[Message], object], home: Home) -> None:
        self.home = home
        self._post_message = post
        self._stopped = threading.Event()
        self._said: set[str] = set()
        self._latest = Latest(self.post, self.guarded, self._thread)
        self._at_end: list[Callable[[], None]] = []

    def stop(self) -> None:
        """Nothing is posted any more; what was to be closed at the end is."""
        self._stopped.set()
        for close in self._at_end:
            self._thread(close, "end")

    def at_end(self, close: Callable[[], None]) -> None:
        """Called once, in a thread, when the interface ends: for helpers that a screen keeps warm."""
        self._at_end.append(close)

    def _thread(self, work: Callable[[], None], name: str) -> None:
        threading.Thread(target=work, name=f"bridge-{name}", daemon=True).start()

    def post(self, message: Message) -> None:
        """Tells the event loop. After its end nobody is told any more."""
        if not self._stopped.is_set():
            with contextlib.suppress(RuntimeError):  # the loop was closed between the look and the call
                self._post_message(message)

    def do(self, what: str, work: Callable[[], Message | None]) -> None:
        """Does work in a thread of its own and posts what it returns; a failure is posted too. what: for its message."""

        def run() -> None:
            done = self.guarded(what, work)
            if done is not None:
                self.post(done)

        self._thread(run, what)

    def latest(self, key: str, what: str, work: Work) -> None:
        """Does work of which only the newest counts, as what is typed is checked: one at a time for a key.

        While one runs the next waits, and what waited before it is never begun. The work is given a function that says
        whether something newer waits, so that long work can end early; its message is then dropped.
        """
        self._latest.do(key, what, work)

    def settled(self, key: str, seconds: float = SETTLE_SECONDS) -> bool:
        """Waits for the `latest` work of keys that begin so, at the program's end; False where it takes longer."""
        return self._latest.settled(key, seconds)

    def guarded(self, what: str, work: Callable[[], Message | None]) -> Message | None:
        """The work's message, or that it failed. Full tracebacks of our own defects go to the home's log."""
        try:
            return work()
        except UserError as error:
            return messages.WorkFailed(what, error.problems)
        except OSError as error:
            return messages.WorkFailed(what, (Problem(os_words(error)),))
        except Exception as error:  # noqa: BLE001 - the net under every thread: told on the screen, traceback kept
            log = log_traceback(error, self.home.log)
            return messages.WorkFailed(what, (Problem(f"{type(error).__name__}: {error}"),), log)

    def _once(self, message: Message | None) -> None:
        """Posts it; the same failure again and again is told once."""
        if isinstance(message, messages.WorkFailed):
            text = f"{message.what} {message.problems}"
            if text in self._said:
                return
            self._said.add(text)
        if message is not None:
            self.post(message)


def os_words(error: OSError) -> str:
    """Why, then where: of a path that is cut at the edge of a screen the reason is still read.

    A file is written beside its place and renamed: the place is what is told.
    """
    if not error.filename:
        return str(error.strerror or error)
    folder, name = os.path.split(os.fspath(error.filename))
    place = os.path.join(folder, _STAGED.sub(r"\1", name))
    return f"{error.strerror}: {place}"
