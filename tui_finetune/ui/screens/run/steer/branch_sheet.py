"""A new run from a checkpoint: which one, how it is called, whether the optimizer's state comes along."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, cast

from textual.app import ComposeResult

from tui_finetune.live.checkpoint_rows import branch_line
from tui_finetune.live.reader import RunRow
from tui_finetune.live.series import History
from tui_finetune.live.spans import Line, line, muted
from tui_finetune.runs.records import CheckpointRecord
from tui_finetune.ui.actions import Action, Place
from tui_finetune.ui.drafted import draft_branch
from tui_finetune.ui.widgets.field import Field, FieldRow
from tui_finetune.ui.widgets.painted import Painted
from tui_finetune.ui.widgets.sheet import Sheet
from tui_finetune.ui.widgets.table import Table

MOST = 7
"""Checkpoints in sight at once."""
KEEP, FRESH = "keep", "fresh"


class _Checkpoints(Table):
    """The whole ones, the newest last."""

    @property
    def owner(self) -> BranchSheet:
        return cast("BranchSheet", self.parent)

    def count(self) -> int:
        return len(self.owner.checkpoints)

    def row(self, index: int, width: int) -> Line:
        return branch_line(self.owner.checkpoints[index], self.owner.history, width)

    def moved(self) -> None:
        self.page.repaint()


class _Note(Painted):
    """What the state of the optimizer means."""

    DEFAULT_CSS = "_Note { height: 1; }"

    def picture(self, width: int, height: int) -> Sequence[Line]:
        keep = cast("BranchSheet", self.parent).keep
        said = "keep: goes on as this run would, its schedule too" if keep else "fresh: a new start from these weights"
        return [line(" ", muted(f"{said} (up, down)"))]


class BranchSheet(Sheet):
    """Checkpoint list, name, optimizer state; Train opens with the recipe filled in."""

    PLACE: ClassVar[Place] = Place(
        "run.branch",
        "branch",
        (
            Action("list.open", "Branch", "Open Train with the recipe of a run from this checkpoint."),
            Action("pane.next", "Name and state", "The fields below."),
            Action("list.down", "Down", footer=False),
            Action("list.up", "Up", footer=False),
            Action("app.back", "Close", "Close the sheet; nothing is done."),
        ),
    )
    FIELD_PLACE: ClassVar[Place] = Place(
        "run.branch.field",
        "field",
        (
            Action("list.open", "Branch", "Open Train with the recipe of a run from this checkpoint."),
            Action("pane.next", "Next field", footer=False),
            Action("pane.previous", "Field before", footer=False),
            Action("list.down", "Keep or fresh", "Turn the state of the optimizer round."),
            Action("list.up", "Keep or fresh", footer=False),
            Action("app.back", "Close", "Close the sheet; nothing is done."),
        ),
    )

    def __init__(
        self, row: RunRow, checkpoints: Sequence[CheckpointRecord], history: History, step: int | None = None
    ) -> None:
        super().__init__(f"Branch from {row.info.title}")
        self._row = row
        self.checkpoints = list(checkpoints)
        self.history = history
        places = [place for place, one in enumerate(self.checkpoints) if one.step == step]
        self._first = places[0] if places else len(self.checkpoints) - 1

    def body(self) -> ComposeResult:
        yield _Checkpoints()
        yield FieldRow("name           ", Field(self._usual_name(), id="name"))
        yield FieldRow("optimizer state", Field(KEEP, id="state"))
        yield _Note()

    def on_mount(self) -> None:
        self.query_one(_Checkpoints).cursor = self._first

    def lines_wanted(self, width: int) -> int:
        return min(MOST, len(self.checkpoints)) + 3

    def _usual_name(self) -> str:
        return f"{self._row.info.name}-branch"

    @property
    def keep(self) -> bool:
        fields = self.query("#state").results(Field)
        return all(field.value.strip().lower() != FRESH for field in fields)

    def _turn(self) -> None:
        field = self.query_one("#state", Field)
        field.value = FRESH if self.keep else KEEP
        self.page.repaint()

    def do_list_down(self) -> None:
        self._turn() if self.page.in_field else self.query_one(_Checkpoints).do_list_down()

    def do_list_up(self) -> None:
        self._turn() if self.page.in_field else self.query_one(_Checkpoints).do_list_up()

    def do_list_open(self) -> None:
        one = self.checkpoints[self.query_one(_Checkpoints).cursor]
        name = self.query_one("#name", Field).value.strip() or self._usual_name()
        keep, bridge, page = self.keep, self.page.ui.bridge, self.page
        self.close()
        page.say(f"Reading the recipe of {self._row.info.title} …", "muted")
        draft_branch(bridge, self._row.info, one.step, name, keep=keep)
