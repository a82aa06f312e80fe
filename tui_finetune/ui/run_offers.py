"""The table's rows of what can be done with a run. Light: the table is read for help and docs without a screen."""

from __future__ import annotations

from tui_finetune.live.offers import (
    abort_offer,
    copy_offer,
    delete_offer,
    label_offer,
    report_offer,
    resume_offer,
    stop_offer,
    try_offer,
)
from tui_finetune.ui.actions import Action

STOP = Action(
    "run.stop", "Stop…", "Save a checkpoint and end the run; it asks first.", offer=lambda page: stop_offer(page.row)
)
ABORT = Action(
    "run.abort", "Abort…", "End the run now; work since its last checkpoint is lost. It asks for a word.",
    offer=lambda page: abort_offer(page.row), footer=False,
)  # fmt: skip
RESUME = Action("run.resume", "Resume…", offer=lambda page: resume_offer(page.row))
TRY = Action("item.try", "Try", "Its model in Predict.", offer=lambda page: try_offer(page.row))
REPORT = Action(
    "run.evaluate", "Evaluation", "What was measured of it, in Evaluate; there it is measured anew.",
    offer=lambda page: report_offer(page.row),
)  # fmt: skip
NOTE = Action("run.note", "Name, tags, note…", offer=lambda page: label_offer(page.row), footer=False)
DELETE = Action(
    "item.delete", "Delete…", "Move ended runs to the trash, the marked ones or this one; it asks first.",
    offer=lambda page: delete_offer(page.chosen()), footer=False,
)  # fmt: skip
UNDO = Action(
    "item.undo",
    "Bring back",
    "Bring back what was moved to the trash last.",
    offer=lambda page: page.undo_offer(),
    footer=False,
)
DETAILS = Action("item.details", "Details", footer=False)
COPY = Action("item.copy", "Copy", footer=False)

EDIT = Action(
    "item.edit", "Edit a copy", "Train with this run's recipe, to be changed; the run stays as it is.",
    offer=lambda page: copy_offer(page.row),
)  # fmt: skip
NEW = Action("item.new", "New run…", "Train: this run's recipe, a preset, a task, a file, or a draft.")

RUN_ACTIONS = (STOP, RESUME, TRY, REPORT, ABORT, NOTE, DELETE, UNDO, DETAILS, COPY)
