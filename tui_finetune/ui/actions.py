"""The one table of actions. Bindings, footer, help, palette and docs/keys.md are renderings of it.

An id stands for one meaning on every screen, with the same keys: `MEANINGS`. A screen or pane has a `Place`, which says
which of them it has, in the order of likelihood, with its own label and when they are off. What an action does is the
method `do_<id>` of the pane, the page or the sheet: `run.stop` is `do_run_stop`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tui_finetune.live.offers import ON, Offer


@dataclass(frozen=True)
class Meaning:
    """An id, the keys it has everywhere, and what it means."""

    id: str
    keys: tuple[str, ...]
    """Letters as typed; `esc`, `enter`, `space`, `tab`, `pgup`, `ctrl+d`, `f1`. The first one is shown."""
    help: str


def _meanings(*rows: tuple[str, str, str]) -> Mapping[str, Meaning]:
    return {id: Meaning(id, tuple(keys.split()), help) for id, keys, help in rows}


MEANINGS: Mapping[str, Meaning] = _meanings(
    ("app.help", "? f1", "Keys of the focused pane, then of the screen, then those that work everywhere."),
    ("app.palette", ": ctrl+p", "Every action by name, with its key and why it is off; screens and runs too."),
    ("app.settings", ",", "Theme, signs, refresh rate; keys by id are in the file that it names."),
    ("app.back", "esc", "One step back: field, pane, sheet, filter, the screen before. Never out of the program."),
    ("app.leave", "q", "Close the screen and go to Runs; from Runs out of the program. Runs go on."),
    ("app.quit", "ctrl+q", "End the program. Runs go on."),
    ("app.suspend", "Z ctrl+z", "Back to the shell for a while; `fg` brings the program back. Runs go on."),
    ("app.redraw", "ctrl+l", "Paint the whole screen anew, where something else has written on it."),
    ("app.copy", "ctrl+c", "Copy what is selected."),
    ("app.screen", "1 2 3 4 5 6 7 8 9", "Go to a screen by its number."),
    ("pane.next", "tab", "Next pane."),
    ("pane.previous", "shift+tab", "Pane before."),
    ("tab.next", "]", "Next tab of the screen."),
    ("tab.previous", "[", "Tab before."),
    ("list.down", "j down", "One down."),
    ("list.up", "k up", "One up."),
    ("list.page_down", "pgdn", "A page down."),
    ("list.page_up", "pgup", "A page up."),
    ("list.top", "g home", "To the first one."),
    ("list.end", "G end", "To the last one; in a log or chart it also follows the newest."),
    ("grid.left", "h left", "One cell to the left."),
    ("grid.right", "l right", "One cell to the right."),
    ("chart.left", "left", "Read the value one point to the left; esc ends it."),
    ("chart.right", "right", "Read the value one point to the right; esc ends it."),
    ("list.open", "enter", "Open what is under the cursor, or do what it offers."),
    ("list.mark", "space", "Mark, for what can be done with several."),
    ("item.earlier", "K", "One place up in the order."),
    ("item.later", "J", "One place down in the order."),
    ("list.filter", "/", "Show only what matches; esc clears it."),
    ("list.sort", "o", "Sort by the next column."),
    ("list.turn", "O", "Turn the order round."),
    ("list.jump", "#", "To the row of a number."),
    ("item.copy", "y", "Copy what is under the cursor, to the terminal's clipboard and to a file."),
    ("item.edit", "e", "Edit a copy or an overlay, never the original."),
    ("item.details", "d", "Everything that is known of it, as plain lines."),
    ("item.write", "w", "Write to disk now."),
    ("item.new", "n", "New, from what is under the cursor."),
    ("item.choose", "m", "Choose what the pane shows."),
    ("item.try", "x", "Try this text or model in Predict."),
    ("item.compare", "=", "Compare the marked ones."),
    ("item.delete", "ctrl+d", "Delete, after it was confirmed."),
    ("item.tokens", "t", "The text as the model sees it."),
    ("item.undo", "u", "Take the last change back."),
    ("item.redo", "U", "Do again what was taken back."),
    ("label.undo", "ctrl+z ctrl+g", "While labelling: take the last edit back, and go back to its row."),
    ("run.stop", "s", "Save a checkpoint and end the run."),
    ("run.abort", "A", "End the run now; work since its last checkpoint is lost."),
    ("run.resume", "r", "Go on from the newest whole checkpoint, in a new attempt."),
    ("run.hold", "p", "Hold, and go on."),
    ("run.release", "P", "Hold, and give the memory of the device up too."),
    ("run.evaluate", "v", "Evaluate now."),
    ("run.change", "c", "Change values while it runs."),
    ("run.branch", "b", "A new run from a checkpoint."),
    ("run.export", "X", "As a model of its own, in a folder."),
    ("run.log", "l", "What the worker printed."),
    ("run.note", "T", "Name, tags and note."),
    ("train.start", "ctrl+r", "Check, and start."),
    ("train.editor", "E", "The file in your editor."),
    ("field.default", "backspace", "Back to the default."),
    ("data.source", "i", "Open data."),
    ("chart.mark_before", "<", "To the event before: a change, a finding, a checkpoint, an evaluation, a new attempt."),
    ("chart.mark_after", ">", "To the event after."),
    ("chart.in", "+", "Fewer steps, around what is read or the newest ones; G goes along with these."),
    ("chart.out", "-", "More steps, up to the whole run."),
    ("chart.log", "L", "Logarithmic scale, and back."),
    ("chart.attempts", "a", "Points of earlier attempts that a later one went back behind."),
    ("view.zoom", "f", "This pane on the whole screen, and back."),
    ("view.reset", "0", "The usual view again."),
    ("view.reload", "R", "Read again from disk."),
)  # fmt: skip


def always(target: Any) -> Offer:
    return ON


@dataclass(frozen=True)
class Action:
    """One of the things that can be done in a place."""

    id: str
    label: str
    """For footer and palette; `…` at its end where a sheet asks first."""
    help: str = ""
    """Where this place does something narrower than the meaning says."""
    offer: Callable[[Any], Offer] = always
    """Given the page, pane or sheet that would do it: whether it can be done now."""
    footer: bool = True
    """False for what everybody expects: moving, going back."""

    @property
    def meaning(self) -> Meaning:
        return MEANINGS[self.id]

    @property
    def text(self) -> str:
        return self.help or self.meaning.help

    @property
    def method(self) -> str:
        """Name of the method that does it."""
        return "do_" + self.id.replace(".", "_")


@dataclass(frozen=True)
class Place:
    """A screen, a kind of pane, or everywhere."""

    name: str
    title: str
    """As in `Help: list of runs`."""
    actions: tuple[Action, ...] = ()
    marks: tuple[tuple[str, str], ...] = ()
    """Marks and words that are seen here, and what they mean."""


EVERYWHERE = Place(
    "everywhere",
    "everywhere",
    (
        Action("app.palette", "All actions", footer=False),
        Action("app.settings", "Settings", footer=False),
        Action("app.back", "Back", footer=False),
        Action("app.leave", "Leave", footer=False),
        Action("app.quit", "Quit", footer=False),
        Action("app.suspend", "Suspend", footer=False),
        Action("app.redraw", "Paint anew", footer=False),
        Action("app.screen", "Screen", footer=False),
        Action("pane.next", "Next pane", footer=False),
        Action("pane.previous", "Pane before", footer=False),
        Action("tab.next", "Next tab", footer=False),
        Action("tab.previous", "Tab before", footer=False),
        Action("app.copy", "Copy", footer=False),
        Action("app.help", "Help"),
    ),
)
MOVES = tuple(
    Action(id, label, footer=False)
    for id, label in (
        ("list.down", "Down"),
        ("list.up", "Up"),
        ("list.page_down", "Page down"),
        ("list.page_up", "Page up"),
        ("list.top", "Top"),
        ("list.end", "End"),
    )
)
"""What every pane that scrolls has."""
LIST = Place("list", "list", MOVES)
TEXT = Place("text", "text", MOVES)
SHEET = Place(
    "sheet",
    "sheet",
    (
        Action("list.open", "Choose", "Do what is under the cursor."),
        Action("list.down", "Down", footer=False),
        Action("list.up", "Up", footer=False),
        Action("app.back", "Close", "Close the sheet; nothing is done."),
    ),
)
FIELD = Place(
    "field",
    "field",
    (
        Action("list.open", "Accept", "Take what is typed."),
        Action("pane.next", "Next field", footer=False),
        Action("pane.previous", "Field before", footer=False),
        Action("app.back", "Leave field", "Gives the keys back."),
    ),
)


@dataclass(frozen=True)
class Keymap:
    """Which keys an id has: the table's, or those of the settings."""

    changed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def keys(self, action_id: str) -> tuple[str, ...]:
        return self.changed.get(action_id) or MEANINGS[action_id].keys

    def shown(self, action_id: str) -> str:
        """The key as footer and help name it."""
        return self.keys(action_id)[0]

    def find(self, key: str, actions: Iterable[Action]) -> Action | None:
        """The action that a key stands for."""
        return next((action for action in actions if key in self.keys(action.id)), None)


def keymap_of(asked: Mapping[str, Any]) -> tuple[Keymap, list[str]]:
    """The keymap of the `[keys]` table of the settings, and what in it is wrong."""
    from tui_finetune.errors import did_you_mean

    changed: dict[str, tuple[str, ...]] = {}
    problems: list[str] = []
    for id, given in asked.items():
        keys = (given,) if isinstance(given, str) else tuple(given) if isinstance(given, list) else ()
        if id not in MEANINGS:
            problems.append(f"keys.{id}: no such action. {did_you_mean(id, MEANINGS)}".strip())
        elif not keys or not all(isinstance(key, str) and key.strip() for key in keys):
            problems.append(f"keys.{id}: a key, or a list of keys, in quotes.")
        else:
            changed[id] = keys
    taken: dict[str, str] = {}
    for id, meaning in MEANINGS.items():
        for key in changed.get(id, meaning.keys):
            other = taken.setdefault(key, id)
            if other != id and (id in changed or other in changed):
                mine, theirs = (id, other) if id in changed else (other, id)
                problems.append(f"keys.{mine}: {key} is {theirs} already; {theirs} needs another key first.")
                changed.pop(mine, None)
    return Keymap(changed), problems


NAMES: Mapping[str, str] = {
    "escape": "esc", "pagedown": "pgdn", "pageup": "pgup", "return": "enter", "backtab": "shift+tab",
    "ctrl+i": "tab", "ctrl+m": "enter", "ctrl+j": "enter", "ctrl+left_square_bracket": "esc",
}  # fmt: skip
"""Keys as Textual names them, where we name them otherwise."""


def key_name(key: str, character: str | None) -> str:
    """A key press as the table names it."""
    if character is not None and len(character) == 1 and character.isprintable() and character != " ":
        return character
    return NAMES.get(key, key)
