"""Two evaluations beside each other: their figures, the rows by who is right, the labels that moved."""

from __future__ import annotations

from collections.abc import Sequence

from tui_finetune.live import beside
from tui_finetune.live.row_filter import RowFilter
from tui_finetune.live.spans import EMPTY, Line, line, wrap
from tui_finetune.ui.screens.evaluate.panes import Pane
from tui_finetune.ui.screens.evaluate.places import GROUPS, MOVED
from tui_finetune.ui.widgets.painted import Painted
from tui_finetune.ui.widgets.table import Table


class CompareHead(Painted, Pane):
    """The figures of both."""

    DEFAULT_CSS = "CompareHead { height: 7; }"

    def picture(self, width: int, height: int) -> Sequence[Line]:
        looking = self.looking
        if looking is None:
            return self.evaluate.nothing(width)
        if looking.compared is not None:
            return beside.head_lines(looking.compared, width)
        why = looking.refused or "= puts another evaluation of the same rows beside this one."
        return [EMPTY, *(line("   ", *part) for part in wrap(why, width - 6, token="muted"))]


class GroupsPane(Table, Pane):
    """Rows by who is right."""

    PLACE = GROUPS

    def __init__(self) -> None:
        super().__init__(id="groups")

    @property
    def look(self) -> beside.ComparedLook | None:
        return self.looking.compared if self.looking is not None else None

    def count(self) -> int:
        return len(beside.GROUPS) if self.look is not None else 0

    def row(self, index: int, width: int) -> Line:
        assert self.look is not None
        return beside.group_line(self.look, beside.GROUPS[index], width)

    def do_list_open(self) -> None:
        self.evaluate.show_rows(RowFilter(), group=beside.GROUPS[self.cursor])


class MovedPane(Table, Pane):
    """Labels, those whose F1 moved most first."""

    PLACE = MOVED

    def __init__(self) -> None:
        super().__init__(id="moved")
        self._look: beside.ComparedLook | None = None
        self._labels: list[beside.Moved] = []

    @property
    def labels(self) -> list[beside.Moved]:
        look = self.looking.compared if self.looking is not None else None
        if look is not self._look:
            self._look = look
            self._labels = beside.moved_labels(look) if look is not None else []
        return self._labels

    def count(self) -> int:
        return len(self.labels)

    def head(self, width: int) -> Line | None:
        look = self._look
        return beside.moved_head(look, width) if look is not None and self.labels else None

    def row(self, index: int, width: int) -> Line:
        return beside.moved_line(self.labels[index], width)

    def do_list_open(self) -> None:
        self.evaluate.show_rows(RowFilter(labels=(("label", self.labels[self.cursor].label),)), group=beside.EITHER)
