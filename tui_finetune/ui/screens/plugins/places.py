"""What can be done on the Plugins screen."""

from __future__ import annotations

from tui_finetune.ui.actions import MOVES, Action, Place

MARKS = (
    ("✓ works", "everything that it adds is there"),
    ("✗ failed", "nothing of it is kept; a recipe that names what it adds is refused"),
    ("! slow, heavy", "every start waits for it"),
    ("! changed", "its file is newer than what is loaded"),
    ("· off", "listed, and not imported"),
)
PLUGINS = Place(
    "plugins",
    "Plugins",
    (
        Action("list.open", "Open", "Of one that failed the traceback; else what it adds, with its options.",
               offer=lambda page: page.open_offer()),
        Action("view.reload", "Load again", "All plugins as their files are now; runs keep what they started with."),
        Action("run.hold", "Off/on", "Nothing of it is imported by what is started from now on; and back.",
               offer=lambda page: page.switch_offer()),
        Action("item.new", "New plugin…", "Write a plugin that works, and its test."),
        Action("item.copy", "Copy", "The traceback, else where it lies.", offer=lambda page: page.open_offer(),
               footer=False),
        Action("item.details", "Details", offer=lambda page: page.open_offer(), footer=False),
    ),
    MARKS,
)  # fmt: skip
LIST_OF_PLUGINS = Place("plugins.list", "list", MOVES)
HOOKS = Place("plugins.hooks", "hooks", MOVES)
ERRORS = Place("plugins.errors", "errors", MOVES)
WRITING = Place("plugins.writing", "how to write one", MOVES)
PLACES = (PLUGINS, LIST_OF_PLUGINS, HOOKS, ERRORS, WRITING)
