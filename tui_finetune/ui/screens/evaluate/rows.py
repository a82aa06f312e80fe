"""The rows of the evaluation that is open: asked for, found, read; the one under the cursor whole."""

from __future__ import annotations

from tui_finetune.live.label_figures import LabelFigures
from tui_finetune.live.row_filter import RowFilter
from tui_finetune.ui.screens.evaluate import messages
from tui_finetune.ui.screens.evaluate.actions import EvaluateActions
from tui_finetune.ui.screens.evaluate.panes import GridPane
from tui_finetune.ui.screens.evaluate.rows_panes import RowDetail, RowPane, RowsPane


class Rows(EvaluateActions):
    """A page that shows them."""

    def __init__(self) -> None:
        super().__init__()
        self._fetching: tuple[int, int] | None = None

    @property
    def number(self) -> int | None:
        """Place of the row under the cursor."""
        return self.looking.number_at(self.query_one(RowsPane).cursor) if self.looking is not None else None

    def _is_open(self, key: str) -> bool:
        return self.looking is not None and self.looking.measured.key == key

    def show_rows(self, wanted: RowFilter, *, group: str = "") -> None:
        """The rows of a label, a pair, a cell, a group of a comparison."""
        self.ask_rows(wanted, group)
        self.show_tab("rows")

    def ask_rows(self, wanted: RowFilter, group: str = "") -> None:
        looking = self.looking
        if looking is None or looking.stored is None:
            return
        looking.ask(wanted, group)
        self.work.match(looking.measured.key, looking.asked, wanted, looking.order, looking.among)
        self.repaint()

    def fetch(self, first: int, last: int) -> None:
        """Rows that come into sight, once each."""
        looking = self.looking
        if looking is not None and self._fetching != (first, last):
            self._fetching = (first, last)
            self.work.fetch(looking.measured.key, looking.missing(first, last))

    def row_under_cursor(self) -> None:
        """The row under the cursor is read whole."""
        number = self.number
        if self.looking is not None and number is not None:
            self.work.whole(self.looking.measured.key, number)
        self.query_one(RowDetail).repaint()
        self.query_one(RowPane).repaint()

    def open_row(self) -> None:
        self.set_class(True, "-whole")
        row = self.query_one(RowPane)
        row.top = 0
        row.focus()
        self.call_after_refresh(self.repaint)

    def label_under_cursor(self, label: LabelFigures | None) -> None:
        """The grid beside the weakest labels stands around the one under the cursor."""
        looking = self.looking
        if looking is None or looking.confusion is None or label is None or label.label not in looking.confusion.labels:
            return
        looking.grid.focus = looking.confusion.labels.index(label.label)
        order = looking.confusion.around(looking.grid.focus)
        looking.grid.row = looking.grid.column = order.index(looking.grid.focus)
        self.query_one("#around", GridPane).repaint()

    def on_rows_matched(self, message: messages.RowsMatched) -> None:
        if (
            self._is_open(message.key)
            and self.looking is not None
            and self.looking.matched(message.asked, message.numbers)
        ):
            self._fetching = None
            rows = self.query_one(RowsPane)
            rows.cursor = rows.top = 0
            self.row_under_cursor()
            self.repaint()

    def on_rows_fetched(self, message: messages.RowsFetched) -> None:
        if self._is_open(message.key) and self.looking is not None:
            self._fetching = None
            self.looking.fetched(message.rows)
            self.query_one(RowsPane).repaint()

    def on_row_fetched(self, message: messages.RowFetched) -> None:
        if self._is_open(message.key) and self.looking is not None:
            self.looking.whole = (message.number, message.row, message.other)
            self.repaint()
