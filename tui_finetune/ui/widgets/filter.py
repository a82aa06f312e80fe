"""The filter: a field in place of the message line."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.widget import Widget

from tui_finetune.ui.actions import FIELD, Place

if TYPE_CHECKING:
    from tui_finetune.ui.page import Page


class FilterRow(Widget):
    """`/ words`: enter keeps it, esc clears it. The field itself is imported when it is opened."""

    FIELD_PLACE: ClassVar[Place] = FIELD
    DEFAULT_CSS = "FilterRow { layout: horizontal; height: 1; width: 1fr; }"

    def __init__(self, text: str, came_from: Widget | None) -> None:
        super().__init__()
        self._text = text
        self.came_from = came_from

    def compose(self) -> ComposeResult:
        from tui_finetune.ui.widgets.field import Field, Label

        yield Label(" / ")
        yield Field(self._text)

    def on_mount(self) -> None:
        from tui_finetune.ui.widgets.field import Field

        self.query_one(Field).focus()
        cast("Page", self.screen).call_after_refresh(cast("Page", self.screen).repaint)

    @property
    def page(self) -> Page:
        return cast("Page", self.screen)

    def do_list_open(self) -> None:
        self.page.close_filter(keep=True)

    def do_app_back(self) -> None:
        self.page.close_filter(keep=False)

    def do_pane_next(self) -> None:
        self.page.close_filter(keep=True)

    def do_pane_previous(self) -> None:
        self.page.close_filter(keep=True)
