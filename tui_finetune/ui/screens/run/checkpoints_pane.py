"""The Checkpoints tab: what lies on the disk, whether it is whole, how it measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from tui_finetune.live.checkpoint_rows import checkpoint_facts, checkpoint_line, columns
from tui_finetune.live.columns import head_line
from tui_finetune.live.offers import ON, Offer, off
from tui_finetune.live.spans import EMPTY, Line, fact_lines, line, wrap
from tui_finetune.live.steer_offers import branch_offer, change_offer, drop_offer
from tui_finetune.runs.records import CheckpointRecord
from tui_finetune.ui.screens.run.pane import Pane
from tui_finetune.ui.screens.run.places import CHECKPOINTS
from tui_finetune.ui.wants import PredictWanted
from tui_finetune.ui.widgets.sheet import TextSheet
from tui_finetune.ui.widgets.table import Table

if TYPE_CHECKING:
    from tui_finetune.ui.screens.run.steer.checkpoint_acts import CheckpointActions


class CheckpointsPane(Table, Pane):
    """One row a checkpoint, in order of their steps."""

    PLACE = CHECKPOINTS

    def __init__(self) -> None:
        super().__init__(id="checkpoints")

    def _rows(self) -> Sequence[CheckpointRecord]:
        return self.look.files.checkpoints if self.look is not None else ()

    def _current(self) -> CheckpointRecord | None:
        rows = self._rows()
        return rows[self.cursor] if self.cursor < len(rows) else None

    def count(self) -> int:
        return len(self._rows())

    def head(self, width: int) -> Line:
        return head_line(columns(width))

    def row(self, index: int, width: int) -> Line:
        assert self.look is not None
        return checkpoint_line(self._rows()[index], self.look.history, width + 3)

    def picture(self, width: int, height: int) -> Sequence[Line]:
        if self.count():
            return super().picture(width, height)
        live = self.look is None or self.look.status.live
        why = "No checkpoint yet: the first one comes with the first evaluation, or at a stop."
        said = wrap(why if live else "No checkpoint is there.", width - 6, token="muted")
        return [self.head(width), EMPTY, *(line("   ", *part) for part in said)]

    def row_offer(self) -> Offer:
        return ON if self._current() is not None else off("There is no checkpoint.")

    def whole_offer(self) -> Offer:
        one = self._current()
        if one is None:
            return off("There is no checkpoint.")
        return ON if one.whole else off(f"checkpoint-{one.step} is not whole.")

    def measure_offer(self) -> Offer:
        found, row = self.whole_offer(), self.run_page.row
        return off("Made by a script of its own.") if found.on and row is not None and not row.has_recipe else found

    def branch_offer(self) -> Offer:
        found = self.whole_offer()
        return branch_offer(self.run_page.row, self._rows()) if found.on else found

    def back_offer(self) -> Offer:
        found = self.whole_offer()
        return change_offer(self.run_page.row) if found.on else found

    def do_item_undo(self) -> None:
        one = self._current()
        assert one is not None
        self._acts.roll_back(one)

    def drop_offer(self) -> Offer:
        return drop_offer(self.run_page.row, self._current())

    @property
    def _acts(self) -> CheckpointActions:
        return cast("CheckpointActions", self.screen)

    def do_list_open(self) -> None:
        one = self._current()
        assert one is not None
        self._acts.measure_checkpoint(one)

    def do_run_branch(self) -> None:
        one = self._current()
        assert one is not None
        self._acts.branch_from(one.step)

    def do_item_try(self) -> None:
        one, look = self._current(), self.look
        assert one is not None
        assert look is not None
        self.ui.show_screen("predict", PredictWanted(model=f"{look.info.short}@{one.step}"))

    def do_run_export(self) -> None:
        one = self._current()
        assert one is not None
        self._acts.export_checkpoint(one)

    def do_item_delete(self) -> None:
        one = self._current()
        assert one is not None
        self._acts.drop_checkpoint(one)

    def do_item_details(self) -> None:
        one, look = self._current(), self.look
        assert one is not None
        assert look is not None
        facts = checkpoint_facts(one, look.history)
        self.page.open_sheet(TextSheet(f"checkpoint-{one.step}", lambda width: fact_lines(facts, width)))

    def do_item_copy(self) -> None:
        one = self._current()
        assert one is not None
        self.ui.copy_text(str(one.path))
