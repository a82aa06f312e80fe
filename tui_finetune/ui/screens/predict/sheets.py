"""What the Predict screen asks: which model, which file."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input

from tui_finetune.live.predict_page import Usable, looks_like_folder, matching, usable_line
from tui_finetune.live.spans import Line, line, muted, span
from tui_finetune.ui.actions import Action, Place
from tui_finetune.ui.widgets.field import Field, FieldRow
from tui_finetune.ui.widgets.sheet import FieldsSheet, Sheet
from tui_finetune.ui.widgets.table import Table

LINES = 13


class _Models(Table, can_focus=False):
    """The models that match what is typed; a typed folder is one of them."""

    def __init__(self, usable: Sequence[Usable], warm: Sequence[str]) -> None:
        super().__init__()
        self.usable = list(usable)
        self.folder = ""
        self._warm = warm

    def count(self) -> int:
        return len(self.usable) + bool(self.folder)

    def row(self, index: int, width: int) -> Line:
        if index >= len(self.usable):
            return line(span("Use "), span(self.folder), muted("  a folder with a model, or a name in the Hub's cache"))
        return usable_line(self.usable[index], self._warm, width, time.time())

    def picture(self, width: int, height: int) -> Sequence[Line]:
        if self.count():
            return super().picture(width, height)
        return [line("   ", muted("No run's model is called that; a folder is typed with a slash, ./model."))]


class ModelSheet(Sheet):
    """Type to find, enter to take."""

    PLACE: ClassVar[Place] = Place(
        "predict.models",
        "models",
        (
            Action("list.open", "Use it", "Load the model under the cursor."),
            Action("list.down", "Down", footer=False),
            Action("list.up", "Up", footer=False),
            Action("app.back", "Close", "Close the sheet; nothing changes."),
        ),
    )
    FIELD_PLACE = PLACE

    def __init__(
        self,
        title: str,
        usable: Sequence[Usable],
        warm: Sequence[str],
        take: Callable[[str, str], None],
        *,
        folders: bool = True,
    ) -> None:
        """take: given the query of the chosen model and what to call it until it is loaded."""
        super().__init__(title)
        self._usable = sorted(usable, key=lambda one: one.query not in warm)
        self._warm = warm
        self._take = take
        self._folders = folders

    def body(self) -> ComposeResult:
        yield FieldRow("model", Field(placeholder="words of a run, or a folder" if self._folders else "words of a run"))
        yield _Models(self._usable, self._warm)

    def lines_wanted(self, width: int) -> int:
        return LINES

    def found(self, usable: Sequence[Usable]) -> None:
        """The runs have been looked through."""
        self._usable = sorted(usable, key=lambda one: one.query not in self._warm)
        for field in self.query(Field):  # none while the sheet is being made
            self._show(field.value)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._show(event.value)

    def _show(self, typed: str) -> None:
        table = self.query_one(_Models)
        table.folder = typed.strip() if self._folders and looks_like_folder(typed.strip()) else ""
        table.usable = [] if table.folder else matching(self._usable, typed)
        table.cursor = table.top = 0
        table.repaint()

    def do_list_down(self) -> None:
        self.query_one(_Models).do_list_down()

    def do_list_up(self) -> None:
        self.query_one(_Models).do_list_up()

    def do_list_open(self) -> None:
        table = self.query_one(_Models)
        if not table.count():
            self.page.say("No model is called that.", "warn")
            return
        if table.folder:
            query, name = table.folder, table.folder
        else:
            chosen = table.usable[table.cursor]
            query, name = chosen.query, chosen.short
        self.close()
        self._take(query, name)


@dataclass(frozen=True)
class Asked:
    """A file to predict, as it was typed."""

    file: str = ""
    target: str = ""
    columns: str = ""


def file_sheet(asked: Asked, take: Callable[[Asked, dict[str, str]], None]) -> FieldsSheet:
    """A file to predict, and where its answers go. take: given what was typed, and the columns by role."""

    def taken(values: Sequence[str]) -> str | None:
        found = Asked(*(value.strip() for value in values))
        if not found.file:
            return "File: a path is needed."
        pairs = [pair.partition("=") for pair in found.columns.split()]
        if not all(role and equals and name for role, equals, name in pairs):
            return "Columns: role=name is expected, as in text=review."
        take(found, {role: name for role, _, name in pairs})
        return None

    return FieldsSheet(
        "Predict a file",
        [("file", asked.file), ("write to", asked.target), ("columns", asked.columns)],
        taken,
        hint="write to: .csv .tsv .jsonl .parquet, else beside the file; columns: text=NAME",
    )
