"""The form of the Train screen: every row of the recipe that is shown, its value edited in place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui_finetune.live import form_lines
from tui_finetune.live.columns import CURSOR_CELLS
from tui_finetune.live.form import Row
from tui_finetune.live.offers import ON, Offer, off
from tui_finetune.live.spans import Line, Span, blanks, line, muted, wrap
from tui_finetune.text import Shown
from tui_finetune.ui.screens.train.panes import Pane
from tui_finetune.ui.screens.train.places import FORM
from tui_finetune.ui.widgets.sheet import TextSheet
from tui_finetune.ui.widgets.table import Table

if TYPE_CHECKING:
    from tui_finetune.ui.screens.train.value import ValueEditor


class FormPane(Table, Pane):
    """Every row of the form that is shown now."""

    PLACE = FORM

    def __init__(self) -> None:
        super().__init__(id="form")
        self.rows: Sequence[Row] = ()

    @property
    def row_here(self) -> Row | None:
        return self.rows[self.cursor] if 0 <= self.cursor < len(self.rows) else None

    @property
    def editor(self) -> ValueEditor | None:
        from tui_finetune.ui.screens.train.value import ValueEditor

        return next(iter(self.query(ValueEditor)), None)

    def count(self) -> int:
        return len(self.rows)

    def row(self, index: int, width: int) -> Line:
        return form_lines.row_line(self.rows[index], width, self.train.beside)

    def _line(self, index: int, width: int) -> Line:
        cursor = "▸" if index == self.cursor else " "
        found = form_lines.mark(self.rows[index], self.train.beside)
        return (blanks(1), Span(Shown(cursor), "accent"), found, blanks(1), *self.row(index, width - CURSOR_CELLS - 1))

    def picture(self, width: int, height: int) -> Sequence[Line]:
        if self.count():
            return super().picture(width, height)
        return self.train.no_form(width)

    def take(self, rows: Sequence[Row], keep: str | None) -> None:
        """Other rows; the cursor stays on its row, or near it."""
        self.rows = rows
        place = next((i for i, row in enumerate(rows) if row.id == keep), None)
        if place is not None:
            self.top = max(0, self.top + place - self.cursor)
            self.cursor = place
        self.repaint()

    def go(self, row_id: str) -> bool:
        """Puts the cursor on a row; False where there is none."""
        place = next((i for i, row in enumerate(self.rows) if row.id == row_id), None)
        if place is not None:
            self.move(place)
        return place is not None

    def move(self, to: int) -> None:
        if self.editor is None:
            super().move(to)

    def moved(self) -> None:
        self.train.cursor_moved()

    def edit(self, typed: str | None = None) -> None:
        """Opens the field of the row under the cursor, in place."""
        from tui_finetune.ui.screens.train.value import ValueEditor

        row = self.row_here
        if row is not None and self.editor is None:
            self.train.changing(self.mount(ValueEditor(row, typed)))

    def value_place(self) -> tuple[int, int, int]:
        """Column, line and width of the value under the cursor."""
        column, room = form_lines.value_column(self.size.width - CURSOR_CELLS - 1)
        return column + CURSOR_CELLS + 1, self.cursor - self.top, room + form_lines.NOTE

    def default_offer(self) -> Offer:
        row = self.row_here
        if row is None or row.field is None:
            return off("No field under the cursor.")
        return ON if row.field.written else off("It is the default.")

    def do_list_open(self) -> None:
        self.train.open_row()

    def do_field_default(self) -> None:
        self.train.set_default()

    def do_item_details(self) -> None:
        row = self.row_here
        if row is None or row.field is None:
            self.page.say("Details: no field under the cursor.", "warn")
            return
        one = row.field
        facts = (
            ("key", one.key),
            ("value", one.text if one.written else ""),
            ("default", one.default),
            ("takes", one.expected),
            ("choices", ", ".join(one.choices)),
            ("what", one.help),
            *(("problem", str(problem)) for problem in row.problems),
        )

        def lines(width: int) -> list[Line]:
            out: list[Line] = []
            for name, text in facts:
                parts = wrap(text, width - 12) if text else []
                out += [
                    line(" ", muted((name if not place else "").ljust(9)), *part) for place, part in enumerate(parts)
                ]
            return out

        self.page.open_sheet(TextSheet(f"Details of {one.key}", lines))

    def do_item_copy(self) -> None:
        row = self.row_here
        if row is None or row.field is None:
            self.page.say("Copy: no field under the cursor.", "warn")
        else:
            self.ui.copy_text(row.field.text or row.field.default)
