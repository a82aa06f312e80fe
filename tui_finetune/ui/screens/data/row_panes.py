"""The panes of one row: in short below the table, whole beside it, opened on the whole screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from tui_finetune.live import data_rows
from tui_finetune.live.data_row import row_lines
from tui_finetune.live.labelling import told_edits
from tui_finetune.live.spans import EMPTY, Line, line, muted, wrap
from tui_finetune.live.tokens_beside import beside_lines
from tui_finetune.ui.screens.data.messages import RowRead
from tui_finetune.ui.screens.data.panes import Pane
from tui_finetune.ui.screens.data.places import ROW
from tui_finetune.ui.widgets.painted import Painted
from tui_finetune.ui.widgets.table import Lines


class Below(Pane, Painted):
    """The row under the cursor in short, and the lengths of all."""

    DEFAULT_CSS = "Below { height: 6; margin: 1 0 0 0; }"

    def picture(self, width: int, height: int) -> Sequence[Line]:
        page = self.data_page
        if page.found is None:
            return ()
        if page.has_class("-wide"):
            return [data_rows.lengths_line(page.found, width)]
        number, cells, _ = page.table.read(page.table.cursor)
        return data_rows.below_lines(page.found, number, cells, width)[:height]


class OneRow(Pane):
    """A row whole, as lines at a width."""

    SHORT: ClassVar[bool] = False
    """True where there is no room for tokens side by side."""

    def row_lines(self, width: int, *, ids: bool = False) -> list[Line]:
        page = self.data_page
        read = page.row_read
        if page.found is None or read is None:
            return [line("   ", muted("–"))]
        tokens, beside = read.tokens, None if self.SHORT else read.beside
        place = (read.index, page.count)
        lines = row_lines(page.found, place, read.number, read.row, tokens, width, ids=ids, pieces=beside is None)
        if tokens is not None and beside is not None:
            lines += [EMPTY, *beside_lines(tokens, beside, width)]
        elif tokens is not None and read.beside_why:
            lines += [line(" ", *part) for part in wrap(f"beside: {read.beside_why}", width - 2, token="muted")]
        lines += self._edits(read, width)
        return lines if read.tokens is not None else [*lines, EMPTY, *self._why(read, width)]

    def _edits(self, read: RowRead, width: int) -> list[Line]:
        page = self.data_page
        edits = page.edits_of(read.number)
        if page.found is None or edits is None:
            return []
        told = told_edits(page.found, edits, changed=read.number in page.edits.changed)
        return [EMPTY, *(line(" ", *part) for one in told for part in wrap(f"+ {one}", width - 2, token="accent"))]

    def _why(self, read: RowRead, width: int) -> list[Line]:
        return (
            [line(" ", *part) for part in wrap(f"no tokens: {read.why}", width - 2, token="muted")] if read.why else []
        )


class Beside(OneRow, Painted):
    """The row under the cursor, whole, beside the table where there is room."""

    DEFAULT_CSS = "Beside { display: none; }"
    SHORT = True

    def picture(self, width: int, height: int) -> Sequence[Line]:
        lines = self.row_lines(width)
        if len(lines) > height:
            lines = [
                *lines[: height - 1],
                line(" ", muted(f"… {len(lines) - height + 1:,} more lines; enter shows all")),
            ]
        return lines


class RowPane(OneRow, Lines):
    """One row, opened: j and k step to its neighbours."""

    PLACE = ROW

    def __init__(self) -> None:
        super().__init__(id="row")
        self.ids = False
        self._shown: tuple[object, int, bool] | None = None
        self._made: list[Line] = []

    def _lines(self) -> list[Line]:
        """Made once for each row and width: a long one takes time to wrap."""
        width = self.size.width or 80
        now = ((self.data_page.row_read, self.data_page.edits), width, self.ids)
        if now != self._shown:
            self._shown, self._made = now, self.row_lines(width, ids=self.ids)
        return self._made

    def count(self) -> int:
        return len(self._lines())

    def parts(self, index: int, width: int) -> Sequence[Line]:
        return [self._lines()[index]]

    def step(self, to: int) -> None:
        self.data_page.table.move(to)
        self.top = 0
        self.data_page.ask_row()

    def do_list_down(self) -> None:
        self.step(self.data_page.table.cursor + 1)

    def do_list_up(self) -> None:
        self.step(self.data_page.table.cursor - 1)

    def do_list_top(self) -> None:
        self.step(0)

    def do_list_end(self) -> None:
        self.step(self.data_page.count - 1)
