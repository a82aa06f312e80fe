"""What a person asks of the run that is shown: pause, change, save, evaluate, branch, what a finding offers."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tui_finetune.live.forecast import settings_that_fit
from tui_finetune.live.offers import Offer, report_offer
from tui_finetune.live.palette import Entry
from tui_finetune.live.points import Finding
from tui_finetune.live.run_look import RunLook
from tui_finetune.live.situation import Situation, situation
from tui_finetune.live.steer_offers import (
    change_offer,
    hold_offer,
    measure_offer,
    release_offer,
    save_offer,
)
from tui_finetune.live.steering import entries
from tui_finetune.ui.drafted import RecipeDrafted, draft_that_fits
from tui_finetune.ui.run_actions import RunActions
from tui_finetune.ui.wants import TrainWanted


class SteerActions(RunActions):
    """A page that shows a run, `look`."""

    look: RunLook | None

    def ask(self, action: str, values: Mapping[str, Any] | None = None) -> None:
        """A request to the worker; what becomes of it is said on the message line."""
        row = self.row
        if row is not None:
            self.ui.bridge.send(row.info, action, row.status.attempt or 1, values)

    def situation(self) -> Situation:
        """Where the run stands, for what would follow from a change."""
        return situation(self.look) if self.look is not None else Situation()

    @property
    def held(self) -> bool:
        """True while the run is paused."""
        return self.look is not None and self.look.status.state == "paused"

    def hold_offer(self) -> Offer:
        return hold_offer(self.row)

    def release_offer(self) -> Offer:
        return release_offer(self.row)

    def change_offer(self) -> Offer:
        return change_offer(self.row)

    def save_offer(self) -> Offer:
        return save_offer(self.row)

    def measure_offer(self) -> Offer:
        """Of a run that lives: now; of one that has ended: what was measured."""
        row, look = self.row, self.look
        if row is None or not row.status.live:
            return report_offer(row)
        return measure_offer(row, look.history.doing if look is not None else None)

    def do_run_hold(self) -> None:
        if self.held:
            self.ask("continue")
        else:
            self.ask("pause", {"release": False} if self.row is not None and self.row.has_recipe else {})

    def do_run_release(self) -> None:
        self.ask("pause", {"release": True})

    def do_item_write(self) -> None:
        self.ask("save")

    def do_run_evaluate(self) -> None:
        row = self.row
        if row is not None and row.status.live:
            self.ask("evaluate", {"split": "validation"} if row.has_recipe else {})
        else:
            super().do_run_evaluate()

    def do_run_change(self) -> None:
        self.change()

    def change(self, name: str | None = None) -> None:
        """The steering sheet, with the cursor on one of the settings."""
        from tui_finetune.ui.screens.run.steer.change_sheet import ChangeSheet

        self.open_sheet(ChangeSheet(self, name))

    def found_too(self) -> Sequence[tuple[Entry, Callable[[], None]]]:
        """Every setting of the run that is shown, by its name."""
        if self.look is None:
            return ()
        why = self.change_offer().why
        names = entries(self.situation(), why)
        return [(one, functools.partial(self.change, one.act.partition(":")[2])) for one in names]

    def on_recipe_drafted(self, message: RecipeDrafted) -> None:
        if self.is_current and self.look is not None and message.run_id == self.look.info.id:
            self.ui.show_screen("train", TrainWanted(text=message.text, name=message.name))

    def do_item_edit(self) -> None:
        """Of a run that did not fit its device the copy has the settings that were tried and fit."""
        look = self.look
        fits = settings_that_fit(look.history.refusal) if look is not None else None
        if look is None or not fits:
            super().do_item_edit()
        else:
            draft_that_fits(self.ui.bridge, look.info, fits)

    def open_finding(self, found: Finding) -> None:
        """What it is, since when, what usually helps, and one act."""
        from tui_finetune.ui.screens.run.steer.finding_sheet import finding_sheet

        look = self.look
        assert look is not None
        self.open_sheet(finding_sheet(found, self.row, look, self.ask))
