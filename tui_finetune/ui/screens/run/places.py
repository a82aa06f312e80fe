"""What can be done on the Run screen."""

from __future__ import annotations

from dataclasses import replace

from tui_finetune.ui.actions import MOVES, Action, Place
from tui_finetune.ui.run_offers import ABORT, COPY, DELETE, DETAILS, EDIT, NEW, NOTE, RESUME, STOP, TRY, UNDO

MARKS = (
    ("◆", "an evaluation, at its step"),
    ("┊", "a changed value, or another attempt began"),
    ("v w c p", "below the axis: evaluation, checkpoint, changed value, pause or going on"),
    ("r ! x", "new attempt; finding, warning or gap; an end that nobody asked for"),
    ("< >", "walk through them: the heading says what each was"),
)
HOLD = Action(
    "run.hold", "Pause", "Hold after the current step; the memory of the device stays taken. The same key lets it go on.",
    offer=lambda page: page.hold_offer(),
)  # fmt: skip
CHANGE = Action(
    "run.change", "Change…", "A value of the training, from one of the next steps on; what follows is said before it is sent.",
    offer=lambda page: page.change_offer(),
)  # fmt: skip
SAVE = Action("item.write", "Save", "A checkpoint at the next step.", offer=lambda page: page.save_offer())
MEASURE = Action(
    "run.evaluate", "Evaluate", "On validation, now; it changes nothing of the run. Of an ended run what was measured.",
    offer=lambda page: page.measure_offer(),
)  # fmt: skip
RELEASE = Action(
    "run.release", "Pause and release memory", "Hold, and give the memory of the device up too.",
    offer=lambda page: page.release_offer(), footer=False,
)  # fmt: skip
BRANCH = Action(
    "run.branch", "Branch…", "A new run from one of its checkpoints.", offer=lambda page: page.branch_offer()
)
RUN = Place(
    "run",
    "Run",
    (
        HOLD,
        CHANGE,
        SAVE,
        MEASURE,
        STOP,
        RESUME,
        TRY,
        Action("run.log", "Log", "What the worker printed: the Log tab."),
        EDIT,
        BRANCH,
        Action("item.compare", "Compare", "With the run that it branches from, and those that branch from it.",
               offer=lambda page: page.compare_offer(), footer=False),
        RELEASE,
        NEW,
        ABORT,
        NOTE,
        DELETE,
        UNDO,
        DETAILS,
        COPY,
        Action("list.filter", "Filter", "Only the lines that have what is typed.", footer=False,
               offer=lambda page: page.filter_offer()),
        Action("view.reload", "Read again", footer=False),
    ),
)  # fmt: skip
CHART = Place(
    "run.live",
    "chart",
    (
        Action("item.choose", "Metric", "The next metric.", offer=lambda pane: pane.metric_offer()),
        Action("chart.in", "Zoom in", offer=lambda pane: pane.chart_offer()),
        Action("view.zoom", "Full screen", offer=lambda pane: pane.chart_offer()),
        Action("chart.out", "Zoom out", offer=lambda pane: pane.out_offer(), footer=False),
        Action(
            "chart.left",
            "Read left",
            "Read the value one cell to the left; at the edge the steps before come in.",
            footer=False,
        ),
        Action("chart.right", "Read right", "Read the value one cell to the right; esc ends it.", footer=False),
        Action(
            "list.page_up",
            "Earlier steps",
            "Of a chart that was zoomed: scroll back.",
            offer=lambda pane: pane.out_offer(),
            footer=False,
        ),
        Action(
            "list.page_down",
            "Later steps",
            "Of a chart that was zoomed: scroll on.",
            offer=lambda pane: pane.out_offer(),
            footer=False,
        ),
        Action("list.end", "Follow", "The newest steps again, and those that come.", footer=False),
        Action("chart.mark_before", "Event before", "The heading says what it was.", footer=False),
        Action("chart.mark_after", "Event after", "The heading says what it was.", footer=False),
        Action("chart.log", "Log scale", footer=False),
        Action("chart.attempts", "Attempts", offer=lambda pane: pane.attempts_offer(), footer=False),
        Action("view.reset", "Usual view", footer=False),
    ),
    MARKS,
)
LOG = Place(
    "run.log",
    "log",
    (
        *(action for action in MOVES if action.id != "list.end"),
        Action("list.end", "Follow", "To the end; new lines stay in sight."),
    ),
)
EVENTS = Place("run.events", "events", LOG.actions)
RECIPE = Place(
    "run.recipe",
    "recipe",
    (Action("item.choose", "As asked for", "The recipe as it was asked for, or as it was resolved."), *MOVES),
)
CHECKPOINTS = Place(
    "run.checkpoints",
    "checkpoints",
    (
        Action("list.open", "Evaluate…", "Measure it, in a job of its own.", offer=lambda pane: pane.measure_offer()),
        Action("run.branch", "Branch…", "A new run from it.", offer=lambda pane: pane.branch_offer()),
        Action("item.try", "Try", "It in Predict.", offer=lambda pane: pane.whole_offer()),
        Action("item.details", "Details", "What lies in it, and how it measured.", offer=lambda pane: pane.row_offer()),
        Action("item.undo", "Roll back…", "The run that goes on back to it, in a new attempt; what came after is trained again.",
               offer=lambda pane: pane.back_offer()),
        Action("run.export", "Export…", "As a model of its own, in a folder: without what only a resume reads.",
               offer=lambda pane: pane.measure_offer(), footer=False),
        Action("item.copy", "Copy path", offer=lambda pane: pane.row_offer(), footer=False),
        Action("item.delete", "Delete…", "Remove it for good; it asks for a word.", offer=lambda pane: pane.drop_offer(),
               footer=False),
        *MOVES,
    ),
)  # fmt: skip
CONTROL = Place(
    "run.control",
    "what was asked",
    (
        Action(
            "list.open",
            "Details",
            "Everything about it: values, who, why, answers.",
            offer=lambda pane: pane.row_offer(),
        ),
        *MOVES,
    ),
    (("c r p w v", "a change, a rollback, a pause or going on, a checkpoint, an evaluation"),),
)
HEALTH = Place(
    "run.health",
    "health",
    (
        Action("list.open", "What helps", "What it is, since when, what usually helps, and one act.",
               offer=lambda pane: pane.finding_offer()),
        *MOVES,
    ),
    (("✗ !", "a grave finding; one to look at"), ("✓", "well, or over")),
)  # fmt: skip
FORECAST = Place("run.forecast", "forecast")
PLACES = (RUN, CHART, LOG, EVENTS, RECIPE, CHECKPOINTS, CONTROL, HEALTH, FORECAST)


def held(place: Place) -> Place:
    """The screen of a run that is paused: the same key lets it go on."""
    return replace(
        place, actions=tuple(replace(one, label="Continue") if one.id == HOLD.id else one for one in place.actions)
    )
