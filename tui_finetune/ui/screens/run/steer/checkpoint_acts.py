"""What can be done with the checkpoints of the run that is shown: branch, compare, evaluate, go back, remove."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tui_finetune.errors import UserError
from tui_finetune.live import words
from tui_finetune.live.health.finding import HALF
from tui_finetune.live.offers import ON, Offer, off
from tui_finetune.live.reader import RunRow
from tui_finetune.live.spans import line, wrap
from tui_finetune.live.steer_offers import branch_offer
from tui_finetune.runs.branches import origin
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.records import CheckpointRecord
from tui_finetune.ui.screens.run.steer.acts import SteerActions
from tui_finetune.ui.screens.run.steer.messages import CheckpointExported, CheckpointRemoved, ExportRefused
from tui_finetune.ui.widgets.sheet import Choice, ChoiceSheet, FieldsSheet, WordSheet

if TYPE_CHECKING:
    from tui_finetune.ui.bridge import Bridge
    from tui_finetune.ui.screens.evaluate.messages import EvaluationRefused, EvaluationStarted

MOST_COMPARED = 3
"""Runs beside this one."""


class CheckpointActions(SteerActions):
    """A page that shows a run with its checkpoints."""

    def branch_offer(self) -> Offer:
        return branch_offer(self.row, self.look.files.checkpoints if self.look is not None else ())

    def do_run_branch(self) -> None:
        self.branch_from(None)

    def branch_from(self, step: int | None) -> None:
        """The sheet for a new run from a checkpoint; the newest whole one under the cursor, or the one at `step`."""
        from tui_finetune.ui.screens.run.steer.branch_sheet import BranchSheet

        row, look = self.row, self.look
        assert row is not None
        assert look is not None
        self.open_sheet(BranchSheet(row, [one for one in look.files.checkpoints if one.whole], look.history, step))

    def compare_offer(self) -> Offer:
        return ON if self._related() else off("It branches from no run that is here, and none branches from it.")

    def _related(self) -> list[RunInfo]:
        """The run that it branches from, then those that branch from it, the newest first."""
        look = self.look
        if look is None:
            return []
        rows = self.ui.listing.rows
        before = origin(look.info.of)
        parents = [row.info for row in rows if before is not None and row.id == before.run]
        trained = [(row.info, origin(row.info.of)) for row in rows if row.info.kind == "train"]
        return [*parents, *(info for info, of in trained if of is not None and of.run == look.info.id)]

    def do_item_compare(self) -> None:
        look = self.look
        assert look is not None
        self.compare([look.info, *self._related()[:MOST_COMPARED]])

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
        Evaluations(self.ui.bridge).evaluate(f"{row.info.short}@{step}", "", split)

    def on_evaluation_started(self, message: EvaluationStarted) -> None:
        if self.is_current:
            self.say(f"{message.name} has started, a run of its own: 1 lists it.")

    def on_evaluation_refused(self, message: EvaluationRefused) -> None:
        if self.is_current:
            self.say(message.problem, "bad")

    def export_checkpoint(self, one: CheckpointRecord) -> None:
        """Asks for the folder, and writes the checkpoint there as a model of its own."""
        row = self.row
        assert row is not None
        info, bridge = row.info, self.ui.bridge

        def take(values: Sequence[str]) -> str | None:
            folder = values[0].strip()
            if not folder:
                return "A folder is needed."
            self.say(f"Exporting checkpoint-{one.step} …", "muted")
            bridge.do(f"Export checkpoint-{one.step}", lambda: _exported(bridge, info, one.step, Path(folder)))
            return None

        self.open_sheet(
            FieldsSheet(
                f"Export checkpoint-{one.step}",
                [("folder", str(Path.cwd() / f"{info.name}-{one.step}"))],
                take,
                hint="New or empty. What only a resume reads stays behind; an adapter is merged.",
            )
        )

    def on_checkpoint_exported(self, message: CheckpointExported) -> None:
        merged = ", its adapter merged" if message.merged else ""
        self.say(f"checkpoint-{message.step}{merged}, {words.size(message.bytes)}: {message.folder}")

    def on_export_refused(self, message: ExportRefused) -> None:
        self.say(message.problem, "bad")

    def roll_back(self, one: CheckpointRecord) -> None:
        """Asks first, with or without half the rate."""
        row, look = self.row, self.look
        assert row is not None
        assert look is not None
        lost = max(0, look.history.step - one.step)
        said = f"Back to checkpoint-{one.step}: {lost:,} steps after it are trained again, in a new attempt of the same process."
        half = {"checkpoint": one.step, "set": dict(HALF)}
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


def _exported(bridge: Bridge, info: RunInfo, step: int, target: Path) -> CheckpointExported | ExportRefused:
    """In a thread; an adapter is merged in a process of its own."""
    from tui_finetune.inference.client import HelperSpec
    from tui_finetune.inference.exporting import export, merged_by
    from tui_finetune.inference.model_choice import choose_model
    from tui_finetune.inference.model_folder import open_model_folder

    try:
        chosen = choose_model(bridge.home, info.id, str(step))
        recipe = chosen.recipe()
        trust = recipe is not None and recipe.model.trust_remote_code
        model = open_model_folder(chosen.folder, bridge.catalog(), bridge.home, trust_remote_code=trust)
        launch = bridge.started_with()
        spec = HelperSpec(
            model.path, bridge.home, "cpu", launch.plugin_dirs, launch.third_party, trust_remote_code=trust
        )
        done = export(chosen, model, target, home=bridge.home, merge=merged_by(spec))
    except UserError as error:
        return ExportRefused(str(error))
    return CheckpointExported(step, str(done.folder), done.bytes, done.merged)


def _dropped(info: RunInfo, step: int) -> CheckpointRemoved:
    """In a thread: the folder is put out of sight first, then removed."""
    from tui_finetune.runs.dropping import drop_checkpoint

    drop_checkpoint(info.paths, step)
    return CheckpointRemoved(info, step)
