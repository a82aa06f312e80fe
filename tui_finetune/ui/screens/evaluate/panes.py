"""The panes of one evaluation but for its rows: figures, labels, pairs, the grid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from textual import events

from tui_finetune.live import evaluation_page, label_figures
from tui_finetune.live.columns import Column
from tui_finetune.live.confusion import Confusion, grid_lines, pair_words
from tui_finetune.live.evaluation_page import Measured
from tui_finetune.live.label_figures import LabelFigures
from tui_finetune.live.margin_page import margin_lines
from tui_finetune.live.number_figures import error_lines, picture_lines
from tui_finetune.live.offers import ON, Offer, off
from tui_finetune.live.rank_page import place_lines
from tui_finetune.live.spans import EMPTY, Line, line, muted
from tui_finetune.live.token_page import part_lines
from tui_finetune.ui.screens.evaluate.looking import Looking
from tui_finetune.ui.screens.evaluate.places import CONFUSED, GRID, LABELS, PAIRS, WEAKEST
from tui_finetune.ui.widgets.painted import Painted
from tui_finetune.ui.widgets.table import Table

if TYPE_CHECKING:
    from tui_finetune.ui.screens.evaluate.page import EvaluatePage


NO_CONFUSION = "No confusion is stored: this task has none, or no row has a gold label."


class Pane:
    """What the panes share: their page, and what it looks at."""

    @property
    def evaluate(self) -> EvaluatePage:
        return cast("EvaluatePage", cast(Painted, self).screen)

    @property
    def looking(self) -> Looking | None:
        return self.evaluate.looking

    def open_offer(self) -> Offer:
        table = cast(Table, self)
        if self.looking is None:
            return off("No evaluation is open.")
        if self.looking.stored is None:
            return off(self.looking.problem or "Its predictions are not stored.")
        return ON if table.count() else off("Nothing under the cursor.")


def targets_beside(pane: Pane, width: int, height: int) -> list[Line]:
    """The pictures of the targets, below each other as far as there is room."""
    assert pane.looking is not None
    ascii = pane.evaluate.ui.look.ascii
    lines: list[Line] = []
    for target in pane.looking.measured.targets:
        lines += picture_lines(target, width, height - len(lines), ascii=ascii)
    return lines


def graded_lines(measured: Measured, width: int, height: int) -> list[Line]:
    """How far off rows are, by parts: of numbers by where gold lies, of tokens by how many a row has, of searches by places, of
    pairs by margin."""
    if measured.margins:
        return margin_lines(measured.margins, width, height)
    if measured.ranks:
        return place_lines(measured.ranks, width)
    return part_lines(measured.token_parts, width) if measured.token_parts else error_lines(measured.targets, width)


class FiguresPane(Painted, Pane):
    """Metrics beside their baselines."""

    DEFAULT_CSS = "FiguresPane { height: 7; }"

    def picture(self, width: int, height: int) -> Sequence[Line]:
        if self.looking is None:
            return self.evaluate.nothing(width)
        return evaluation_page.metric_lines(self.looking.measured, width, height - 1)


class _LabelTable(Table, Pane):
    """Labels with their figures; `enter` shows the errors of the one under the cursor."""

    weakest = False

    def listed(self) -> Sequence[LabelFigures]:
        raise NotImplementedError

    def count(self) -> int:
        return len(self.listed())

    @property
    def current(self) -> LabelFigures | None:
        rows = self.listed()
        return rows[self.cursor] if 0 <= self.cursor < len(rows) else None

    def head(self, width: int) -> Line | None:
        if self.looking is None or not self.looking.figures:
            return None
        return evaluation_page.rows_head(self._columns(width), self._sort(), self._turned())

    def _columns(self, width: int) -> Sequence[Column]:
        unit = self.looking.measured.unit if self.looking is not None else "rows"
        return label_figures.label_columns(width, self._title(), unit)

    def _title(self) -> str:
        kind = "entity type" if self.looking is not None and self.looking.measured.entities else "label"
        return f"weakest {kind}s" if self.weakest else kind

    def _sort(self) -> str:
        return ""

    def _turned(self) -> bool:
        return False

    def row(self, index: int, width: int) -> Line:
        return label_figures.label_line(self.listed()[index], self._columns(width + 3))

    def do_list_open(self) -> None:
        looking, current = self.looking, self.current
        assert looking is not None
        assert current is not None
        self.evaluate.show_rows(looking.of_label(current.label))


class WeakestPane(_LabelTable):
    """The labels with the lowest F1."""

    PLACE = WEAKEST
    weakest = True

    def __init__(self) -> None:
        super().__init__(id="weakest")

    def listed(self) -> Sequence[LabelFigures]:
        return self.looking.weakest if self.looking is not None else ()

    def moved(self) -> None:
        self.evaluate.label_under_cursor(self.current)

    def picture(self, width: int, height: int) -> Sequence[Line]:
        if self.looking is not None and self.looking.measured.parted:
            return graded_lines(self.looking.measured, width, height)[:height]
        return super().picture(width, height)


class LabelsPane(_LabelTable):
    """All labels, sorted and filtered."""

    PLACE = LABELS

    def __init__(self) -> None:
        super().__init__(id="labels")

    def listed(self) -> Sequence[LabelFigures]:
        return self.looking.listed if self.looking is not None else ()

    def _sort(self) -> str:
        return self.looking.sort if self.looking is not None else ""

    def _turned(self) -> bool:
        return self.looking is not None and self.looking.reverse

    def picture(self, width: int, height: int) -> Sequence[Line]:
        if self.count() or self.looking is None:
            return super().picture(width, height)
        words = self.looking.label_words
        return [EMPTY, line("   ", muted(f"No label has {words}." if words else "No figures by label are stored."))]


class ConfusedPane(Table, Pane):
    """Pairs of labels, the worst first."""

    PLACE = CONFUSED

    def __init__(self, id: str = "confused") -> None:
        super().__init__(id=id)

    @property
    def confusion(self) -> Confusion | None:
        return self.looking.confusion if self.looking is not None else None

    def count(self) -> int:
        return len(self.confusion.pairs) if self.confusion is not None else 0

    def head(self, width: int) -> Line | None:
        if self.confusion is None:
            return None
        title = "most confused, gold → predicted"
        figures = f"{self.confusion.unit.rjust(6)}{'share'.rjust(7)}"
        return line("   ", muted(title), " " * max(1, width - len(title) - len(figures) - 4), muted(figures))

    def row(self, index: int, width: int) -> Line:
        assert self.confusion is not None
        return pair_words(self.confusion, self.confusion.pairs[index], width - 1)

    def do_list_open(self) -> None:
        looking, confusion = self.looking, self.confusion
        assert looking is not None
        assert confusion is not None
        pair = confusion.pairs[self.cursor]
        self.evaluate.show_rows(looking.of_pair(confusion.labels[pair.gold], confusion.labels[pair.predicted]))

    def picture(self, width: int, height: int) -> Sequence[Line]:
        if self.count() or self.looking is None:
            return super().picture(width, height)
        if self.looking.measured.parted:
            return self.scatter(width, height)
        why = "No label was taken for another." if self.confusion is not None else NO_CONFUSION
        return [EMPTY, line("   ", muted(why))]

    def scatter(self, width: int, height: int) -> Sequence[Line]:
        """Of numbers: predicted against gold, in place of pairs, where no grid stands below."""
        return [] if self.evaluate.has_class("-wide") else targets_beside(self, width, height)[:height]


class PairsPane(ConfusedPane):
    """The same beside the grid, which stands around the pair under the cursor."""

    PLACE = PAIRS

    def __init__(self) -> None:
        super().__init__("pairs")

    def scatter(self, width: int, height: int) -> Sequence[Line]:
        """The picture stands beside it."""
        assert self.looking is not None
        return graded_lines(self.looking.measured, width, height)[:height]

    def moved(self) -> None:
        if self.looking is not None:
            self.looking.go_to_pair(self.cursor)
            self.evaluate.repaint()


class GridPane(Painted, Pane, can_focus=True):
    """Gold by predicted, cell by cell."""

    PLACE = GRID

    def __init__(self, id: str = "grid") -> None:
        super().__init__(id=id)

    def count(self) -> int:
        confusion = self.looking.confusion if self.looking is not None else None
        return len(confusion.labels) if confusion is not None else 0

    def picture(self, width: int, height: int) -> Sequence[Line]:
        looking = self.looking
        if looking is not None and looking.measured.targets:
            return [EMPTY, *targets_beside(self, width, height - 1)]
        if looking is None or looking.confusion is None or not looking.confusion.labels:
            return []
        lines = grid_lines(looking.confusion, looking.grid, width, height - 1, focused=self.has_focus)
        return [EMPTY, *lines]

    def _move(self, down: int, right: int) -> None:
        if self.looking is not None and self.count():
            self.looking.grid.move(down, right, self.count())
            self.repaint()
            self.evaluate.repaint_frame()

    def around_offer(self) -> Offer:
        return ON if self.count() else off("No grid.")

    def do_item_choose(self) -> None:
        if self.looking is not None:
            self.looking.around_row()
            self.repaint()

    def do_list_open(self) -> None:
        looking = self.looking
        assert looking is not None
        assert looking.confusion is not None
        gold, said = (looking.confusion.labels[one] for one in looking.grid.cell(looking.confusion))
        self.evaluate.show_rows(looking.of_pair(gold, said))

    def do_list_down(self) -> None:
        self._move(1, 0)

    def do_list_up(self) -> None:
        self._move(-1, 0)

    def do_grid_left(self) -> None:
        self._move(0, -1)

    def do_grid_right(self) -> None:
        self._move(0, 1)

    def do_list_page_down(self) -> None:
        self._move(max(1, self.size.height - 2), 0)

    def do_list_page_up(self) -> None:
        self._move(-max(1, self.size.height - 2), 0)

    def do_list_top(self) -> None:
        self._move(-self.count(), -self.count())

    def do_list_end(self) -> None:
        self._move(self.count(), 0)

    def on_click(self, event: events.Click) -> None:
        """A click puts the cursor on a cell."""
        event.stop()
        looking = self.looking
        if looking is None or not self.count():
            return
        self.focus()
        grid = looking.grid
        confusion = looking.confusion
        assert confusion is not None
        first = 6 + confusion.names(self.size.width)
        row, column = grid.top + event.y - 2, grid.left + (event.x - first) // confusion.wide
        if event.y >= 2 and event.x >= first:
            self._move(row - grid.row, column - grid.column)
