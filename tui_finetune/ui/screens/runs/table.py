"""The list itself: rows of all runs, of which only the visible ones are made."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from tui_finetune.live.columns import head_line
from tui_finetune.live.listing import Arranged
from tui_finetune.live.reader import RunRow
from tui_finetune.live.runs_page import columns, detail_lines, list_line
from tui_finetune.live.spans import EMPTY, Line, line, muted
from tui_finetune.ui.screens.runs.places import LIST_OF_RUNS
from tui_finetune.ui.widgets.painted import Painted
from tui_finetune.ui.widgets.table import Table

if TYPE_CHECKING:
    from tui_finetune.ui.screens.runs.page import RunsPage


class RunsTable(Table):
    """Runs in the order of the page's view."""

    PLACE = LIST_OF_RUNS

    def __init__(self) -> None:
        super().__init__(id="runs")
        self.arranged = Arranged((), {})

    @property
    def home_page(self) -> RunsPage:
        return cast("RunsPage", self.screen)

    @property
    def current(self) -> RunRow | None:
        rows = self.arranged.rows
        return rows[self.cursor] if 0 <= self.cursor < len(rows) else None

    def count(self) -> int:
        return len(self.arranged.rows)

    def head(self, width: int) -> Line:
        view = self.home_page.view
        return head_line(columns(width), sort=view.sort, reverse=view.reverse)

    def row(self, index: int, width: int) -> Line:
        return list_line(self.arranged.rows[index], columns(width + 3), time.time())

    def marked(self, index: int) -> bool:
        return self.arranged.rows[index].id in self.home_page.marked

    def moved(self) -> None:
        self.home_page.cursor_moved()

    def show(self, arranged: Arranged, keep: str | None) -> None:
        """Takes the rows of a new look; the cursor stays on its run and the list does not scroll under it."""
        before = self.cursor
        self.arranged = arranged
        place = next((i for i, row in enumerate(arranged.rows) if row.id == keep), None)
        if place is not None:
            self.cursor = place
            self.top = max(0, self.top + place - before)
        self.repaint()

    def picture(self, width: int, height: int) -> Sequence[Line]:
        if self.count():
            return super().picture(width, height)
        return [self.head(width), EMPTY, line("   ", muted(self.home_page.why_empty()))]


class Detail(Painted):
    """The lines below the list: how the run under the cursor goes, and its chart where the screen is tall."""

    DEFAULT_CSS = """
    Detail { height: 7; margin: 1 0 0 0; }
    Detail.-tall { height: 18; }
    """

    def picture(self, width: int, height: int) -> Sequence[Line]:
        page = cast("RunsPage", self.screen)
        if page.row is None:
            return ()
        lines = detail_lines(page.row, width, time.time())
        if page.preview is not None and self.has_class("-tall"):
            lines += page.preview.lines(width, height - len(lines), ascii=self.ui.look.ascii)
        return lines[:height]
