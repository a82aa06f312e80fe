"""The palette: every action by name with its key and why it is off, the screens, the runs, what was said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from tui_finetune.live import words
from tui_finetune.live.palette import Entry, find
from tui_finetune.live.spans import Line, ends, line, muted, span
from tui_finetune.ui.actions import MOVES, Place
from tui_finetune.ui.screens import SCREENS
from tui_finetune.ui.widgets.find_sheet import FindSheet, find_place

if TYPE_CHECKING:
    from tui_finetune.ui.page import Page

KEY_CELLS = 10
MOVING = frozenset(action.id for action in MOVES)
"""Nobody looks for these here: they stand last."""


class PaletteSheet(FindSheet[Entry]):
    """Every action that there is here now."""

    PLACE: ClassVar[Place] = find_place("palette", "palette", "Do it", "Do what is under the cursor.")
    FIELD_PLACE = PLACE
    LABEL = ":"
    NOTHING = "Nothing here is called that."

    def __init__(self, page: Page) -> None:
        super().__init__("Actions")
        self._of = page
        self._acts: dict[str, Callable[[], None]] = {}
        self._entries = self._gather(page)

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
            entries.append(Entry(page.ui.look.label(action.label), keys, action.text, action.offer(target).why, act))
        for entry, choose in page.found_too():
            self._acts[entry.act] = choose
            entries.append(entry)
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

    def matching(self, typed: str) -> Sequence[Entry]:
        return find(self._entries, typed)

    def line_of(self, one: Entry, width: int) -> Line:
        about = muted(f"off: {one.off}" if one.off else one.about)
        title = span(one.title, "muted" if one.off else "text")
        return ends(line(title, "  ", about), line(muted(one.key.rjust(KEY_CELLS)), " "), width)

    def take(self, one: Entry) -> None:
        if one.off:
            self._of.say(f"{one.title.rstrip('…')}: {one.off}", "warn")
        elif one.act in self._acts:
            self._of.soon(self._acts[one.act])
