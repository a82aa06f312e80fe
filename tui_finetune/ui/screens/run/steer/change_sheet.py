"""The steering sheet: a value that is changed while the run goes on, and what follows from it before it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input

from tui_finetune.live import steering
from tui_finetune.live.offers import ON, Offer, off
from tui_finetune.live.situation import Situation
from tui_finetune.live.spans import EMPTY, Line, clip, line, muted, span, wrap
from tui_finetune.live.steering import Row, Trial
from tui_finetune.runs.settable import SETTABLE
from tui_finetune.ui.actions import Action, Place
from tui_finetune.ui.screens.run.steer.value_row import ValueRow
from tui_finetune.ui.widgets.field import Field, FieldRow
from tui_finetune.ui.widgets.painted import Painted
from tui_finetune.ui.widgets.sheet import Sheet
from tui_finetune.ui.widgets.table import Table

if TYPE_CHECKING:
    from tui_finetune.ui.screens.run.steer.acts import SteerActions

NAME_CELLS, NOW_CELLS = 30, 9
FOLLOWS = 3
"""Lines for what follows from a value."""
LINES = 16


class _Settings(Table):
    """The settings with their values; the last line opens the rest."""

    def __init__(self) -> None:
        super().__init__()
        self.every = False

    @property
    def owner(self) -> ChangeSheet:
        return cast("ChangeSheet", self.parent)

    def rows(self) -> Sequence[Row]:
        return steering.rows(self.owner.now, every=self.every)

    def count(self) -> int:
        return len(self.rows()) + (not self.every)

    def head(self, width: int) -> Line:
        return line("   ", muted(f"{'setting'.ljust(NAME_CELLS)} {'now'.ljust(NOW_CELLS)}takes effect"))

    def current(self) -> Row | None:
        rows = self.rows()
        return rows[self.cursor] if self.cursor < len(rows) else None

    def row(self, index: int, width: int) -> Line:
        rows = self.rows()
        if index == len(rows):
            return (muted(f"+ {len(SETTABLE) - len(steering.FIRST)} more"),)
        one = rows[index]
        token = "muted" if one.off else "text"
        found = line(span(one.name.ljust(NAME_CELLS), token), " ", span(one.now.ljust(NOW_CELLS), token),
                     span(one.takes_effect, "muted" if one.off else "text"))  # fmt: skip
        return clip(found, width)

    def moved(self) -> None:
        self.owner.chosen()

    def on_focus(self) -> None:
        self.owner.chosen()


class _Follows(Painted):
    """What follows from what is typed; of a setting that is only looked at what it is."""

    DEFAULT_CSS = f"_Follows {{ height: {FOLLOWS}; }}"

    def picture(self, width: int, height: int) -> Sequence[Line]:
        return cast("ChangeSheet", self.parent).follows(width)[:height]


class ChangeSheet(Sheet):
    """Settings, then a field for the new value and one for the reason."""

    PLACE: ClassVar[Place] = Place(
        "run.change",
        "values that can be changed",
        (
            Action("list.open", "New value", "The field for another value.", offer=lambda sheet: sheet.open_offer()),
            Action("list.down", "Down", footer=False),
            Action("list.up", "Up", footer=False),
            Action("list.page_down", "Page down", footer=False),
            Action("list.page_up", "Page up", footer=False),
            Action("app.back", "Close", "Close the sheet; nothing is sent."),
        ),
    )
    FIELD_PLACE: ClassVar[Place] = Place(
        "run.change.value",
        "new value",
        (
            Action("list.open", "Send", "Ask the worker for it; it answers at once, and says from which step on.",
                   offer=lambda sheet: sheet.send_offer()),
            Action("list.up", "Higher", "The value above, of the ladder beside the field.",
                   offer=lambda sheet: sheet.ladder_offer()),
            Action("list.down", "Lower", "The value below.", offer=lambda sheet: sheet.ladder_offer()),
            Action("pane.next", "Why", "The next field: why, and of what changes the steps whether the schedule is stretched."),
            Action("pane.previous", "Field before", footer=False),
            Action("app.back", "Back", "Back to the settings; nothing is sent."),
        ),
    )  # fmt: skip

    def __init__(self, page: SteerActions, name: str | None = None) -> None:
        super().__init__("Change a running value")
        self._page = page
        self._wanted = name
        self.now: Situation = page.situation()
        self.trial = Trial({})
        self._name: str | None = None
        """The setting whose value is typed."""

    def body(self) -> ComposeResult:
        yield _Settings()
        yield ValueRow()
        yield _Follows()
        yield FieldRow("stretch   ", Field("yes", id="stretch"))
        yield FieldRow("why       ", Field(id="why", placeholder="goes to Control"))

    def on_mount(self) -> None:
        self._show_fields(typing=False)
        table = self.table
        if self._wanted is not None:
            names = [one.name for one in table.rows()]
            if self._wanted not in names:
                table.every = True
                names = [one.name for one in table.rows()]
            table.cursor = names.index(self._wanted) if self._wanted in names else 0

    def lines_wanted(self, width: int) -> int:
        return LINES

    @property
    def table(self) -> _Settings:
        return self.query_one(_Settings)

    @property
    def typed(self) -> str:
        return self.query_one("#value", Field).value

    @property
    def stretch(self) -> bool:
        return self.query_one("#stretch", Field).value.strip().lower() not in ("no", "n", "false")

    def _show_fields(self, *, typing: bool) -> None:
        """Fields are there while a value is typed."""
        self.query_one(ValueRow).display = typing
        why, stretch = self.query_one("#why").parent, self.query_one("#stretch").parent
        why.display = typing  # type: ignore[union-attr]
        stretch.display = typing and self._name in steering.LENGTHS  # type: ignore[union-attr]

    def chosen(self) -> None:
        """Another setting is under the cursor."""
        self._name = None
        self.trial = Trial({})
        self._show_fields(typing=False)
        self.page.repaint()

    def looked_again(self) -> None:
        """The run has gone on: what is there now, and what would follow now."""
        self.now = self._page.situation()
        if self._name is not None:
            self._try()
        self.page.repaint()

    def follows(self, width: int) -> list[Line]:
        """What is said below the list."""
        if self._name is None:
            return self._about(width)
        if self.trial.problem:
            return [line(" ", *part) for part in wrap(self.trial.problem, width - 2, token="warn")]
        return [line(" ", *part) for part in wrap(" ".join(self.trial.said), width - 2)]

    def _about(self, width: int) -> list[Line]:
        one = self.table.current()
        if one is None:
            return [EMPTY, line(" ", muted("enter shows the others."))]
        factor = " x0.5 halves it." if one.setting.takes_factor else ""
        return [EMPTY, *(line(" ", *part) for part in wrap(f"{one.setting.help}{factor}", width - 2, token="muted"))]

    def open_offer(self) -> Offer:
        one = self.table.current()
        return off(f"{one.off}.") if one is not None and one.off else ON

    def do_list_open(self) -> None:
        if self._name is not None:
            self._send()
            return
        one = self.table.current()
        if one is None:
            self.table.every = True
            self.page.repaint()
            return
        self._name = one.name
        row = self.query_one(ValueRow)
        row.begin(steering.ladder(self.now, one.setting))
        self._show_fields(typing=True)
        row.field.focus()
        self._try()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self._name is not None:
            self._try()

    def _try(self) -> None:
        assert self._name is not None
        self.trial = steering.tried(self.now, self._name, self.typed, stretch=self.stretch)
        self.page.repaint()

    def send_offer(self) -> Offer:
        if self.trial.problem:
            return off(self.trial.problem)
        return ON if self.trial.values else off("No value is typed yet.")

    def _send(self) -> None:
        reason, page = self.query_one("#why", Field).value, self._page
        values = steering.request_of(self.trial, reason, stretch=self.stretch)
        self.close()
        page.ask("set", values)

    def ladder_offer(self) -> Offer:
        if self.page.focused is self.query_one("#stretch"):
            return ON
        return ON if self.query_one(ValueRow).ladder else off("There is no ladder for it: type the value.")

    def _climb(self, by: int) -> None:
        stretch = self.query_one("#stretch", Field)
        if self.page.focused is stretch:
            stretch.value = "no" if self.stretch else "yes"
            return
        assert self._name is not None
        row = self.query_one(ValueRow)
        row.field.focus()
        before = self.typed.strip() or steering.value_now(self.now, self._name).replace(",", "")
        row.field.value = steering.rung(row.ladder, before, by)
        row.field.cursor_position = len(row.field.value)

    def do_list_up(self) -> None:
        self.table.do_list_up() if self._name is None else self._climb(1)

    def do_list_down(self) -> None:
        self.table.do_list_down() if self._name is None else self._climb(-1)

    def do_list_page_down(self) -> None:
        self.table.do_list_page_down()

    def do_list_page_up(self) -> None:
        self.table.do_list_page_up()

    def do_pane_next(self) -> None:
        self._turn_field(1)

    def do_pane_previous(self) -> None:
        self._turn_field(-1)

    def _turn_field(self, by: int) -> None:
        """Round and round through the fields; the settings are behind esc."""
        fields = [one for one in self.query(Field) if one.parent is not None and one.parent.display]
        if self.page.focused in fields:
            fields[(fields.index(self.page.focused) + by) % len(fields)].focus()

    def do_app_back(self) -> None:
        if self._name is None:
            self.close()
        else:
            self.table.focus()
