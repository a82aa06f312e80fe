"""What every sheet is: it rises from the bottom edge; the lines above stay visible and live. `esc` always closes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.widget import Widget

from tui_finetune.live.spans import Line, ends, line, muted, span
from tui_finetune.ui.actions import FIELD, SHEET, Place
from tui_finetune.ui.widgets.painted import Painted

if TYPE_CHECKING:
    from tui_finetune.ui.page import Page

ABOVE = 2
"""Lines of the content that a sheet leaves in sight: where am I, what runs, how far."""


class SheetRule(Painted):
    """The top edge of a sheet, with its title."""

    DEFAULT_CSS = "SheetRule { height: 1; }"

    def __init__(self, title: str) -> None:
        super().__init__()
        self.title = title

    def picture(self, width: int, height: int) -> Sequence[Line]:
        left = line(muted("─ "), span(self.title, "accent"), " ")
        right = line(muted(" esc closes ─"))
        rest = width - sum(len(one.text) for one in (*left, *right))
        return [ends((*left, muted("─" * max(0, rest))), right, width, gap=0)]


class Sheet(Widget):
    """Subclasses give `body` and the `do_…` of their actions."""

    PLACE: ClassVar[Place] = SHEET
    FIELD_PLACE: ClassVar[Place] = FIELD
    """What can be done while a field of the sheet has the keys."""
    DEFAULT_CSS = """
    Sheet { layer: sheet; dock: bottom; layout: vertical; width: 1fr; height: auto; background: ansi_default; }
    """

    def __init__(self, title: str) -> None:
        super().__init__()
        self.title = title
        self.came_from: Widget | None = None
        self.closing = False
        """It is on its way out, and has no say in what keys do."""

    def compose(self) -> ComposeResult:
        yield SheetRule(self.title)
        yield from self.body()

    def place(self) -> Place:
        """What can be done now."""
        return self.PLACE

    def body(self) -> ComposeResult:
        raise NotImplementedError

    def on_mount(self) -> None:
        self.fit()
        first = next((one for one in self.query("*") if one.can_focus), None)
        if first is not None:
            first.focus()
        self.call_after_refresh(self.page.repaint)

    @property
    def page(self) -> Page:
        return cast("Page", self.screen)

    def lines_wanted(self, width: int) -> int:
        """Lines of the body."""
        raise NotImplementedError

    def fit(self) -> None:
        """As high as it needs to be, and never over the lines that say what runs."""
        room = self.page.size.height - 5 - ABOVE
        self.styles.height = max(3, min(room, 1 + self.lines_wanted(self.page.size.width)))

    def close(self) -> None:
        page = self.page
        self.closing = True
        page.changing(self.remove())
        page.sheet_closed(self)

    def do_app_back(self) -> None:
        self.close()

    def do_list_open(self) -> None:
        """What `enter` does."""

    def do_pane_next(self) -> None:
        self.page.focus_next()

    def do_pane_previous(self) -> None:
        self.page.focus_previous()
