"""What a person asks of the run that is shown: pause, change, save, evaluate, branch, what a finding offers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tui_finetune.live import words
from tui_finetune.live.offers import Offer, report_offer
from tui_finetune.live.points import Finding
from tui_finetune.live.reader import RunRow
from tui_finetune.live.run_look import RunLook
from tui_finetune.live.situation import Situation, situation
from tui_finetune.live.spans import line, wrap
from tui_finetune.live.steer_offers import (
    branch_offer,
    change_offer,
    hold_offer,
    measure_offer,
    release_offer,
    save_offer,
)
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.records import CheckpointRecord
from tui_finetune.ui.run_actions import RunActions
from tui_finetune.ui.screens.run.steer.messages import BranchDrafted, CheckpointRemoved
from tui_finetune.ui.wants import TrainWanted
from tui_finetune.ui.widgets.sheet import Choice, ChoiceSheet, WordSheet

if TYPE_CHECKING:
    from tui_finetune.ui.screens.evaluate.messages import EvaluationRefused, EvaluationStarted


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

    def branch_offer(self) -> Offer:
        return branch_offer(self.row, self.look.files.checkpoints if self.look is not None else ())

    def do_run_hold(self) -> None:
        if self.held:
            self.ask("continue")
        else:
            self.ask("pause", {"release": False})

    def do_run_release(self) -> None:
        self.ask("pause", {"release": True})

    def do_item_write(self) -> None:
        self.ask("save")

    def do_run_evaluate(self) -> None:
        row = self.row
        if row is not None and row.status.live:
            self.ask("evaluate", {"split": "validation"})
        else:
            super().do_run_evaluate()

    def do_run_change(self) -> None:
        from tui_finetune.ui.screens.run.steer.change_sheet import ChangeSheet

        self.open_sheet(ChangeSheet(self))

    def do_run_branch(self) -> None:
        self.branch_from(None)

    def branch_from(self, step: int | None) -> None:
        """The sheet for a new run from a checkpoint; the newest whole one under the cursor, or the one at `step`."""
        from tui_finetune.ui.screens.run.steer.branch_sheet import BranchSheet

        row, look = self.row, self.look
        assert row is not None
        assert look is not None
        self.open_sheet(BranchSheet(row, [one for one in look.files.checkpoints if one.whole], look.history, step))

    def on_branch_drafted(self, message: BranchDrafted) -> None:
        if self.is_current:
            self.ui.show_screen("train", TrainWanted(text=message.text, name=message.name))

    def measure_checkpoint(self, one: CheckpointRecord) -> None:
        """Asks on which split, and measures it in a job of its own."""
        row = self.row
        assert row is not None
        said = f"Measure checkpoint-{one.step} of {row.info.title}, in a job of its own; this run goes on as it is."
        splits = [Choice(f"on {split}", lambda split=split: self._measure(row, one.step, split))  # type: ignore[misc]
                  for split in ("validation", "test")]  # fmt: skip
        self.open_sheet(
            ChoiceSheet(
                f"Evaluate checkpoint-{one.step}",
                [line(" ", *part) for part in wrap(said, 78)],
                [*splits, Choice("do not")],
            )
        )

    def _measure(self, row: RunRow, step: int, split: str) -> None:
        from tui_finetune.ui.screens.evaluate.work import Evaluations

        self.say("Looking at model and data …", "muted")
        Evaluations(self.ui.bridge).evaluate(f"{row.info.id}@{step}", "", split)

    def on_evaluation_started(self, message: EvaluationStarted) -> None:
        if self.is_current:
            self.say(f"{message.name} has started, a run of its own: 1 lists it.")

    def on_evaluation_refused(self, message: EvaluationRefused) -> None:
        if self.is_current:
            self.say(message.problem, "bad")

    def roll_back(self, one: CheckpointRecord) -> None:
        """Asks first, with or without half the rate."""
        row, look = self.row, self.look
        assert row is not None
        assert look is not None
        lost = max(0, look.history.step - one.step)
        said = f"Back to checkpoint-{one.step}: {lost:,} steps after it are trained again, in a new attempt of the same process."
        half = {"checkpoint": one.step, "set": {"learning_rate": "x0.5"}}
        self.open_sheet(
            ChoiceSheet(
                f"Roll {row.info.name} back",
                [line(" ", *part) for part in wrap(said, 78)],
                [
                    Choice("let it run"),
                    Choice("roll back", lambda: self.ask("rollback", {"checkpoint": one.step})),
                    Choice("roll back, with half the learning rate", lambda: self.ask("rollback", half)),
                ],
            )
        )

    def drop_checkpoint(self, one: CheckpointRecord) -> None:
        """For good: it asks for a word."""
        row = self.row
        assert row is not None
        info = row.info
        size = f", {words.size(one.bytes)}" if one.bytes else ""
        best = " It is the best one." if one.best else ""
        said = f"checkpoint-{one.step} of {info.title}{size}, gone for good.{best}"
        self.open_sheet(
            WordSheet(
                f"Delete checkpoint-{one.step}",
                [line(" ", *part) for part in wrap(said, 78)],
                str(one.step),
                lambda: self.ui.bridge.do(f"Delete checkpoint-{one.step}", lambda: _dropped(info, one.step)),
            )
        )

    def on_checkpoint_removed(self, message: CheckpointRemoved) -> None:
        look = self.look
        if look is not None and look.info.id == message.run.id:
            kept = [one for one in look.files.checkpoints if one.step != message.step]
            look.files = replace(look.files, checkpoints=kept)
            self.say(f"checkpoint-{message.step} is gone.")
            self.repaint()

    def open_finding(self, found: Finding) -> None:
        """What it is, since when, what usually helps, and one act."""
        from tui_finetune.ui.screens.run.steer.finding_sheet import finding_sheet

        look = self.look
        assert look is not None
        self.open_sheet(finding_sheet(found, self.row, look, self.ask))


def _dropped(info: RunInfo, step: int) -> CheckpointRemoved:
    """In a thread: the folder is put out of sight first, then removed."""
    from tui_finetune.runs.dropping import drop_checkpoint

    drop_checkpoint(info.paths, step)
    return CheckpointRemoved(info, step)
