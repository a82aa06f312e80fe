"""A sheet to find one of many in: type to find, enter to take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input

from tui_finetune.live.spans import Line, line, muted
from tui_finetune.ui.actions import Action, Place
from tui_finetune.ui.widgets.field import Field, FieldRow
from tui_finetune.ui.widgets.sheet import Sheet
from tui_finetune.ui.widgets.table import Table

T = TypeVar("T")
LINES = 14


def find_place(name: str, title: str, take: str, help: str) -> Place:
    """What can be done in such a sheet. take, help: label of `enter`, and what it does."""
    return Place(
        name,
        title,
        (
            Action("list.open", take, help),
            Action("list.down", "Down", footer=False),
            Action("list.up", "Up", footer=False),
            Action("app.back", "Close", "Close the sheet; nothing changes."),
        ),
    )


class Found(Table, Generic[T], can_focus=False):
    """What matches, the first one under the cursor."""

    def __init__(self, sheet: FindSheet[T]) -> None:
        super().__init__()
        self._sheet = sheet
        self.found: Sequence[T] = ()

    def show(self, found: Sequence[T]) -> None:
        self.found = found
        self.cursor = self.top = 0
        self.repaint()

    def count(self) -> int:
        return len(self.found)

    def row(self, index: int, width: int) -> Line:
        return self._sheet.line_of(self.found[index], width)

    def picture(self, width: int, height: int) -> Sequence[Line]:
        return super().picture(width, height) if self.found else [line("   ", muted(self._sheet.NOTHING))]


class FindSheet(Sheet, Generic[T]):
    """Subclasses give PLACE and FIELD_PLACE, what matches, how it looks, and what becomes of the one that is taken."""

    LABEL: ClassVar[str] = "find"
    """What stands before the field."""
    NOTHING: ClassVar[str] = "Nothing is called that."
    """In place of rows."""

    def __init__(self, title: str, *, placeholder: str = "") -> None:
        super().__init__(title)
        self._placeholder = placeholder

    def matching(self, typed: str) -> Sequence[T]:
        raise NotImplementedError

    def line_of(self, one: T, width: int) -> Line:
        raise NotImplementedError

    def take(self, one: T) -> None:
        """Called once the sheet has closed."""
        raise NotImplementedError

    def body(self) -> ComposeResult:
        yield FieldRow(self.LABEL, Field(placeholder=self._placeholder))
        yield Found(self)

    def lines_wanted(self, width: int) -> int:
        return LINES

    def on_mount(self) -> None:
        self.find()

    def find(self) -> None:
        """Shows what matches what is typed; where there is something new to find it is called again."""
        for field in self.query(Field):  # none while the sheet is being made
            self._table.show(self.matching(field.value))

    @property
    def _table(self) -> Found[T]:
        return self.query_one(Found)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.find()

    def do_list_down(self) -> None:
        self._table.do_list_down()

    def do_list_up(self) -> None:
        self._table.do_list_up()

    def do_list_open(self) -> None:
        table = self._table
        if not table.found:
            self.page.say(self.NOTHING, "warn")
            return
        one = table.found[table.cursor]
        self.close()
        self.take(one)
