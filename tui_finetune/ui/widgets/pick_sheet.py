"""A sheet to choose one of a list of any length; the one that holds now is under the cursor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult

from tui_finetune.live.picks import Pick
from tui_finetune.live.spans import EMPTY, Line, line, muted, span, wrap
from tui_finetune.text import cell_width, cut_middle
from tui_finetune.ui.actions import MOVES, Action, Place
from tui_finetune.ui.widgets.sheet import Sheet
from tui_finetune.ui.widgets.table import Table

NAME_CELLS = 34
LINES = 14


class _Picks(Table):
    def __init__(self, told: str, picks: Sequence[Pick]) -> None:
        super().__init__()
        self._told = told
        self.picks = picks
        self.cursor = next((place for place, one in enumerate(picks) if one.now), 0)
        self._wide = min(NAME_CELLS, max(cell_width(one.name) for one in picks))

    def count(self) -> int:
        return len(self.picks)

    def above(self, width: int) -> list[Line]:
        return [*(line(" ", *part) for part in wrap(self._told, width - 2, token="muted")), EMPTY]

    @property
    def _head_lines(self) -> int:
        return len(self.above(self.size.width))

    def marked(self, index: int) -> bool:
        return self.picks[index].now

    def row(self, index: int, width: int) -> Line:
        one = self.picks[index]
        name = cut_middle(one.name, self._wide)
        return line(span(name), " " * (self._wide - cell_width(name) + 2), muted(one.about))

    def picture(self, width: int, height: int) -> Sequence[Line]:
        above = self.above(width)
        return [*above, *super().picture(width, height - len(above))]


class PickSheet(Sheet):
    """`enter` takes what is under the cursor; `+` marks the one that holds now."""

    PLACE: ClassVar[Place] = Place(
        "choice of many",
        "sheet",
        (
            Action("list.open", "Choose", "Take what is under the cursor."),
            *MOVES,
            Action("app.back", "Close", "Close the sheet; nothing changes."),
        ),
    )

    def __init__(self, title: str, told: str, picks: Sequence[Pick], take: Callable[[Pick], None]) -> None:
        """told: what is chosen. take: called once the sheet has closed."""
        super().__init__(title)
        self._told = told
        self._picks = picks
        self._take = take

    def body(self) -> ComposeResult:
        yield _Picks(self._told, self._picks)

    def lines_wanted(self, width: int) -> int:
        return min(LINES, len(self._picks) + len(wrap(self._told, width - 2)) + 1)

    @property
    def _list(self) -> _Picks:
        return self.query_one(_Picks)

    def do_list_open(self) -> None:
        one = self._picks[self._list.cursor]
        self.close()
        self._take(one)

    def do_list_down(self) -> None:
        self._list.do_list_down()

    def do_list_up(self) -> None:
        self._list.do_list_up()

    def do_list_page_down(self) -> None:
        self._list.do_list_page_down()

    def do_list_page_up(self) -> None:
        self._list.do_list_page_up()

    def do_list_top(self) -> None:
        self._list.do_list_top()

    def do_list_end(self) -> None:
        self._list.do_list_end()
