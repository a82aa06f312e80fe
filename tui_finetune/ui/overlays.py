"""What a screen opens over itself: the filter on its message line, sheets over its lower part. The next key waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

from textual.screen import Screen
from textual.widget import Widget

from tui_finetune.errors import Problem
from tui_finetune.live.spans import Line, line, span
from tui_finetune.ui.frames import ChangedCells
from tui_finetune.ui.widgets.filter import FilterRow
from tui_finetune.ui.widgets.frame import FooterLine, MessageLine

if TYPE_CHECKING:
    from tui_finetune.ui.app import TuiFinetune
    from tui_finetune.ui.widgets.sheet import Sheet


class Content(Widget):
    """The lines between rule and message; a sheet lies over their lower part."""

    DEFAULT_CSS = "Content { height: 1fr; layout: vertical; layers: base sheet; }"


class Overlays(Screen[None], inherit_bindings=False):
    """The part of a page that opens and closes things."""

    def __init__(self) -> None:
        super().__init__()
        self._compositor = ChangedCells(lambda: getattr(self.app._driver, "frames", None))

    @property
    def ui(self) -> TuiFinetune:
        return cast("TuiFinetune", self.app)

    def repaint(self) -> None:
        raise NotImplementedError

    @property
    def sheet(self) -> Sheet | None:
        """The sheet that is open."""
        raise NotImplementedError

    @property
    def filter_open(self) -> bool:
        return bool(self.query(FilterRow))

    def open_filter(self, text: str) -> None:
        """A field in place of the message line; the page's list follows what is typed."""
        if self.filter_open:
            return
        row = FilterRow(text, self.focused)
        self.query_one(MessageLine).display = False
        self.changing(self.mount(row, before=self.query_one(FooterLine)))

    def close_filter(self, *, keep: bool) -> None:
        for row in self.query(FilterRow):
            if row.came_from is not None:
                self.set_focus(row.came_from)
            self.changing(row.remove())
        self.query_one(MessageLine).display = True
        self.filter_closed(keep)
        self.call_after_refresh(self.repaint)

    def filter_closed(self, kept: bool) -> None:
        """The field is gone; what was typed stays, or is to be cleared."""

    def show_problems(self, what: str, problems: Sequence[Problem]) -> None:
        """All problems of something that failed."""
        from tui_finetune.live.spans import wrap
        from tui_finetune.ui.widgets.sheet import TextSheet

        def lines(width: int) -> list[Line]:
            return [line(" ", span("✗", "bad"), " ", *part) for one in problems for part in wrap(one, width - 4)]

        self.open_sheet(TextSheet(what, lines))

    def open_sheet(self, sheet: Sheet) -> None:
        """Opens a sheet over the lower part; one at a time."""
        if (old := self.sheet) is not None:
            old.closing = True
            self.changing(old.remove())
        sheet.came_from = old.came_from if old is not None else self.focused
        self.changing(self.query_one(Content).mount(sheet))

    def changing(self, change: Awaitable[Any]) -> None:
        """What opens or closes: the next key is taken after it."""
        self.ui.typing.after(change)

    def soon(self, act: Callable[[], object]) -> None:
        """Does it once what closes is gone; the next key is taken after it."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def do() -> None:
            try:
                act()
            finally:
                done.set_result(None)

        self.call_after_refresh(do)
        self.changing(done)

    def sheet_closed(self, sheet: Sheet) -> None:
        """The keys go back to where they came from."""
        came_from = sheet.came_from
        self.set_focus(came_from if came_from is not None and came_from.is_attached else None)
        self.call_after_refresh(self.repaint)
