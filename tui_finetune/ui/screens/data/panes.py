"""The panes of the Rows tab: what can be opened, the first lines while data are read, problems, the table."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from tui_finetune.live import data_rows, data_sources
from tui_finetune.live.offers import ON, Offer, off
from tui_finetune.live.spans import EMPTY, Line, blanks, line, muted, span, wrap
from tui_finetune.ui.screens.data.places import PROBLEMS, ROWS, SOURCES, WAITING
from tui_finetune.ui.screens.data.reading import BLOCK
from tui_finetune.ui.widgets.painted import Painted
from tui_finetune.ui.widgets.table import Lines, Table

if TYPE_CHECKING:
    from tui_finetune.ui.screens.data.page import DataPage

BLOCKS_KEPT = 24


class Pane:
    """What the panes share: their page."""

    @property
    def data_page(self) -> DataPage:
        return cast("DataPage", cast(Painted, self).screen)


class QuietTable(Table):
    """Shows its cursor only while it has the keys: beside others of its tab."""

    def _line(self, index: int, width: int) -> Line:
        shown = super()._line(index, width)
        return shown if self.has_focus else (shown[0], blanks(1), *shown[2:])

    def cursor_line(self) -> int | None:
        return super().cursor_line() if self.has_focus else None

    def on_focus(self) -> None:
        self.repaint()

    def on_blur(self) -> None:
        self.repaint()


class SourcesPane(Pane, Table):
    """No data are open: what can be."""

    PLACE = SOURCES

    def __init__(self) -> None:
        super().__init__(id="sources")
        self.found: Sequence[data_sources.Candidate] = ()

    def count(self) -> int:
        return len(self.found)

    def row(self, index: int, width: int) -> Line:
        return data_sources.candidate_line(self.found[index], width)

    @property
    def _head_lines(self) -> int:
        return 4

    def picture(self, width: int, height: int) -> Sequence[Line]:
        key = self.data_page.ui.keymap.shown("data.source")
        lines = [
            EMPTY,
            line("   No data open. ", span(key, "accent"), " opens a file, a folder, or a data set of the Hub."),
            line("   ", muted("CSV, JSON, Parquet, Arrow, text, CoNLL; of a recipe the data it names.")),
            EMPTY,
        ]
        self._keep_in_sight()
        lines += [self._line(index, width) for index in range(self.top, self.count())]
        about = wrap(self.found[self.cursor].about, width - 6, token="muted") if self.found else []
        more = [EMPTY, *(line("   ", *part) for part in about)] if len(about) > 1 else []
        return [*lines, *more] if len(lines) + len(more) <= height else lines

    def moved(self) -> None:
        self.repaint()

    def do_list_open(self) -> None:
        if self.found:
            self.data_page.open(self.found[self.cursor].value)
        else:
            self.data_page.do_data_source()


class WaitingPane(Pane, Lines):
    """The beginning of the file, until its rows are there."""

    PLACE = WAITING

    def __init__(self) -> None:
        super().__init__(id="waiting")
        self.title = ""
        self.raw: Sequence[str] = ()

    def count(self) -> int:
        return len(self.raw) + 2 if self.raw else 1

    def parts(self, index: int, width: int) -> Sequence[Line]:
        shown = data_rows.waiting_lines(self.title, self.raw, width)
        return [shown[index]] if shown else [line("   ", muted("–"))]

    def do_app_back(self) -> None:
        self.data_page.stop_reading()


class ProblemsPane(Pane, Table):
    """Why data cannot be opened: every problem at once."""

    PLACE = PROBLEMS

    def __init__(self) -> None:
        super().__init__(id="problems")

    def count(self) -> int:
        return len(self.data_page.problems)

    def row(self, index: int, width: int) -> Line:
        return line(span(self.data_page.problems[index]))

    @property
    def _head_lines(self) -> int:
        return 2

    def picture(self, width: int, height: int) -> Sequence[Line]:
        page = self.data_page
        title = page.asked.title if page.asked is not None else ""
        lines: list[Line] = [line(" ", span(f"✗ {title} cannot be opened", "bad", bold=True)), EMPTY]
        for index, problem in enumerate(page.problems):
            parts = wrap(problem, width - 4)
            cursor = "▸" if index == self.cursor else " "
            lines += [line(" ", span(cursor, "accent"), " ", *parts[0]), *(line("   ", *part) for part in parts[1:])]
        key = page.ui.keymap.shown("data.source")
        rest = "esc goes back to what was open." if page.found is not None else f"{key} opens something else."
        return [*lines, EMPTY, line("   ", muted(rest))]

    def cursor_line(self) -> int | None:
        return None

    def raw_offer(self) -> Offer:
        problems = self.data_page.problems
        if self.cursor < len(problems) and problems[self.cursor].line is not None:
            return ON
        return off("The problem names no line of a file.")

    def do_list_open(self) -> None:
        self.data_page.show_raw(self.data_page.problems[self.cursor])


class RowsTable(Pane, Table):
    """Rows of a view: those in sight are read, and some around them; the others are not in memory."""

    PLACE = ROWS

    def __init__(self) -> None:
        super().__init__(id="rows")
        self.first_column = 0
        """The first column that is shown."""
        self._block_rows = BLOCK
        self._blocks: OrderedDict[int, tuple[Sequence[int], Sequence[Mapping[str, Any]]]] = OrderedDict()
        self._tokens: dict[int, Sequence[int]] = {}
        self._asked: set[int] = set()
        self._laid_out: tuple[tuple[Any, ...], Sequence[Any]] | None = None

    def forget(self, block_rows: int = BLOCK) -> None:
        """Another view, read so many rows at a time: what was read is of the one before."""
        self._block_rows = block_rows
        self._blocks.clear()
        self._tokens.clear()
        self._asked.clear()
        self.cursor = self.top = 0

    def keep_in_sight(self) -> Sequence[int]:
        """Forgets the blocks that are not in sight; those that are."""
        seen = range(self.top // self._block_rows, (self.top + self.room) // self._block_rows + 1)
        for block in [block for block in self._blocks if block not in seen]:
            del self._blocks[block]
            self._tokens.pop(block, None)
        return [block for block in seen if block in self._blocks]

    def take(self, block: int, numbers: Sequence[int], cells: Sequence[Mapping[str, Any]]) -> None:
        self._blocks[block] = (numbers, cells)
        self._asked.discard(block)
        while len(self._blocks) > BLOCKS_KEPT:
            gone, _ = self._blocks.popitem(last=False)
            self._tokens.pop(gone, None)

    def take_tokens(self, block: int, counts: Sequence[int]) -> None:
        if block in self._blocks:
            self._tokens[block] = counts

    def read(self, index: int) -> tuple[int | None, Mapping[str, Any] | None, int | None]:
        """Number, cells and tokens of a row, as far as they are there."""
        block, at = divmod(index, self._block_rows)
        numbers, cells = self._blocks.get(block, ((), ()))
        if at >= len(numbers):
            return None, None, None
        counts = self._tokens.get(block, ())
        edited = self.data_page.edited(numbers[at], cells[at])
        return numbers[at], edited, counts[at] if at < len(counts) else None

    def count(self) -> int:
        return self.data_page.count

    def marked(self, index: int) -> bool:
        return self.data_page.edits_of(self.read(index)[0]) is not None

    def head(self, width: int) -> Line | None:
        page = self.data_page
        return data_rows.rows_head(self._columns(width), page.sort, page.reverse) if page.found is not None else None

    def _columns(self, width: int) -> Sequence[Any]:
        """Made once for each width; a row asks for them again."""
        page = self.data_page
        assert page.found is not None
        now = (id(page.found), page.split, width, self.first_column)
        if self._laid_out is None or now != self._laid_out[0]:
            rows = page.found.split(page.split).rows
            self._laid_out = (now, data_rows.row_columns(page.found, rows, width, self.first_column))
        return self._laid_out[1]

    def row(self, index: int, width: int) -> Line:
        found = self.data_page.found
        assert found is not None
        number, cells, tokens = self.read(index)
        shown = data_rows.list_line(found, self._columns(width + 3), number or 0, cells, tokens)
        edits = self.data_page.edits_of(number)
        return tuple(one._replace(token="muted") for one in shown) if edits is not None and edits.dropped else shown

    def picture(self, width: int, height: int) -> Sequence[Line]:
        page = self.data_page
        if page.found is None:
            return ()
        self._keep_in_sight()
        self._ask(height)
        if self.count():
            return super().picture(width, height)
        notes = [line("   ", span(note, "warn")) for note in page.notes]
        why = "No row matches; esc clears the filter." if page.filter else "–"
        return [self.head(width) or EMPTY, EMPTY, *notes, line("   ", muted(why))]

    def _ask(self, height: int) -> None:
        """What is in sight and is not there; the block after it too, so that scrolling finds it read."""
        last = max(0, self.count() - 1)
        first, end = self.top // self._block_rows, min(last, self.top + 2 * height) // self._block_rows
        for block in range(first, end + 1):
            if block not in self._blocks and block not in self._asked and self.count():
                self._asked.add(block)
                self.data_page.ask_rows(block)

    def moved(self) -> None:
        self.data_page.cursor_moved()

    def open_offer(self) -> Offer:
        return ON if self.count() else off("No row under the cursor.")

    def do_list_open(self) -> None:
        self.data_page.open_row()

    def do_grid_left(self) -> None:
        self._shift(-1)

    def do_grid_right(self) -> None:
        self._shift(1)

    def _shift(self, by: int) -> None:
        found = self.data_page.found
        last = max(0, len(found.columns) - 1) if found is not None else 0
        self.first_column = min(max(0, self.first_column + by), last)
        self.repaint()
