"""stdout.log stays small: of a worker that prints without end its beginning and its newest part are kept."""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path

logger = logging.getLogger(__name__)

LARGEST = 64_000_000
"""Bytes of stdout.log above which its middle is taken out."""
HEAD = 1_000_000
TAIL = 8_000_000
LOOK_SECONDS = 10.0


class LogCap:
    """A daemon thread that looks at the size of the log every ten seconds."""

    def __init__(self, path: Path, interval: float = LOOK_SECONDS) -> None:
        self._path = path
        self._interval = interval
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="log cap", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def _run(self) -> None:
        while not self._closing.wait(self._interval):
            try:
                cut_middle(self._path)
            except OSError as error:
                logger.warning("%s is not cut: %s", self._path, error)


def cut_middle(path: Path, *, largest: int = LARGEST, head: int = HEAD, tail: int = TAIL) -> bool:
    """Takes the middle out of a file that has grown beyond `largest` bytes; True when it did.

    The writer has the file open for appending, so it goes on at the new end. What it writes in the instant between the
    two calls below is lost with the middle.
    """
    size = path.stat().st_size
    if size <= largest:
        return False
    with path.open("r+b") as file:
        file.seek(size - tail)
        kept = file.read()
        said = f"\n[… {size - head - tail:,} bytes of output left out here …]\n"
        file.truncate(head)
        os.lseek(file.fileno(), 0, os.SEEK_END)
        os.write(file.fileno(), said.encode() + kept)
    return True
