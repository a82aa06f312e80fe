"""Writing events: one JSON object a line, appended by the one process that has claimed the attempt.

Lines stay under 4 kB: longer ones were torn by kill -9 in three of fifteen tries, short ones in none.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tui_finetune.runs import atomic
from tui_finetune.runs.layout import VERSION, RunPaths

logger = logging.getLogger(__name__)

LINE_LIMIT = 4096
"""Bytes of a line, its newline included."""
WAITING_LIMIT = 4_000_000
"""Bytes of lines that wait in memory while the disk is full; then the oldest go."""
TEXT_LIMITS = (1_500, 400, 100)
"""Characters of a text within an event, tried in this order until the line is short enough."""
LISTS_PER_LINE = 2_800
"""Bytes for the lists of one line; the rest of the line has its names and numbers."""

Listener = Callable[[Mapping[str, Any]], None]


class EventWriter:
    """The one writer of events.jsonl. Thread-safe; nothing that goes wrong here is raised into training."""

    def __init__(self, paths: RunPaths, attempt: int) -> None:
        self.attempt = attempt
        """Number of the attempt that is told of."""
        self._lock = threading.RLock()
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._dropped = 0
        self._torn = False
        self._path = paths.events
        self._handle: int | None = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._seq, ended = _last_line(self._path)
        if not ended:
            self._enqueue(b"\n")
            self._flush()
        self.listener: Listener | None = None
        """Told every event after it was written; what it raises goes to the log."""

    def write(self, event: str, **fields: Any) -> None:
        """Appends an event. Long lists go on in `values` events, long texts are cut; the event says so."""
        with self._lock:
            if self._handle is None:
                logger.debug("event after the end: %s", event)
                return
            told = []
            for part in _parts(event, fields):
                self._seq += 1
                head = {"v": VERSION, "seq": self._seq, "t": round(time.time(), 3), "attempt": self.attempt}
                whole, line = _line({**head, **part})
                self._enqueue(line)
                told.append(whole)
            self._flush()
        for whole in told:
            self._tell(whole)

    def close(self) -> None:
        """Writes what waits, syncs, closes. A second call does nothing."""
        with self._lock:
            if self._handle is None:
                return
            self._flush()
            if self._waiting:
                logger.warning("%d events could not be written to %s", len(self._waiting), self._path)
            with contextlib.suppress(OSError):
                os.fsync(self._handle)
            os.close(self._handle)
            self._handle = None

    def _tell(self, event: Mapping[str, Any]) -> None:
        if self.listener is None:
            return
        try:
            self.listener(event)
        except Exception:
            logger.exception("the listener of %s failed", event.get("event"))

    def _enqueue(self, line: bytes) -> None:
        self._waiting.append(line)
        self._waiting_bytes += len(line)
        # The first may be half on the disk: it stays, so that the rest of it still makes a whole line.
        while self._waiting_bytes > WAITING_LIMIT and len(self._waiting) > 1:
            self._waiting_bytes -= len(self._waiting[1])
            del self._waiting[1]
            self._dropped += 1

    def _flush(self) -> None:
        """Writes what waits, as far as there is room; a line that was cut by a full disk is finished later."""
        if self._handle is None:
            return
        try:
            while self._waiting:
                written = os.write(self._handle, self._waiting[0])
                self._waiting_bytes -= written
                if written < len(self._waiting[0]):
                    self._waiting[0] = self._waiting[0][written:]
                    continue
                self._waiting.popleft()
        except OSError as error:
            logger.debug("events wait: %s", error)
            return
        if self._dropped:
            dropped, self._dropped = self._dropped, 0
            self.write("warning", message=f"{dropped:,} events were lost: the disk was full for too long.")


def _last_line(path: Path) -> tuple[int, bool]:
    """The last seq in the file, and whether the file ends with a newline (or is empty)."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        if end == 0:
            return 0, True
        block = 65_536
        while True:
            start = max(0, end - block)
            file.seek(start)
            tail = file.read(end - start)
            seq = _last_seq(tail)
            if seq is not None or start == 0:
                return seq or 0, tail.endswith(b"\n")
            block *= 4


def _last_seq(tail: bytes) -> int | None:
    from tui_finetune.runs.tail import parse

    for line in reversed(tail.splitlines()):
        event = parse(line)
        if not event.broken and event.seq:
            return event.seq
    return None


def _line(event: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """The event as it is written, and its line; texts are cut where it would be too long, and the event says so."""
    line = _encoded(event)
    for limit in TEXT_LIMITS:
        if len(line) <= LINE_LIMIT:
            return event, line
        cut = {key: _shorter(value, limit) for key, value in event.items()}
        event = {**cut, "cut": True}
        line = _encoded(event)
    if len(line) > LINE_LIMIT:
        kept = {key: value for key, value in event.items() if isinstance(value, int | float | bool)}
        left_out = [key for key in event if key not in kept and key != "event"][:20]
        event = {**kept, "event": event["event"], "cut": True, "left_out": [str(key)[:40] for key in left_out]}
        line = _encoded({key: event[key] for key in [*list(event)[:40]]} if len(event) > 60 else event)
    return event, line


def _encoded(event: Mapping[str, Any]) -> bytes:
    return (atomic.dumps(event) + "\n").encode("utf-8", "backslashreplace")


def _shorter(value: Any, limit: int) -> Any:
    if isinstance(value, str):
        return value if len(value) <= limit else value[:limit] + "…"
    if isinstance(value, Mapping):
        kept = list(value.items())[: max(4, limit // 20)]
        return {str(key)[:100]: _shorter(one, limit) for key, one in kept}
    if isinstance(value, list | tuple):
        return [_shorter(one, limit) for one in value[: max(4, limit // 20)]]
    return value


def _parts(event: str, fields: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The event, and where its lists of numbers are too long for a line, `values` events that go on with them."""
    lists = {key: list(value) for key, value in fields.items() if _is_numbers(value)}
    size = len(atomic.dumps(lists)) if lists else 0
    if size <= LISTS_PER_LINE:
        yield {"event": event, **fields}
        return
    longest = max(len(values) for values in lists.values())
    chunk = max(1, longest * LISTS_PER_LINE // (size + 1) - 1)
    total = {key: len(values) for key, values in lists.items()}
    yield {"event": event, **fields, **{key: values[:chunk] for key, values in lists.items()}, "total": total}
    for start in range(chunk, longest, chunk):
        rest = {key: values[start : start + chunk] for key, values in lists.items() if len(values) > start}
        step = {"step": fields["step"]} if "step" in fields else {}
        yield {"event": "values", "of": event, **step, "offset": start, "total": total, **rest}


def _is_numbers(value: Any) -> bool:
    return isinstance(value, list | tuple) and len(value) > 1 and all(isinstance(one, int | float) for one in value)
