"""What can be done on the Run screen."""

from __future__ import annotations

from tui_finetune.ui.actions import MOVES, Action, Place
from tui_finetune.ui.run_offers import ABORT, COPY, DELETE, DETAILS, EDIT, NEW, NOTE, REPORT, RESUME, STOP, TRY, UNDO

MARKS = (
    ("◆", "an evaluation, at its step"),
    ("┊", "another attempt began"),
    ("v w c p", "below the axis: evaluation, checkpoint, changed value, pause or going on"),
    ("r ! x", "new attempt, warning or gap, an end that nobody asked for"),
)
RUN = Place(
    "run",
    "Run",
    (
        STOP,
        RESUME,
        TRY,
        REPORT,
        Action("run.log", "Log", "What the worker printed: the Log tab."),
        EDIT,
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
        Action("list.open", "Details", "What lies in it, and how it measured.", offer=lambda pane: pane.row_offer()),
        Action("item.copy", "Copy path", offer=lambda pane: pane.row_offer()),
        *MOVES,
    ),
)
PLACES = (RUN, CHART, LOG, EVENTS, RECIPE, CHECKPOINTS)
