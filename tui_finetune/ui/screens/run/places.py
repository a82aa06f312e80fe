"""What can be done on the Run screen."""

from __future__ import annotations

from tui_finetune.ui.actions import MOVES, Action, Place
from tui_finetune.ui.run_offers import ABORT, COPY, DELETE, DETAILS, NOTE, RESUME, STOP, UNDO

MARKS = (
    ("◆", "an evaluation, at its step"),
    ("┊", "another attempt began"),
    ("events", "v evaluation, w checkpoint, c request obeyed, r new attempt, ! warning, x end that nobody asked for"),
)
RUN = Place(
    "run",
    "Run",
    (
        STOP,
        RESUME,
        Action("run.log", "Log", "What the worker printed: the Log tab."),
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
        Action("chart.left", "Read left", footer=False),
        Action("chart.right", "Read right", footer=False),
        Action("list.end", "Follow", "Follow the newest again.", footer=False),
        Action("view.zoom", "Full screen"),
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
    (*MOVES, Action("item.choose", "As asked for", "The recipe as it was asked for, or as it was resolved.")),
)
CHECKPOINTS = Place("run.checkpoints", "checkpoints", MOVES)
PLACES = (RUN, CHART, LOG, EVENTS, RECIPE, CHECKPOINTS)
