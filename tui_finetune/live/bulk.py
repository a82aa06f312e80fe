"""A long run's events read whole, many at once: a million in some seconds, in a thread, told of in between."""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tui_finetune.live.lines import event_line
from tui_finetune.live.series import History
from tui_finetune.runs.tail import Event, as_event, parse, whole_lines

PIECE = 131_072
"""Bytes of one piece: while it is parsed no other thread runs, and keys wait."""
LINES_KEPT = 20_000
"""Newest lines that are told; what is older is in the file."""
SAMPLES = 400
"""Lines of a first look, spread evenly over the file."""
ENDS = 65_536
"""Bytes at both ends of the file that a first look reads whole."""


class LongRun:
    """What was read: the history, and the newest events as lines."""

    def __init__(self) -> None:
        self.history = History()
        self.lines: deque[str] = deque(maxlen=LINES_KEPT)
        self.told = 0
        """Lines that there are, the kept ones and those before them."""
        self.files: list[Event] = []
        """Events that are not steps, in order: what the run's files are looked up by."""

    def read(self, path: Path, end: int, told: Callable[[int], bool]) -> int:
        """Reads up to a byte that ends a line; bytes read. told: called with them after each piece; False ends it."""
        done = 0
        with path.open("rb") as file:
            while done < end:
                data = file.read(min(PIECE, end - done))
                rest = data.rfind(b"\n") + 1
                if not rest:
                    more = file.readline()
                    data, rest = data + more, len(data) + len(more)
                    if not more:
                        break
                self._take(data[:rest], keep=end - done <= LINES_KEPT * 400)
                done += rest
                file.seek(done)
                if not told(done):
                    break
        return done

    def _take(self, data: bytes, *, keep: bool) -> None:
        """A piece. keep: it may hold some of the newest lines."""
        lines = [line for line in data.split(b"\n") if line.strip()]
        found = _documents(lines)
        if found is None:
            self._events([parse(line) for line in lines], keep=keep)
            return
        steps: list[dict[str, Any]] = []
        for raw, line in zip(found, lines, strict=True):
            if _plain_step(raw):
                steps.append(raw)
                continue
            self._steps(steps, keep=keep)
            steps = []
            self._events([parse(line)], keep=keep)
        self._steps(steps, keep=keep)

    def _steps(self, steps: Sequence[dict[str, Any]], *, keep: bool) -> None:
        if not steps:
            return
        self.history.feed_steps(steps)
        self.told += len(steps)
        if keep:
            for raw in steps[-LINES_KEPT:]:
                self._line(as_event(dict(raw)))

    def _events(self, events: Sequence[Event], *, keep: bool) -> None:
        for event in events:
            self.history.feed((event,))
            if event.name != "step":
                self.files.append(event)
            self.told += 1
            if keep:
                self._line(event)

    def _line(self, event: Event) -> None:
        text = event_line(event, self.history)
        if text is not None:
            self.lines.append(text)


def _plain_step(raw: dict[str, Any]) -> bool:
    """A `step` event as the worker writes it."""
    return (
        raw.get("event") == "step"
        and type(raw.get("step")) is int
        and type(raw.get("t")) is float
        and type(raw.get("seq")) is int
        and type(raw.get("attempt")) is int
    )


def _documents(lines: Sequence[bytes]) -> list[dict[str, Any]] | None:
    """All lines in one call of the parser; None where one is no JSON, or not one document alone."""
    try:
        found = json.loads(b"[" + b",".join(lines) + b"]")
    except (ValueError, RecursionError):
        return None
    alone = len(found) == len(lines) and all(type(one) is dict for one in found)
    return found if alone else None


def whole_history(path: Path) -> History:
    """Everything that a run has told so far."""
    run = LongRun()
    if end := whole_lines(path):
        run.read(path, end, lambda done: True)
    return run.history


def first_look(path: Path, end: int) -> History:
    """A picture of a long run at once: its beginning and its end whole, and some points between."""
    events: list[Event] = []
    with path.open("rb") as file:
        events += _whole(os.pread(file.fileno(), ENDS, 0), first=True)
        for place in range(1, SAMPLES):
            events += _whole(os.pread(file.fileno(), 4_096, end * place // SAMPLES))[:1]
        events += _whole(os.pread(file.fileno(), ENDS, max(0, end - ENDS)))
    return History(events)


def _whole(data: bytes, *, first: bool = False) -> list[Event]:
    """The lines that are whole in a piece of the file."""
    start = 0 if first else data.find(b"\n") + 1
    return [parse(line) for line in data[start : data.rfind(b"\n") + 1].split(b"\n") if line.strip()]
