"""Opening data: type a path, a Hub name or a source; what there is stands below, tab completes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input

from tui_finetune.live.data_sources import Candidate, candidate_line, completed, why_nothing
from tui_finetune.live.spans import Line, line, muted
from tui_finetune.ui.actions import Action, Place
from tui_finetune.ui.screens.data.messages import CandidatesRead
from tui_finetune.ui.widgets.field import Field, FieldRow
from tui_finetune.ui.widgets.sheet import Sheet
from tui_finetune.ui.widgets.table import Table

LINES = 14


class _Candidates(Table, can_focus=False):
    """What can be opened of what is typed; the cursor is on none until it is moved."""

    def __init__(self) -> None:
        super().__init__()
        self.found: Sequence[Candidate] = ()
        self.typed = ""
        self.why = ""
        self.cursor = -1

    def count(self) -> int:
        return len(self.found)

    def row(self, index: int, width: int) -> Line:
        return candidate_line(self.found[index], width)

    def _keep_in_sight(self) -> None:
        chosen, self.cursor = self.cursor, max(0, self.cursor)
        super()._keep_in_sight()
        self.cursor = min(chosen, self.cursor)

    def picture(self, width: int, height: int) -> Sequence[Line]:
        said = [line("   ", muted(self.why))] if self.why else []
        if not self.count():
            return [*said, line("   ", muted(why_nothing(self.typed)))]
        return [*said, *super().picture(width, height - len(said))]

    def cursor_line(self) -> int | None:
        at = super().cursor_line()
        return None if at is None or self.cursor < 0 else at + bool(self.why)


class SourceSheet(Sheet):
    """Enter opens what is typed, or what was moved to."""

    PLACE: ClassVar[Place] = Place(
        "data.open",
        "sheet",
        (
            Action("list.open", "Open", "Open what is typed, or what is under the cursor."),
            Action("pane.next", "Complete", "Complete the path as far as it is clear."),
            Action("list.down", "Down", footer=False),
            Action("list.up", "Up", footer=False),
            Action("app.back", "Close", "Close the sheet; nothing changes."),
        ),
    )
    FIELD_PLACE = PLACE

    def __init__(self, typed: str, ask: Callable[[str], None], take: Callable[[str], None]) -> None:
        """ask: looks for what can be opened; the page passes the answer on. take: opens."""
        super().__init__("Open data")
        self._typed = typed
        self._ask = ask
        self._take = take

    def body(self) -> ComposeResult:
        yield FieldRow("data", Field(self._typed, placeholder="./train.csv, a folder, stanfordnlp/imdb, recipe.toml"))
        yield _Candidates()

    def lines_wanted(self, width: int) -> int:
        return LINES

    def on_mount(self) -> None:
        self._ask(self._typed)

    @property
    def _list(self) -> _Candidates:
        return self.query_one(_Candidates)

    @property
    def _field(self) -> Field:
        return self.query_one(Field)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self._ask(event.value)

    def on_candidates_read(self, message: CandidatesRead) -> None:
        if message.typed != self._field.value:
            return
        table = self._list
        table.found, table.typed = message.candidates, message.typed
        table.why = "asking the Hub …" if message.more else message.why
        table.cursor, table.top = -1, 0
        table.repaint()

    def do_list_down(self) -> None:
        self._list.move(self._list.cursor + 1)

    def do_list_up(self) -> None:
        self._list.move(self._list.cursor - 1)

    def do_pane_next(self) -> None:
        """The candidate under the cursor, else as far as all agree."""
        table = self._list
        value = table.found[table.cursor].value if table.cursor >= 0 else completed(self._field.value, table.found)
        self._field.value = value
        self._field.cursor_position = len(value)

    def do_list_open(self) -> None:
        table = self._list
        chosen = table.found[table.cursor] if 0 <= table.cursor < table.count() else None
        if chosen is not None and not chosen.opens:
            self.do_pane_next()
            return
        typed = chosen.value if chosen is not None else self._field.value.strip()
        if not typed:
            self.page.say("A path, a Hub name or a source is needed.", "warn")
            return
        self.close()
        self._take(typed)
