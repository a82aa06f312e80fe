"""The kinds of sheets: a question with answers, a word to type, fields to fill in, lines to read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult

from tui_finetune.live.spans import EMPTY, Line, line, muted, span
from tui_finetune.ui.actions import Action, Place
from tui_finetune.ui.widgets.field import Field, FieldRow
from tui_finetune.ui.widgets.painted import Painted
from tui_finetune.ui.widgets.sheet_frame import Sheet
from tui_finetune.ui.widgets.table import Lines, Table

__all__ = ["BottomRows", "Choice", "ChoiceSheet", "FieldsSheet", "Sheet", "SheetLines", "TextSheet", "WordSheet"]


@dataclass(frozen=True)
class Choice:
    """One of the things that a sheet offers."""

    label: str
    act: Callable[[], None] | None = None
    """What it does after the sheet has closed; None closes it and does nothing."""
    token: str = "text"


class BottomRows(Table):
    """Lines of text, then rows at the bottom edge; the cursor moves over the rows alone."""

    def above(self, width: int) -> Sequence[Line]:
        raise NotImplementedError

    def picture(self, width: int, height: int) -> Sequence[Line]:
        above = self.above(width)
        room = max(1, height - self.count())
        return [*above[:room], *([EMPTY] * (room - len(above))), *(self._line(i, width) for i in range(self.count()))]

    def cursor_line(self) -> int | None:
        return self.size.height - self.count() + self.cursor if self.count() else None

    @property
    def _head_lines(self) -> int:
        return self.size.height - self.count()


class _Choices(BottomRows):
    """The lines of a sheet, then its choices."""

    def __init__(self, lines: Callable[[int], Sequence[Line]], choices: Sequence[Choice]) -> None:
        super().__init__()
        self._lines = lines
        self.choices = choices

    def count(self) -> int:
        return len(self.choices)

    def row(self, index: int, width: int) -> Line:
        return (span(self.choices[index].label, self.choices[index].token),)

    def above(self, width: int) -> Sequence[Line]:
        return self._lines(width)


class ChoiceSheet(Sheet):
    """A question with its answers; the safe one is under the cursor."""

    def __init__(self, title: str, lines: Sequence[Line], choices: Sequence[Choice]) -> None:
        super().__init__(title)
        self._lines = lines
        self._choices = choices

    def body(self) -> ComposeResult:
        yield _Choices(lambda width: [*self._lines, EMPTY], self._choices)

    def lines_wanted(self, width: int) -> int:
        return len(self._lines) + 1 + len(self._choices)

    def _table(self) -> _Choices:
        return self.query_one(_Choices)

    def do_list_down(self) -> None:
        self._table().do_list_down()

    def do_list_up(self) -> None:
        self._table().do_list_up()

    def do_list_open(self) -> None:
        chosen = self._choices[self._table().cursor]
        self.close()
        if chosen.act is not None:
            chosen.act()


class _Said(Painted):
    """Lines of a sheet that nothing can be chosen from."""

    def __init__(self, lines: Callable[[int], Sequence[Line]]) -> None:
        super().__init__()
        self._lines = lines

    def picture(self, width: int, height: int) -> Sequence[Line]:
        return self._lines(width)


class WordSheet(Sheet):
    """For what cannot be taken back: a word has to be typed."""

    def __init__(self, title: str, lines: Sequence[Line], word: str, act: Callable[[], None]) -> None:
        super().__init__(title)
        self._lines = lines
        self._word = word
        self._act = act

    def body(self) -> ComposeResult:
        yield _Said(lambda width: self._lines)
        yield FieldRow(f"type {self._word} ", Field())

    def on_mount(self) -> None:
        self.query_one(_Said).styles.height = max(1, len(self._lines))

    def lines_wanted(self, width: int) -> int:
        return len(self._lines) + 1

    def do_list_open(self) -> None:
        if self.query_one(Field).value.strip() != self._word:
            self.page.say(f"Not typed: {self._word}. Nothing was done; esc closes.", "warn")
            return
        self.close()
        self._act()


class FieldsSheet(Sheet):
    """A few fields; `enter` takes them all."""

    def __init__(
        self,
        title: str,
        fields: Sequence[tuple[str, str]],
        take: Callable[[Sequence[str]], str | None],
        *,
        hint: str = "",
    ) -> None:
        """take: given the values; returns what is wrong with them, or None where they were taken."""
        super().__init__(title)
        self._fields = fields
        self._take = take
        self._hint = hint

    def body(self) -> ComposeResult:
        wide = max(len(label) for label, _ in self._fields)
        for label, value in self._fields:
            yield FieldRow(label.ljust(wide), Field(value))
        if self._hint:
            hint = _Said(lambda width: [line(" ", muted(self._hint))])
            hint.styles.height = 1
            yield hint

    def lines_wanted(self, width: int) -> int:
        return len(self._fields) + bool(self._hint)

    def do_list_open(self) -> None:
        problem = self._take([field.value for field in self.query(Field)])
        if problem is not None:
            self.page.say(problem, "warn")
            return
        self.close()


class SheetLines(Lines):
    """Lines of a sheet, scrolled where they do not fit."""

    def __init__(self, lines: Callable[[int], Sequence[Line]]) -> None:
        super().__init__()
        self._lines = lines

    def count(self) -> int:
        return len(self._lines(self.size.width))

    def parts(self, index: int, width: int) -> Sequence[Line]:
        return [self._lines(width)[index]]


class TextSheet(Sheet):
    """Lines to read, scrolled where they do not fit."""

    PLACE: ClassVar[Place] = Place(
        "text sheet",
        "sheet",
        (
            Action("list.down", "Down", footer=True),
            Action("list.up", "Up", footer=False),
            Action("list.page_down", "Page down", footer=False),
            Action("list.page_up", "Page up", footer=False),
            Action("list.top", "Top", footer=False),
            Action("list.end", "End", footer=False),
            Action("app.back", "Close", "Close the sheet."),
        ),
    )

    def __init__(self, title: str, lines: Callable[[int], Sequence[Line]]) -> None:
        super().__init__(title)
        self._lines = lines

    def body(self) -> ComposeResult:
        yield SheetLines(self._lines)

    def lines_wanted(self, width: int) -> int:
        return len(self._lines(width))

    def _pane(self) -> SheetLines:
        return self.query_one(SheetLines)

    def do_list_down(self) -> None:
        self._pane().do_list_down()

    def do_list_up(self) -> None:
        self._pane().do_list_up()

    def do_list_page_down(self) -> None:
        self._pane().do_list_page_down()

    def do_list_page_up(self) -> None:
        self._pane().do_list_page_up()

    def do_list_top(self) -> None:
        self._pane().do_list_top()

    def do_list_end(self) -> None:
        self._pane().do_list_end()
