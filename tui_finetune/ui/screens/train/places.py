"""What can be done on the Train screen."""

from __future__ import annotations

from tui_finetune.ui.actions import LIST, MOVES, Action, Place

MARKS = (
    ("✗", "a problem; starting waits until it is mended"),
    ("~", "changed here: the last column says what it was"),
    ("muted", "the default; it is not written in the file, or written as it is anyway"),
)
TRAIN = Place(
    "train",
    "Train",
    (
        Action("train.start", "Start…", "Look at data and model, tell every problem, and start after enter.",
               offer=lambda page: page.start_offer()),
        Action("item.write", "Write", "The recipe to its file, comments kept; asks for a name the first time.",
               offer=lambda page: page.write_offer()),
        Action("item.undo", "Undo", "Take the last change of the recipe back.", offer=lambda page: page.undo_offer()),
        Action("train.editor", "Editor", "The recipe in $VISUAL or $EDITOR; coming back reads it.",
               offer=lambda page: page.document_offer()),
        Action("item.new", "New…", "Another start: drafts, presets, tasks, files. What was changed is kept as a draft."),
        Action("list.filter", "Search", "All fields by words of their names and help; esc clears it.", footer=False,
               offer=lambda page: page.document_offer()),
        Action("item.redo", "Redo", "Do again what was taken back.", footer=False,
               offer=lambda page: page.redo_offer()),
        Action("item.compare", "Compare…", "The recipe with a run's: the Changes tab says what differs.", footer=False,
               offer=lambda page: page.document_offer()),
        Action("view.reload", "Read again", "The file as it is on disk now; undo brings the edits back.", footer=False,
               offer=lambda page: page.reload_offer()),
    ),
    MARKS,
)  # fmt: skip
FORM = Place(
    "train.form",
    "form",
    (
        Action("list.open", "Edit", "Edit the value in place, take the mend that is offered, show a table's other fields."),
        Action("field.default", "Default", "Back to the default: the key is taken out of the file.", footer=False,
               offer=lambda pane: pane.default_offer()),
        Action("item.details", "Details", "All that is known of the field.", footer=False),
        Action("item.copy", "Copy", "The value.", footer=False),
        *MOVES,
    ),
)  # fmt: skip
VALUE = Place(
    "train.value",
    "value",
    (
        Action("list.open", "Accept", "Take what is typed; nothing typed is the default."),
        Action("list.down", "Next choice", "The next of the choices below.", offer=lambda editor: editor.choice_offer()),
        Action("list.up", "Choice before", offer=lambda editor: editor.choice_offer(), footer=False),
        Action("pane.next", "Complete", "As far as all choices agree, or the first of them.",
               offer=lambda editor: editor.choice_offer()),
        Action("app.back", "Leave field", "The value stays as it was."),
    ),
)  # fmt: skip
FILE = Place(
    "train.file",
    "file",
    (Action("list.open", "Edit", "The key of this line, in the form."), *MOVES),
)
FORECAST = Place("train.forecast", "forecast")
PROBLEMS = Place(
    "train.problems",
    "problems",
    (Action("list.open", "Go to it", "Its row in the form."), *MOVES),
)
CHANGES = Place(
    "train.changes",
    "changes",
    (Action("list.open", "Go to it", "Its row in the form."), *MOVES),
)
STARTS = Place(
    "train.starts",
    "beginnings",
    (
        Action("list.open", "Open", "Fill the form from it."),
        Action("item.delete", "Delete draft…", "Throw the draft away; it asks first.", footer=False,
               offer=lambda pane: pane.delete_offer()),
        *LIST.actions,
    ),
)  # fmt: skip
PLACES = (TRAIN, FORM, VALUE, FILE, FORECAST, PROBLEMS, CHANGES, STARTS)
