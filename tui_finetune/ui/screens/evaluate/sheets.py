"""What the Evaluate screen asks: which evaluation, what is to be measured, which file."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input

from tui_finetune.live.evaluation_page import Choosable, choosable_line, having
from tui_finetune.live.spans import Line, line, muted
from tui_finetune.ui.actions import Action, Place
from tui_finetune.ui.widgets.field import Field, FieldRow
from tui_finetune.ui.widgets.sheet import FieldsSheet, Sheet
from tui_finetune.ui.widgets.table import Table

LINES = 13


class _Found(Table, can_focus=False):
    """The evaluations that match what is typed."""

    def __init__(self, found: Sequence[Choosable]) -> None:
        super().__init__()
        self.found = list(found)

    def count(self) -> int:
        return len(self.found)

    def row(self, index: int, width: int) -> Line:
        return choosable_line(self.found[index], width, time.time())

    def picture(self, width: int, height: int) -> Sequence[Line]:
        return super().picture(width, height) if self.found else [line("   ", muted("No evaluation is called that."))]


class EvaluationSheet(Sheet):
    """Type to find, enter to open."""

    PLACE: ClassVar[Place] = Place(
        "evaluate.choose",
        "evaluations",
        (
            Action("list.open", "Open", "Open the evaluation under the cursor."),
            Action("list.down", "Down", footer=False),
            Action("list.up", "Up", footer=False),
            Action("app.back", "Close", "Close the sheet; nothing changes."),
        ),
    )
    FIELD_PLACE = PLACE

    def __init__(self, title: str, found: Sequence[Choosable], take: Callable[[str], None]) -> None:
        super().__init__(title)
        self._found = found
        self._take = take

    def body(self) -> ComposeResult:
        yield FieldRow("find", Field(placeholder="words of a run, or a split"))
        yield _Found(self._found)

    def lines_wanted(self, width: int) -> int:
        return LINES

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        table = self.query_one(_Found)
        table.found = having(self._found, event.value)
        table.cursor = table.top = 0
        table.repaint()

    def do_list_down(self) -> None:
        self.query_one(_Found).do_list_down()

    def do_list_up(self) -> None:
        self.query_one(_Found).do_list_up()

    def do_list_open(self) -> None:
        table = self.query_one(_Found)
        if not table.found:
            self.page.say("No evaluation is called that.", "warn")
            return
        key = table.found[table.cursor].key
        self.close()
        self._take(key)


def measure_sheet(name: str, take: Callable[[str, str], None]) -> FieldsSheet:
    """What a model is measured on. take: given data and split; both may be empty."""

    def taken(values: Sequence[str]) -> str | None:
        split, data = (value.strip() for value in values)
        take(str(Path(data).expanduser()) if data.startswith("~") else data, split)
        return None

    return FieldsSheet(
        f"Evaluate {name}",
        [("split", ""), ("other data", "")],
        taken,
        hint="empty: what the run kept out of training, test before validation; a run of its own",
    )


def write_sheet(what: str, name: str, take: Callable[[Path], None]) -> FieldsSheet:
    """Where a table goes."""

    def taken(values: Sequence[str]) -> str | None:
        path = Path(values[0].strip()).expanduser().absolute()
        if path.suffix.lower() not in (".csv", ".md"):
            return "File: a name that ends in .csv or .md."
        take(path)
        return None

    return FieldsSheet(f"Write {what}", [("file", name)], taken, hint="its ending says how: .csv or .md (Markdown)")
