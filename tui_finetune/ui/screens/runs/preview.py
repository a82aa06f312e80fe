"""The chart of the run under the cursor, where the screen has room for it: read in a thread, newest look only."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from tui_finetune.live.bulk import first_look
from tui_finetune.live.charting import Charting
from tui_finetune.live.metrics import LOSS, metrics
from tui_finetune.live.reader import RunRow
from tui_finetune.live.series import History
from tui_finetune.live.spans import EMPTY, Line
from tui_finetune.runs.layout import RunPaths
from tui_finetune.runs.tail import read_events, whole_lines
from tui_finetune.ui.messages import Told

if TYPE_CHECKING:
    from tui_finetune.ui.bridge import Bridge

LINES = 12
"""Of the chart, its heading and the blank before it."""
LONG = 1_048_576
"""Events of more bytes are looked at here and there."""
AGAIN_SECONDS = 2.0
"""Between two looks at a run that lives."""


@dataclass
class RunCharted(Told):
    """The points of a run were read."""

    run_id: str
    history: History


def read(paths: RunPaths) -> Message:
    """Blocking: a history that is good enough for a small chart."""
    end = whole_lines(paths.events)
    history = History(read_events(paths)) if end <= LONG else first_look(paths.events, end)
    return RunCharted(paths.id, history)


class Preview:
    """Which run's points are there, and when they were read."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self._wanted: str | None = None
        self._asked = 0.0
        self._history: History | None = None
        self._charting = Charting()

    def want(self, row: RunRow | None) -> None:
        """The run under the cursor; one that lives is read again now and then."""
        if row is None:
            self._wanted, self._history = None, None
            return
        other = row.id != self._wanted
        if not other and not (row.status.live and time.monotonic() - self._asked >= AGAIN_SECONDS):
            return
        if other:
            self._history, self._charting = None, Charting()
        self._wanted, self._asked = row.id, time.monotonic()
        paths = row.info.paths
        self._bridge.latest("runs.chart", f"Chart of {row.info.title}", lambda stale: read(paths))

    def take(self, message: RunCharted) -> bool:
        """True where it is of the run that is wanted still."""
        if message.run_id != self._wanted:
            return False
        self._history = message.history
        self._charting.forget()
        return True

    def lines(self, width: int, height: int, *, ascii: bool) -> Sequence[Line]:
        """The loss, or the first metric that there is; nothing while there are no points."""
        if self._history is None or not (found := metrics(self._history)):
            return ()
        metric = next((one for one in found if one.name == LOSS.name), found[0])
        return [EMPTY, *self._charting.lines(metric, self._history, width, height - 1, ascii=ascii)]
