"""What can be done on the Evaluate screen."""

from __future__ import annotations

from tui_finetune.ui.actions import MOVES, Action, Place

EVALUATE = Place(
    "evaluate",
    "Evaluate",
    (
        Action("item.choose", "Evaluation…", "Choose the evaluation: a run and a split."),
        Action("item.compare", "Compare…", "Another evaluation of the same rows beside this one.",
               offer=lambda page: page.compare_offer()),
        Action("run.evaluate", "Evaluate…", "Measure the model on a split or on other data, in a run of its own.",
               offer=lambda page: page.evaluate_offer()),
        Action("item.edit", "Edit", "The rows that are shown, as a queue on the Data screen; no file is changed.",
               offer=lambda page: page.edit_offer()),
        Action("item.write", "Write…", "What this tab shows, into a file: CSV or Markdown.",
               offer=lambda page: page.write_offer()),
        Action("list.filter", "Filter", 'Rows by gold:x predicted:y label:z wrong right cut score<0.5 loss>1 "a text";'
               " labels by their names; esc clears.", offer=lambda page: page.filter_offer()),
        Action("list.sort", "Sort", "By the next column.", offer=lambda page: page.sort_offer(), footer=False),
        Action("list.turn", "Turn order", offer=lambda page: page.sort_offer(), footer=False),
        Action("view.reload", "Read again", footer=False),
        Action("item.details", "Details", "Everything that is known of the evaluation.",
               offer=lambda page: page.open_offer(), footer=False),
        Action("item.copy", "Copy", "The row as JSON, or the label.", offer=lambda page: page.copy_offer(), footer=False),
    ),
    (
        ("[6]", "the cell under the cursor; gold labels down, predicted ones across"),
        ("·", "no row"),
        ("other", "rows of the labels that are not in sight"),
    ),
)  # fmt: skip


def _rows_of(label: str, help: str) -> Action:
    return Action("list.open", label, help, offer=lambda pane: pane.open_offer())


WEAKEST = Place("evaluate.weakest", "weakest labels", (_rows_of("Errors", "The errors of this label."), *MOVES))
CONFUSED = Place("evaluate.confused", "most confused", (_rows_of("Rows", "The rows of this pair."), *MOVES))
LABELS = Place("evaluate.labels", "labels", (_rows_of("Errors", "The errors of this label."), *MOVES))
PAIRS = Place(
    "evaluate.pairs", "pairs", (_rows_of("Rows", "The rows of this pair; the grid stands around it."), *MOVES)
)
GRID = Place(
    "evaluate.grid",
    "grid",
    (
        _rows_of("Rows", "The rows of this cell."),
        Action("item.choose", "Around it", "Order the grid around the gold label of this cell.",
               offer=lambda pane: pane.around_offer()),
        *MOVES,
        Action("grid.left", "Left", footer=False),
        Action("grid.right", "Right", footer=False),
    ),
)  # fmt: skip
TRY = Action(
    "item.try", "Try", "The row's text in Predict, with the model that was measured.",
    offer=lambda pane: pane.evaluate.try_offer(),
)  # fmt: skip
ROWS = Place("evaluate.rows", "rows", (_rows_of("Whole", "The row with everything that is stored of it."), TRY, *MOVES))
ROW = Place(
    "evaluate.row",
    "row",
    (
        Action("list.down", "Next", "The next row of the list."),
        Action("list.up", "Previous", "The row before."),
        TRY,
        Action("list.page_down", "Page down", "Further down in this row.", footer=False),
        Action("list.page_up", "Page up", "Further up in this row.", footer=False),
        Action("list.top", "First row", "The first row of the list.", footer=False),
        Action("list.end", "Last row", "The last row of the list.", footer=False),
    ),
)
GROUPS = Place("evaluate.groups", "rows by who is right", (_rows_of("Rows", "The rows of this group."), *MOVES))
MOVED = Place(
    "evaluate.moved",
    "labels that moved",
    (_rows_of("Rows", "The rows of this label that only one of the two has right."), *MOVES),
)
PLACES = (EVALUATE, WEAKEST, CONFUSED, LABELS, PAIRS, GRID, ROWS, ROW, GROUPS, MOVED)
