"""A list of any length of which only the visible lines are made: cursor, marks, scrolling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events

from tui_finetune.live.spans import EMPTY, Line, Span, blanks
from tui_finetune.text import Shown
from tui_finetune.ui.actions import LIST, Place
from tui_finetune.ui.widgets.painted import Painted


class Table(Painted, can_focus=True):
    """Subclasses say how many rows there are, and what a row and the head look like."""

    PLACE: ClassVar[Place] = LIST

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.cursor = 0
        self.top = 0
        """The first row that is shown."""

    def count(self) -> int:
        raise NotImplementedError

    def row(self, index: int, width: int) -> Line:
        """A row without the three cells of cursor and mark."""
        raise NotImplementedError

    def head(self, width: int) -> Line | None:
        """The titles of the columns."""
        return None

    def marked(self, index: int) -> bool:
        return False

    def moved(self) -> None:
        """The cursor stands on another row."""

    @property
    def _head_lines(self) -> int:
        return 1 if self.head(self.size.width) is not None else 0

    @property
    def room(self) -> int:
        """Rows that there is room for."""
        return max(1, self.size.height - self._head_lines)

    def picture(self, width: int, height: int) -> Sequence[Line]:
        head = self.head(width)
        lines = [head] if head is not None else []
        self._keep_in_sight()
        for index in range(self.top, min(self.count(), self.top + height - len(lines))):
            lines.append(self._line(index, width))
        return lines

    def _line(self, index: int, width: int) -> Line:
        cursor = "▸" if index == self.cursor else " "
        mark = "+" if self.marked(index) else " "
        row = self.row(index, width - 3)
        return (blanks(1), Span(Shown(cursor), "accent"), Span(Shown(mark), "accent"), *row)

    def cursor_line(self) -> int | None:
        at = self.cursor - self.top + self._head_lines
        return at if self.count() and 0 <= at < self.size.height else None

    def _keep_in_sight(self) -> None:
        count, room = self.count(), self.room
        self.cursor = min(max(0, self.cursor), max(0, count - 1))
        self.top = min(max(self.top, self.cursor - room + 1), self.cursor)
        self.top = max(0, min(self.top, count - room))

    def move(self, to: int) -> None:
        """Puts the cursor on a row."""
        before = self.cursor
        self.cursor = min(max(0, to), max(0, self.count() - 1))
        if self.cursor != before:
            self.moved()
        self.repaint()

    def do_list_down(self) -> None:
        self.move(self.cursor + 1)

    def do_list_up(self) -> None:
        self.move(self.cursor - 1)

    def do_list_page_down(self) -> None:
        self.move(self.cursor + self.room)

    def do_list_page_up(self) -> None:
        self.move(self.cursor - self.room)

    def do_list_top(self) -> None:
        self.move(0)

    def do_list_end(self) -> None:
        self.move(self.count() - 1)

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor; on the row that has it already it opens."""
        event.stop()
        index = self.top + event.y - self._head_lines
        if event.y < self._head_lines or not 0 <= index < self.count():
            return
        self.focus()
        if index == self.cursor:
            self.page.press("list.open")
        else:
            self.move(index)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.move(self.cursor + 3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.move(self.cursor - 3)


class Lines(Painted, can_focus=True):
    """Text of any length, scrolled by its lines; long ones are wrapped where they are shown."""

    PLACE: ClassVar[Place] = Place("text", "text", LIST.actions)

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.top = 0
        self.following = False
        """True while the newest lines stay in sight."""

    def count(self) -> int:
        raise NotImplementedError

    def parts(self, index: int, width: int) -> Sequence[Line]:
        """A line of the text as the lines that it takes at this width, at least one."""
        raise NotImplementedError

    def empty(self, width: int) -> Sequence[Line]:
        """What is shown where there is no line."""
        return ()

    def picture(self, width: int, height: int) -> Sequence[Line]:
        count = self.count()
        if not count:
            return self.empty(width)
        last = self._last_top(width, height)
        self.top = last if self.following else min(self.top, last)
        lines: list[Line] = []
        for index in range(self.top, count):
            lines += self.parts(index, width)
            if len(lines) >= height:
                break
        return lines[-height:] if self.following else lines[:height]

    def _last_top(self, width: int, height: int) -> int:
        """The line from which all to the end are in sight."""
        room, index = height, self.count()
        while index > 0 and room > 0:
            room -= len(self.parts(index - 1, width))
            if room < 0 and index < self.count():
                break
            index -= 1
        return index

    def scroll_by(self, lines: int) -> None:
        self.following = False
        self.top = min(max(0, self.top + lines), max(0, self._last_top(*self.size)))
        self.repaint()

    def do_list_down(self) -> None:
        self.scroll_by(1)

    def do_list_up(self) -> None:
        self.scroll_by(-1)

    def do_list_page_down(self) -> None:
        self.scroll_by(max(1, self.size.height - 1))

    def do_list_page_up(self) -> None:
        self.scroll_by(-max(1, self.size.height - 1))

    def do_list_top(self) -> None:
        self.scroll_by(-self.count())

    def do_list_end(self) -> None:
        self.following = True
        self.repaint()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.scroll_by(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.scroll_by(-3)


BLANK_LINE = EMPTY
