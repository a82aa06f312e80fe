"""What can be done on the Data screen."""

from __future__ import annotations

from tui_finetune.ui.actions import MOVES, Action, Place

MARKS = (
    ("tokens", "how many the row has; yellow where its end is cut off at the maximum length"),
    ("┊", "the maximum length; what is right of it is cut off"),
    ("⏎", "a line end inside a text"),
    ("- +", "before and after a step, what changed in bold"),
    ("+", "before a row: it is edited; dropped ones are muted"),
)
DATA = Place(
    "data",
    "Data",
    (
        Action("data.source", "Open…", "A file, folder or glob, a Hub data set, a source, a recipe."),
        Action("item.new", "New run", "A recipe that trains on this, filled in, in Train.",
               offer=lambda page: page.new_offer()),
        Action("item.write", "Write…", "The recipe that trains on this, to a file.", offer=lambda page: page.new_offer(),
               footer=False),
        Action("list.filter", "Filter", "Words, label:good, text~^Re, words>60, text: (missing), duplicates:, sql:…; esc clears.",
               offer=lambda page: page.rows_offer()),
        Action("item.edit", "Edit", "Label the row, correct its text, drop it, note; the file stays as it is.",
               offer=lambda page: page.edit_offer()),
        Action("list.sort", "Sort", "By the next column, at last by length.", offer=lambda page: page.rows_offer()),
        Action("item.tokens", "Tokens", "The row as the model sees it; in an opened row each token with its id.",
               offer=lambda page: page.tokens_offer()),
        Action("item.compare", "Tokens beside…", "The row's tokens as another model, or with another length, beside its own.",
               offer=lambda page: page.tokens_offer(), footer=False),
        Action("item.choose", "Choose…", "Split; model whose tokens count, maximum length; task, kind and subset.",
               offer=lambda page: page.choose_offer()),
        Action("item.undo", "Undo edit", "Take back what was edited last.", offer=lambda page: page.undo_offer(), footer=False),
        Action("item.redo", "Redo edit", "Do again what was taken back.", offer=lambda page: page.redo_offer(), footer=False),
        Action("item.try", "Try", "The row's text in Predict.", offer=lambda page: page.try_offer(), footer=False),
        Action("list.jump", "Go to…", "A row by its number, as the first column has it, or by its id.",
               offer=lambda page: page.jump_offer(), footer=False),
        Action("list.turn", "Turn order", offer=lambda page: page.rows_offer(), footer=False),
        Action("item.copy", "Copy", "The row, as JSON.", offer=lambda page: page.row_offer(), footer=False),
        Action("item.details", "Details", offer=lambda page: page.open_offer(), footer=False),
        Action("view.reload", "Read again", "From disk, or from the Hub.", offer=lambda page: page.reload_offer(),
               footer=False),
    ),
    MARKS,
)  # fmt: skip
SOURCES = Place(
    "data.sources",
    "what can be opened",
    (Action("list.open", "Open", "Open what is under the cursor."), *MOVES),
)
WAITING = Place(
    "data.waiting",
    "first lines",
    (Action("app.back", "Stop", "Stop reading; what was open before is back."), *MOVES),
)
PROBLEMS = Place(
    "data.problems",
    "problems",
    (
        Action("list.open", "As it stands", "The lines of the file around the problem.",
               offer=lambda pane: pane.raw_offer()),
        *MOVES,
    ),
)  # fmt: skip
ROWS = Place(
    "data.rows",
    "rows",
    (
        Action("list.open", "Row", "The whole row.", offer=lambda pane: pane.open_offer()),
        *MOVES,
        Action("grid.left", "Left", "Columns to the left.", footer=False),
        Action("grid.right", "Right", "Columns to the right.", footer=False),
    ),
)
ROW = Place(
    "data.row",
    "row",
    (
        Action("list.down", "Next", "The next row of the list."),
        Action("list.up", "Previous", "The row before."),
        Action("list.page_down", "Page down", "Scroll down in the row.", footer=False),
        Action("list.page_up", "Page up", "Scroll up in the row.", footer=False),
        Action("list.top", "Top", "The first row of the list.", footer=False),
        Action("list.end", "End", "The last row of the list.", footer=False),
    ),
)
COLUMNS = Place(
    "data.columns",
    "columns",
    (Action("list.open", "Values", "Values and lengths of the column on the whole screen."), *MOVES),
)
FACTS = Place(
    "data.facts",
    "values",
    (Action("list.open", "Its rows", "The rows that have the value.", offer=lambda pane: pane.open_offer()), *MOVES),
)
FINDINGS = Place(
    "data.findings",
    "findings",
    (
        Action("list.open", "Its rows", "All rows of the finding, in Rows.", offer=lambda pane: pane.rows_offer()),
        Action("list.mark", "Mend", "Use the step that mends it; Prepared shows what it does.",
               offer=lambda pane: pane.mend_offer()),
        *MOVES,
    ),
)  # fmt: skip
STEPS = Place(
    "data.steps",
    "steps",
    (
        Action("list.mark", "Use", "Use the step, or leave it out; in the order in which they are marked.",
               offer=lambda pane: pane.step_offer()),
        Action("list.open", "Options…", offer=lambda pane: pane.options_offer()),
        Action("item.earlier", "Earlier", "The step is done before the one that comes before it.",
               offer=lambda pane: pane.order_offer(-1), footer=False),
        Action("item.later", "Later", "The step is done after the one that comes after it.",
               offer=lambda pane: pane.order_offer(1), footer=False),
        *MOVES,
    ),
)  # fmt: skip
PREVIEW = Place("data.preview", "before and after", MOVES)
RUN = Place(
    "data.run",
    "what a run would have",
    (
        Action("list.open", "Choose…", "Another task, column, split, share or maximum length.",
               offer=lambda pane: pane.choose_offer()),
        Action("item.details", "Labels", "How labels fall on the splits of the run.",
               offer=lambda pane: pane.fall_offer()),
        *MOVES,
    ),
)  # fmt: skip
LABELLING = Place(
    "data.labelling",
    "labelling",
    (
        Action("list.open", "Accept, next", "Take what is under the cursor and go on to the next row."),
        Action("label.undo", "Undo", "Take the last edit back, and go back to its row."),
        Action("app.back", "Keys back", "Close the sheet; what was accepted is kept."),
        Action("list.down", "Down", "The next label.", footer=False),
        Action("list.up", "Up", "The label before.", footer=False),
    ),
)
"""The field of the labelling sheet."""
PLACES = (DATA, SOURCES, WAITING, PROBLEMS, ROWS, ROW, COLUMNS, FACTS, FINDINGS, STEPS, PREVIEW, RUN)
