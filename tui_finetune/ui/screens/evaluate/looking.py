"""What is looked at: which evaluation, which of its rows in which order, which cell of the grid. It knows no widget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from tui_finetune.live.beside import EITHER, ComparedLook, group_words, shown_labels
from tui_finetune.live.confusion import Confusion, Grid
from tui_finetune.live.evaluation_page import Measured
from tui_finetune.live.label_figures import SORTS, LabelFigures, arranged_labels
from tui_finetune.live.row_filter import RowFilter, RowOrder, parse_rows

WRONG = RowFilter(wrong=True)
KEPT_ROWS = 4_000
"""Rows in memory at most; the farthest from the cursor are forgotten first, by being all forgotten."""


@dataclass
class Looking:
    """One evaluation that is open."""

    measured: Measured
    stored: int | None = None
    """Rows whose predictions are stored."""
    errors: int = 0
    tagged: bool = False
    labels: Sequence[str] = ()
    """Names of the labels that rows can be asked by."""
    problem: str = ""
    """Why the rows cannot be read, where they are stored."""
    wanted: RowFilter = WRONG
    order: RowOrder = field(default_factory=RowOrder)
    group: str = ""
    """Of a comparison: only rows of this group."""
    numbers: Sequence[int] | None = None
    """Places of the rows that match; None while they are looked for."""
    asked: int = 0
    """Number of the question whose answer counts."""
    rows: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    whole: tuple[int, Mapping[str, Any], Mapping[str, Any] | None] | None = None
    """The row that was read last with everything: its place, itself, what the other evaluation has of it."""
    sort: str = SORTS[0]
    reverse: bool = False
    label_words: str = ""
    grid: Grid = field(default_factory=Grid)
    compared: ComparedLook | None = None
    refused: str = ""
    """Why the other evaluation cannot stand beside it."""

    def __post_init__(self) -> None:
        self._listed: list[LabelFigures] = []
        self._listed_as: tuple[str, bool, str] | None = None
        confusion = self.measured.confusion
        if confusion is not None:
            self.grid.focus = confusion.worst
            if confusion.pairs:
                self.go_to_pair(0)

    # Labels

    @property
    def figures(self) -> Sequence[LabelFigures]:
        """Types of entities where there are some, else labels."""
        return shown_labels(self.measured)

    @property
    def listed(self) -> list[LabelFigures]:
        """The labels as they are listed; arranged anew only where they are asked for in another way."""
        asked = (self.sort, self.reverse, self.label_words)
        if asked != self._listed_as:
            self._listed_as, self._listed = asked, arranged_labels(self.figures, *asked)
        return self._listed

    @cached_property
    def weakest(self) -> list[LabelFigures]:
        """Those with the lowest F1 first, of those that occur."""
        return [one for one in arranged_labels(self.figures) if one.support or one.predicted]

    def next_sort(self) -> str:
        """Sorts the labels by the next column."""
        self.sort, self.reverse = SORTS[(SORTS.index(self.sort) + 1) % len(SORTS)], False
        return self.sort

    # The grid

    @property
    def confusion(self) -> Confusion | None:
        return self.measured.confusion

    def go_to_pair(self, index: int) -> None:
        """The grid around the pair's gold label, the cursor on its cell."""
        confusion = self.confusion
        if confusion is None or not 0 <= index < len(confusion.pairs):
            return
        pair = confusion.pairs[index]
        self.grid.focus = pair.gold
        self._put_cursor(pair.gold, pair.predicted)

    def around_row(self) -> None:
        """The grid around the gold label of the cell under the cursor."""
        confusion = self.confusion
        if confusion is not None and confusion.labels:
            gold, said = self.grid.cell(confusion)
            self.grid.focus = gold
            self._put_cursor(gold, said)

    def _put_cursor(self, gold: int, said: int) -> None:
        assert self.confusion is not None
        order = self.confusion.around(self.grid.focus)
        self.grid.row, self.grid.column = order.index(gold), order.index(said)

    # Rows

    def ask(self, wanted: RowFilter, group: str = "") -> None:
        """Other rows are wanted."""
        self.wanted, self.group, self.numbers = wanted, group, None
        self.asked += 1

    def of_label(self, label: str) -> RowFilter:
        return RowFilter(labels=(("label", label),), wrong=True)

    def of_pair(self, gold: str, said: str) -> RowFilter:
        return RowFilter(labels=(("gold", gold), ("predicted", said)))

    def parse(self, typed: str) -> RowFilter:
        return parse_rows(typed, self.labels)

    @property
    def among(self) -> Sequence[int] | None:
        """The rows of the group of a comparison that is looked at."""
        if not self.group or self.compared is None:
            return None
        if self.group == EITHER:
            return [*self.compared.groups["only_one"], *self.compared.groups["only_other"]]
        return self.compared.groups[self.group]

    @property
    def same(self) -> list[str]:
        """Columns whose value the filter gives."""
        return [which for which, label in self.wanted.labels if label in self.labels]

    @property
    def narrowed(self) -> bool:
        """True where not simply all errors are shown."""
        return self.wanted != WRONG or bool(self.group)

    def rows_title(self) -> str:
        """`Errors 271`, `Errors 6 of 271`, `Rows 12 of 3,080`."""
        if self.stored is None:
            return "Rows"
        if not self.narrowed:
            return f"{'Rows' if self.measured.graded else 'Errors'} {self.errors:,}"
        count = "…" if self.numbers is None else f"{len(self.numbers):,}"
        if self.wanted.wrong and not self.group:
            return f"Errors {count} of {self.errors:,}"
        return f"Rows {count} of {self.stored:,}"

    def rows_words(self) -> str:
        """What is shown, for the message line."""
        if not self.narrowed:
            return ""
        group = ""
        if self.group and self.compared is not None:
            group = group_words(self.compared, self.group)
        return "; ".join(part for part in (group, self.wanted.text) if part)

    def matched(self, asked: int, numbers: Sequence[int]) -> bool:
        """The rows of a question; False where another one was asked since."""
        if asked != self.asked:
            return False
        self.numbers = numbers
        return True

    def fetched(self, rows: Mapping[int, Mapping[str, Any]]) -> None:
        if len(self.rows) > KEPT_ROWS:
            self.rows.clear()
        self.rows.update(rows)

    def missing(self, first: int, last: int) -> list[int]:
        """Places of the rows of this part of the list that are not in memory."""
        numbers = self.numbers or ()
        return [number for number in numbers[max(0, first) : last] if number not in self.rows]

    def number_at(self, index: int) -> int | None:
        numbers = self.numbers or ()
        return numbers[index] if 0 <= index < len(numbers) else None

    def turn(self) -> None:
        self.order = replace(self.order, reverse=not self.order.reverse)
        self.ask(self.wanted, self.group)

    def next_order(self) -> str:
        """Sorts the rows by the next column."""
        self.order = self.order.next()
        self.ask(self.wanted, self.group)
        return self.order.by
