"""The Control tab: every request with its answers, every change with who made it and why."""

from __future__ import annotations

import time
from collections.abc import Sequence

from tui_finetune.live.columns import head_line
from tui_finetune.live.control import Asked, asked
from tui_finetune.live.control_page import asked_below, asked_facts, asked_line, columns
from tui_finetune.live.offers import ON, Offer, off
from tui_finetune.live.spans import EMPTY, Line, fact_lines, line, wrap
from tui_finetune.ui.screens.run.pane import Pane
from tui_finetune.ui.screens.run.places import CONTROL
from tui_finetune.ui.widgets.sheet import TextSheet
from tui_finetune.ui.widgets.table import Table

BELOW = 3
"""Lines for the row under the cursor: a blank, what became of it, why."""


class ControlPane(Table, Pane):
    """One row a request, the newest last."""

    PLACE = CONTROL

    def __init__(self) -> None:
        super().__init__(id="control")
        self._made_of: tuple[object, ...] = ()
        self._rows: Sequence[Asked] = ()

    def rows(self) -> Sequence[Asked]:
        """Made anew where something was asked or answered, an attempt began, or the run ended."""
        look = self.look
        if look is None:
            return ()
        history = look.history
        waiting = tuple(one.id for one in look.waiting)
        made_of = (id(history), len(history.requests), len(history.attempts), history.end is not None, waiting)
        if made_of != self._made_of:
            at_end = self.cursor >= len(self._rows) - 1
            self._made_of, self._rows = made_of, asked(history, look.waiting)
            if at_end:
                self.cursor = max(0, len(self._rows) - 1)
        return self._rows

    def _current(self) -> Asked | None:
        rows = self.rows()
        return rows[self.cursor] if self.cursor < len(rows) else None

    def count(self) -> int:
        return len(self.rows())

    def head(self, width: int) -> Line:
        return head_line(columns(width))

    def row(self, index: int, width: int) -> Line:
        return asked_line(self.rows()[index], width + 3, time.time())

    def picture(self, width: int, height: int) -> Sequence[Line]:
        if (one := self._current()) is not None:
            rows = list(super().picture(width, height - BELOW))
            return [*rows, *([EMPTY] * (height - BELOW + 1 - len(rows))), *asked_below(one, width)]
        why = "Nothing was asked of this run. c changes a value while it goes on, p pauses it, w saves, v evaluates."
        return [self.head(width), EMPTY, *(line("   ", *part) for part in wrap(why, width - 6, token="muted"))]

    @property
    def room(self) -> int:
        return max(1, super().room - BELOW)

    def moved(self) -> None:
        self.repaint()

    def row_offer(self) -> Offer:
        return ON if self._current() is not None else off("Nothing was asked.")

    def do_list_open(self) -> None:
        one = self._current()
        assert one is not None
        facts = asked_facts(one, time.time())
        self.page.open_sheet(TextSheet(f"{one.action.capitalize()}", lambda width: fact_lines(facts, width)))
