"""An empty home: three ways to a first trained model, and what this machine is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from tui_finetune.live.runs_page import WAYS, machine_lines
from tui_finetune.live.spans import EMPTY, Line, Span, line, muted, span
from tui_finetune.text import Shown
from tui_finetune.ui.screens.runs.places import EMPTY_HOME
from tui_finetune.ui.widgets.table import Table

if TYPE_CHECKING:
    from tui_finetune.ui.screens.runs.page import RunsPage

FIRST = 3
"""The line of the first way."""
TALL = 3
"""Lines of each."""


class EmptyHome(Table):
    """The ways to start; each takes three lines, and the cursor moves over them."""

    PLACE = EMPTY_HOME

    def __init__(self) -> None:
        super().__init__(id="empty")
        self.findings: Sequence[tuple[str, str, str]] = ()

    def count(self) -> int:
        return len(WAYS)

    @property
    def room(self) -> int:
        return len(WAYS)

    def picture(self, width: int, height: int) -> Sequence[Line]:
        lines: list[Line] = [EMPTY, line("   No runs yet. Three ways to start:"), EMPTY]
        for index, (title, first, second) in enumerate(WAYS):
            cursor = "▸" if index == self.cursor else " "
            lines += [
                line(Span(Shown(f" {cursor} "), "accent"), span(title.ljust(20), bold=index == self.cursor), first),
                line(" " * 23, muted(second)),
                EMPTY,
            ]
        return [*lines, *machine_lines(self.findings, width)]

    def cursor_line(self) -> int | None:
        return FIRST + TALL * self.cursor

    def row(self, index: int, width: int) -> Line:
        return (span(WAYS[index][0]),)

    def do_list_open(self) -> None:
        cast("RunsPage", self.screen).do_list_open()

    def on_click(self, event) -> None:  # type: ignore[no-untyped-def]
        event.stop()
        index, _ = divmod(event.y - FIRST, TALL)
        if event.y >= FIRST and 0 <= index < len(WAYS):
            self.move(index)
            cast("RunsPage", self.screen).do_list_open()
