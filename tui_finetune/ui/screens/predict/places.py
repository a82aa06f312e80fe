"""What can be done on the Predict screen."""

from __future__ import annotations

from tui_finetune.ui.actions import MOVES, Action, Place

KEEP = Action(
    "list.open", "Keep", "Keep the answer in History; in an empty field predict the sample.",
    offer=lambda page: page.keep_offer(),
)  # fmt: skip
FIELD = Place(
    "predict.field",
    "text",
    (
        KEEP,
        Action("pane.next", "Answer", "To the next field, then to the answer."),
        Action("list.up", "Last text", "The text that was kept before; inside a text one line up."),
        Action("list.down", "Next text", "The text that was kept after it; inside a text one line down.", footer=False),
        Action("pane.previous", "Field before", footer=False),
        Action("app.back", "Leave field", "Gives the keys back."),
    ),
)
PREDICT = Place(
    "predict",
    "Predict",
    (
        KEEP,
        Action("item.choose", "Model…", "Choose the model: a run, newest first, or a folder."),
        Action("item.compare", "Compare…", "Choose a second model for the same labels; both answer.",
               offer=lambda page: page.compare_offer()),
        Action("item.tokens", "Tokens", offer=lambda page: page.tokens_offer()),
        Action("view.reload", "Start again", "Start the model's helper again; the text is kept.",
               offer=lambda page: page.reload_offer()),
        Action("run.stop", "Free", "End what runs in this tab: the file that is predicted, else the models' helpers."
               " Their memory is free; what is typed next loads them again.",
               offer=lambda page: page.stop_offer()),
        Action("item.copy", "Copy", "The answer as JSON.", offer=lambda page: page.copy_offer(), footer=False),
        Action("item.details", "Details", "Everything that is known of the model.", footer=False),
        Action("list.filter", "Filter", "Only kept answers that have what is typed.",
               offer=lambda page: page.filter_offer(), footer=False),
    ),
    (
        ("█", "the score of a label, from 0 to 1"),
        ("muted", "an answer to an older text; the new one is on its way"),
    ),
)  # fmt: skip
ANSWER = Place("predict.answer", "answer", MOVES)
COMPARE = Place("predict.compare", "two answers", MOVES)
HISTORY = Place(
    "predict.history",
    "history",
    (*MOVES, Action("list.open", "Use again", "Put the text into the field.", offer=lambda pane: pane.open_offer())),
)
BATCH = Place(
    "predict.batch",
    "file",
    (
        *MOVES,
        Action("list.open", "Open", "The row with its whole text; where there is none, a file to predict.",
               offer=lambda pane: pane.open_offer()),
        Action("data.source", "File…", "Predict every row of a file.", offer=lambda pane: pane.predict.batch_offer()),
    ),
)  # fmt: skip
PLACES = (PREDICT, FIELD, ANSWER, COMPARE, HISTORY, BATCH)
