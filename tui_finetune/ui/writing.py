"""The thread that writes to the terminal, where the terminal takes nothing: a line that was cut, a program that holds it.

The library waits for it without end, in the event loop too: neither a key nor a signal would be answered any more.
"""

from __future__ import annotations

import contextlib
import queue
import signal
import termios
import threading
from typing import Final

from textual.drivers._writer_thread import WriterThread

TAKES_SECONDS = 2.0
"""A terminal that has not taken what was painted for so long when the program ends is not waited for."""
TRIES, TRY_SECONDS = 10, 0.1
GIVE_BACK: Final = "\x1b[?2004l\x1b[?7h\x1b[?1000l\x1b[?1006l\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l"
"""Pastes, mouse and keys as they were, the other screen, the cursor: what a program says at its end."""


def pieces(thread: WriterThread) -> queue.Queue[str | None]:
    """What it has not written yet."""
    found: queue.Queue[str | None] = vars(thread)["_queue"]
    return found


def unbounded(thread: WriterThread) -> None:
    """Whoever paints waits no more: what nobody asked for is held back before (`pace.py`), so the pieces are few."""
    pieces(thread).maxsize = 0


def ended(thread: WriterThread, fileno: int) -> bool:
    """Ends it; what the terminal does not take is thrown away, but that it is given back. False where not even that goes."""
    pieces(thread).put(None)
    thread.join(TAKES_SECONDS)
    if not thread.is_alive():
        return True
    _throw_away(thread)
    before = signal.signal(signal.SIGWINCH, lambda number, frame: None)  # one that is ignored wakes no thread
    try:
        for _ in range(TRIES):
            _make_room(thread, fileno)
            thread.join(TRY_SECONDS)
            if not thread.is_alive():
                return True
    finally:
        signal.signal(signal.SIGWINCH, before)
    return False


def _throw_away(thread: WriterThread) -> None:
    waiting = pieces(thread)
    try:
        while True:
            waiting.get_nowait()
    except queue.Empty:
        waiting.put(GIVE_BACK)
        waiting.put(None)


def _make_room(thread: threading.Thread, fileno: int) -> None:
    """Empties the terminal's buffer and wakes the thread, which sleeps in a write and would not look."""
    with contextlib.suppress(termios.error):
        termios.tcflush(fileno, termios.TCOFLUSH)
    if thread.ident is not None:
        signal.pthread_kill(thread.ident, signal.SIGWINCH)
