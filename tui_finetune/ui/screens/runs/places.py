"""What can be done on the home screen."""

from __future__ import annotations

from typing import Any

from tui_finetune.live.offers import ON, Offer, off
from tui_finetune.ui.actions import MOVES, Action, Place
from tui_finetune.ui.run_offers import EDIT, NEW, RUN_ACTIONS

STATES = (
    ("● ○ ‖", "lives: running, queued or starting, paused or stopping"),
    ("!", "look at it: stalled, not heard of, not readable, a warning"),
    ("✓ ■ ✗", "ended: finished; stopped, aborted, preempted; failed, died"),
    ("▸ +", "the cursor; a marked run"),
)


def has_row(page: Any) -> Offer:
    return ON if page.row is not None else off("No run under the cursor.")


RUNS = Place(
    "runs",
    "Runs",
    (
        Action("list.open", "Open", "The run's own screen.", offer=lambda page: page.open_offer()),
        NEW,
        Action(
            "list.filter",
            "Filter",
            "Words, state:failed, task:token, tag:paper; esc clears.",
            offer=lambda page: page.filter_offer(),
        ),
        Action("list.mark", "Mark", offer=has_row),
        EDIT,
        Action("run.log", "Log", offer=has_row),
        Action(
            "item.compare",
            "Compare",
            "The marked runs side by side: figures, and where their recipes differ.",
            offer=lambda page: page.compare_offer(),
            footer=False,
        ),
        *RUN_ACTIONS,
        Action("list.sort", "Sort", "By the next column.", footer=False),
        Action("list.turn", "Turn order", footer=False),
        Action("view.reload", "Read again", footer=False),
    ),
    STATES,
)
LIST_OF_RUNS = Place("runs.list", "list", MOVES)
EMPTY_HOME = Place(
    "runs.empty", "ways to start", (Action("list.open", "Choose", "Begin with what is under the cursor."), *MOVES)
)
PLACES = (RUNS, LIST_OF_RUNS, EMPTY_HOME)
