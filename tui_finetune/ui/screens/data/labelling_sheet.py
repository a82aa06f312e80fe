"""The labelling sheet: a row, a field, and what it can be given. `enter` takes it and goes on to the next row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input

from tui_finetune.live import label_lists, labelling
from tui_finetune.live.data_rows import cell_text
from tui_finetune.live.labelling import Option
from tui_finetune.live.spans import EMPTY, Line, line, muted, span, wrap
from tui_finetune.ui.actions import Place
from tui_finetune.ui.screens.data.messages import RowRead
from tui_finetune.ui.screens.data.places import LABELLING
from tui_finetune.ui.widgets.field import Field, FieldRow
from tui_finetune.ui.widgets.painted import Painted
from tui_finetune.ui.widgets.sheet import Sheet
from tui_finetune.ui.widgets.sheet_frame import SheetRule
from tui_finetune.ui.widgets.table import Table

if TYPE_CHECKING:
    from tui_finetune.ui.screens.data.labelling import Labelling

TEXT_LINES = 4
LINES = 17
AROUND = 3
"""Labels in sight before the row's own."""


class _RowText(Painted):
    """What a model reads of the row, with its edits, and what was decided of it."""

    DEFAULT_CSS = f"_RowText {{ height: {TEXT_LINES + 1}; }}"

    def picture(self, width: int, height: int) -> Sequence[Line]:
        sheet = cast("LabellingSheet", self.parent)
        return sheet.row_lines(width)[:height]


class _Options(Table, can_focus=False):
    """What is meant by what is typed, the likeliest under the cursor."""

    def __init__(self) -> None:
        super().__init__()
        self.options: Sequence[Option] = ()
        self.now: object = None
        self.told = ""
        """What `enter` takes, where it takes no option."""

    def count(self) -> int:
        return len(self.options)

    def row(self, index: int, width: int) -> Line:
        one = self.options[index]
        return labelling.option_line(one, one.kind == "label" and one.value == self.now)

    def picture(self, width: int, height: int) -> Sequence[Line]:
        if self.told:
            return [line(" ", *part) for part in wrap(self.told, width - 2, token="muted")]
        if not self.options:
            return [line("   ", muted("Nothing is called so; backspace takes letters back."))]
        return super().picture(width, height)


class LabellingSheet(Sheet):
    """The field has the keys: digits and letters choose, and write nothing but themselves."""

    FIELD_PLACE: ClassVar[Place] = LABELLING

    def __init__(self, page: Labelling) -> None:
        super().__init__("Label")
        self._labelling = page
        self._mode: Option | None = None
        """A text or a note that is being typed, in place of a label."""
        self.read: RowRead | None = None
        self._filled = ""
        """What the options are those of."""
        self._accepted: list[int] = []
        """Places in the list of the rows that were accepted here."""

    def body(self) -> ComposeResult:
        yield _RowText()
        yield FieldRow("›", Field(placeholder="a label's number or first letters"))
        yield _Options()

    def lines_wanted(self, width: int) -> int:
        found = self._labelling.found
        options = len(labelling.options_of(found, None)) if found is not None else 0
        return min(LINES, TEXT_LINES + 2 + options)

    def on_mount(self) -> None:
        self._labelling.read_for_labelling(self)

    @property
    def _options(self) -> _Options:
        return self.query_one(_Options)

    @property
    def _field(self) -> Field:
        return self.query_one(Field)

    # What it shows

    def show(self, read: RowRead) -> None:
        """The row that is labelled now."""
        self.read = read
        self.query_one(SheetRule).title = f"Row {read.number:,}  ·  {read.index + 1:,} of {self._labelling.count:,}"
        self._to_labels()
        self.repaint()

    def repaint(self) -> None:
        for widget in self.query(Painted):
            widget.repaint()

    def row_lines(self, width: int) -> list[Line]:
        page, read = self._labelling, self.read
        if page.found is None or read is None:
            return [line(" ", muted("The row is being read …"))]
        edits = page.edits.rows.get(read.number)
        cells = labelling.edited_cells(edits, read.row)
        told = labelling.in_short(page.found, edits) if edits is not None else ""
        if read.number in page.edits.changed:
            told += "; the row has changed since: not applied"
        lines: list[Line] = []
        for name in page.found.inputs:
            text = cell_text(page.found, name, cells.get(name)).replace("\n", labelling.LINE_END)
            lines += [line(" ", *part) for part in wrap(text, width - 2)]
        room = TEXT_LINES if told else TEXT_LINES + 1
        if len(lines) > room:
            lines = [
                *lines[: room - 1],
                line(" ", muted(f"… {len(lines) - room + 1:,} more lines; esc, enter shows all")),
            ]
        said = [line(" ", span(f"+ {told}", "accent"))] if told else []
        return [*lines, *([EMPTY] * (room - len(lines))), *said]

    def _to_labels(self) -> None:
        """Labels and the rest are chosen; nothing is typed yet."""
        self._mode = None
        self._options.told = ""
        self._field.value = ""
        self._fill("")

    def _fill(self, typed: str) -> None:
        page, read, table = self._labelling, self.read, self._options
        if page.found is None or read is None:
            return
        self._filled = typed
        edits = page.edits.rows.get(read.number)
        labels = labelling.labels_of(page.found)
        table.now = labelling.edited_cells(edits, read.row).get(labels.column)
        table.options = labelling.matching(labelling.options_of(page.found, edits), typed, labels)
        at = next((i for i, one in enumerate(table.options) if one.kind == "label" and one.value == table.now), 0)
        table.cursor = 0 if typed.strip() else at
        table.top = max(0, table.cursor - AROUND)
        table.repaint()

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if self._mode is None and event.value == self._field.value != self._filled:
            self._fill(event.value)

    # What keys do

    def do_list_down(self) -> None:
        self._options.move(self._options.cursor + 1)

    def do_list_up(self) -> None:
        self._options.move(self._options.cursor - 1)

    def do_app_back(self) -> None:
        if self._mode is not None:
            self._to_labels()
        else:
            self.close()

    def do_list_open(self) -> None:
        if self.read is None:
            self.page.say("The row is being read still.", "muted")
        elif self._mode is not None:
            self._take_typed(self._mode, self.read)
        else:
            if self._field.value != self._filled:
                self._fill(self._field.value)  # what was typed a moment ago comes as a message, which may be on its way
            if self._options.options:
                self._take(self._options.options[self._options.cursor], self.read)

    def do_label_undo(self) -> None:
        if not self._accepted:
            self.page.say(f"Nothing was accepted here yet; {self._labelling.undo_key} undoes earlier edits.", "muted")
            return
        self._labelling.work.undo(*self._labelling.open_split)
        self._go(self._accepted.pop())

    def _take(self, option: Option, read: RowRead) -> None:
        if option.kind in ("labels", "text", "note"):
            self._begin_typing(option, read)
            return
        self._labelling.decide(option, read)
        self._accept(read)

    def _begin_typing(self, option: Option, read: RowRead) -> None:
        value: str | None = ""
        if option.kind == "text":
            if (why := self._labelling.why_no_text()) is not None:
                self.page.say(why, "warn")
                return
            cells = labelling.edited_cells(self._labelling.edits.rows.get(read.number), read.row)
            value = labelling.as_field(str(cells.get(option.column) or ""))
        if option.kind == "labels" and self._labelling.found is not None:
            value = label_lists.as_typed(self._labelling.found, option.column, self._now(option, read))
        if value is None:
            self.page.say(f"{option.column} is too long for a field, or has signs that a field has not.", "warn")
            return
        self._mode = option
        self._field.value = value
        self._field.cursor_position = len(value)
        what = {
            "text": f"the corrected {option.column}, ⏎ for a line end",
            "labels": f"the {option.column}, with commas between",
        }.get(option.kind, "the note")
        self._options.told = f"enter takes {what}; esc goes back to the labels."
        self._options.repaint()

    def _now(self, option: Option, read: RowRead) -> Any:
        """What the row has in the option's column, with its edits."""
        return labelling.edited_cells(self._labelling.edits.rows.get(read.number), read.row).get(option.column)

    def _take_typed(self, option: Option, read: RowRead) -> None:
        value: Any = labelling.from_field(self._field.value)
        if option.kind == "labels":
            assert self._labelling.found is not None
            try:
                value = label_lists.from_typed(self._labelling.found, option.column, value, self._now(option, read))
            except label_lists.NoList as why:
                self.page.say(str(why), "warn")
                return
        elif not value.strip():
            self.page.say("Nothing is typed; esc goes back to the labels.", "warn")
            return
        self._labelling.decide(option, read, value)
        self._accepted.append(read.index)
        self._to_labels()

    def _accept(self, read: RowRead) -> None:
        self._accepted.append(read.index)
        if read.index + 1 >= self._labelling.count:
            self.close()
            return
        self._go(read.index + 1)

    def _go(self, index: int) -> None:
        """Another row; the next key is taken once it is there."""
        self.read = None
        self._labelling.table.move(index)
        self._field.value = ""
        self._labelling.read_for_labelling(self)
