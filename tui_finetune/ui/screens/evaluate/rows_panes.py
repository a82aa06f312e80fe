"""The rows of an evaluation: a list of which only the part in sight is in memory, the row under the cursor, a row whole."""

from __future__ import annotations

from collections.abc import Sequence

from tui_finetune.live import evaluation_page
from tui_finetune.live.columns import Column
from tui_finetune.live.offers import Offer, off
from tui_finetune.live.row_page import row_lines
from tui_finetune.live.spans import EMPTY, Line, line, muted, wrap
from tui_finetune.ui.screens.evaluate.panes import Pane
from tui_finetune.ui.screens.evaluate.places import ROW, ROWS
from tui_finetune.ui.widgets.painted import Painted
from tui_finetune.ui.widgets.table import Lines, Table

AROUND = 60
"""Rows fetched before and behind those that are in sight, so that moving on waits for nothing."""


class _Trying(Pane):
    """Where a row can be tried."""

    def do_item_try(self) -> None:
        self.evaluate.try_row()


class RowsPane(Table, _Trying):
    """The rows that match, in their order."""

    PLACE = ROWS

    def __init__(self) -> None:
        super().__init__(id="rows")

    def count(self) -> int:
        looking = self.looking
        return len(looking.numbers) if looking is not None and looking.numbers is not None else 0

    def _columns(self, width: int) -> Sequence[Column]:
        looking = self.looking
        if looking is None:
            return ()
        tokens = "tokens" in looking.measured.report
        return evaluation_page.row_columns(width, tagged=looking.tagged, same=looking.same, tokens=tokens)

    def head(self, width: int) -> Line | None:
        looking = self.looking
        if looking is None or looking.stored is None:
            return None
        return evaluation_page.rows_head(self._columns(width), looking.order.by, looking.order.reverse)

    def row(self, index: int, width: int) -> Line:
        looking = self.looking
        assert looking is not None
        number = looking.number_at(index)
        assert number is not None
        return evaluation_page.predicted_line(number, looking.rows.get(number), self._columns(width + 3))

    def picture(self, width: int, height: int) -> Sequence[Line]:
        looking = self.looking
        if looking is None:
            return self.evaluate.nothing(width)
        if not self.count():
            head = self.head(width)
            why = wrap(self.evaluate.why_no_rows(), width - 6, token="muted")
            return [*([head] if head is not None else []), EMPTY, *(line("   ", *part) for part in why)]
        lines = super().picture(width, height)
        if looking.missing(self.top, self.top + height):
            self.evaluate.fetch(self.top - AROUND, self.top + height + AROUND)
        return lines

    def moved(self) -> None:
        self.evaluate.row_under_cursor()

    def open_offer(self) -> Offer:
        offer = super().open_offer()
        return offer if offer.on or self.looking is None or self.looking.stored is None else off("No row matches.")

    def do_list_open(self) -> None:
        self.evaluate.open_row()


class RowDetail(Painted, Pane):
    """The row under the cursor, below the list."""

    DEFAULT_CSS = "RowDetail { height: 9; margin: 1 0 0 0; }"

    def picture(self, width: int, height: int) -> Sequence[Line]:
        return whole_lines(self, width)[:height]


class RowPane(Lines, _Trying):
    """One row, whole; `j` and `k` go to the next and the one before."""

    PLACE = ROW

    def __init__(self) -> None:
        super().__init__(id="row")
        self._made: list[Line] = []

    def picture(self, width: int, height: int) -> Sequence[Line]:
        self._made = whole_lines(self, width)
        return super().picture(width, height)

    def count(self) -> int:
        return len(self._made)

    def parts(self, index: int, width: int) -> Sequence[Line]:
        return [self._made[index]]

    def do_list_down(self) -> None:
        self._step(1)

    def do_list_up(self) -> None:
        self._step(-1)

    def _step(self, by: int) -> None:
        self.top = 0
        rows = self.evaluate.query_one(RowsPane)
        rows.move(rows.cursor + by)

    def do_list_top(self) -> None:
        self._step(-self.evaluate.query_one(RowsPane).count())

    def do_list_end(self) -> None:
        self._step(self.evaluate.query_one(RowsPane).count())


def whole_lines(pane: Pane, width: int) -> list[Line]:
    """The row under the cursor with everything that is stored of it; nothing while it is being read."""
    looking = pane.looking
    number = pane.evaluate.number
    if looking is None or number is None:
        return []
    if looking.whole is None or looking.whole[0] != number:
        return [line(" ", muted("–"))]
    _, row, theirs = looking.whole
    other = None
    if theirs is not None and looking.compared is not None:
        other = (looking.compared.other.short, theirs)
    return row_lines(row, number, looking.measured.split, looking.labels, width, other)
