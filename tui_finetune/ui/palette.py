"""The palette: every action by name with its key and why it is off, the screens, the runs, what was said."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input

from tui_finetune.live import words
from tui_finetune.live.palette import Entry, find
from tui_finetune.live.spans import Line, ends, line, muted, span
from tui_finetune.ui.actions import MOVES, Action, Place
from tui_finetune.ui.screens import SCREENS
from tui_finetune.ui.widgets.field import Field, FieldRow
from tui_finetune.ui.widgets.sheet import Sheet
from tui_finetune.ui.widgets.table import Table

if TYPE_CHECKING:
    from tui_finetune.ui.page import Page

LINES = 14
KEY_CELLS = 10
MOVING = frozenset(action.id for action in MOVES)
"""Nobody looks for these here: they stand last."""


class _Found(Table, can_focus=False):
    """What matches, the first one under the cursor."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[Entry] = []

    def count(self) -> int:
        return len(self.entries)

    def row(self, index: int, width: int) -> Line:
        entry = self.entries[index]
        about = muted(f"off: {entry.off}" if entry.off else entry.about)
        title = span(entry.title, "muted" if entry.off else "text")
        return ends(line(title, "  ", about), line(muted(entry.key.rjust(KEY_CELLS)), " "), width)


class PaletteSheet(Sheet):
    """Type to find, enter to do."""

    PLACE: ClassVar[Place] = Place(
        "palette",
        "palette",
        (
            Action("list.open", "Do it", "Do what is under the cursor."),
            Action("list.down", "Down", footer=False),
            Action("list.up", "Up", footer=False),
            Action("app.back", "Close", "Close the palette."),
        ),
    )

    FIELD_PLACE = PLACE

    def __init__(self, page: Page) -> None:
        super().__init__("Actions")
        self._acts: dict[str, Callable[[], None]] = {}
        self._entries = self._gather(page)

    def body(self) -> ComposeResult:
        yield FieldRow(":", Field())
        yield _Found()

    def lines_wanted(self, width: int) -> int:
        return LINES

    def on_mount(self) -> None:
        self._show("")

    def _gather(self, page: Page) -> list[Entry]:
        """Everything that can be chosen now; what it does is bound while the page's focus is still where it was."""
        entries: list[Entry] = []
        keymap = page.ui.keymap
        found = [(action, target) for action, target in page.targets() if action.id != "app.screen"]
        found.sort(key=lambda one: (one[0].id in MOVING, bool(one[0].offer(one[1]).why)))
        for action, target in found:
            act = f"action:{action.id}"
            self._acts[act] = lambda action=action, target=target: page.perform(action, target)  # type: ignore[misc]
            keys = keymap.shown(action.id)
            entries.append(Entry(action.label, keys, action.text, action.offer(target).why, act))
        for one in SCREENS:
            act = f"screen:{one.name}"
            self._acts[act] = lambda name=one.name: page.ui.show_screen(name)  # type: ignore[misc]
            entries.append(Entry(f"Screen {one.title}", one.number, "", "", act, 1))
        for row in page.ui.listing.rows:
            act = f"run:{row.id}"
            self._acts[act] = lambda run=row.id: page.ui.open_run(run)  # type: ignore[misc]
            entries.append(Entry(f"Run {row.info.name} {row.info.short}", "", row.status.words, "", act, 2))
        entries += [Entry(text, words.clock(t, t), "", "", "", 3) for t, text in reversed(page.ui.said)]
        return entries

    def _show(self, typed: str) -> None:
        found = self.query_one(_Found)
        found.entries = find(self._entries, typed)
        found.cursor = found.top = 0
        found.repaint()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._show(event.value)

    def do_list_down(self) -> None:
        self.query_one(_Found).do_list_down()

    def do_list_up(self) -> None:
        self.query_one(_Found).do_list_up()

    def do_list_open(self) -> None:
        found = self.query_one(_Found)
        if not found.entries:
            self.page.say("Nothing here is called that.", "warn")
            return
        chosen = found.entries[found.cursor]
        page = self.page
        self.close()
        if chosen.off:
            page.say(f"{chosen.title.rstrip('…')}: {chosen.off}", "warn")
        elif chosen.act in self._acts:
            page.soon(self._acts[chosen.act])
