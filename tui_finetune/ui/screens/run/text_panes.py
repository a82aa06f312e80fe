"""The tabs of text: log, events, recipe."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tui_finetune.live.resolved import recipe_lines, request_lines
from tui_finetune.live.spans import EMPTY, Line, line, muted, span, wrap
from tui_finetune.ui.screens.run.pane import LONGEST, Pane
from tui_finetune.ui.screens.run.places import EVENTS, LOG, RECIPE
from tui_finetune.ui.widgets.table import Lines

COLOURS = re.compile(r"\x1b\[[0-9;]*m")
KEPT = 50_000
"""Lines that are kept of a text that grows."""


class _Filtered(Lines, Pane):
    """Lines of text of which only those are shown that have what was typed."""

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self.wanted = ""
        self._shown: list[str] = []
        self._all: list[str] = []
        self.dropped = 0
        """Oldest lines that are not kept any more."""

    def take(self, new: Sequence[str], *, anew: bool = False, dropped: int = 0) -> None:
        """More lines; with `anew` in place of those there were. dropped: lines before them that nobody has."""
        if anew:
            self._all, self._shown, self.dropped = [], [], 0
        self.dropped += dropped
        self._all += new
        self._shown += [one for one in new if self._has(one)]
        if len(self._all) > KEPT:
            self._drop(len(self._all) - KEPT + KEPT // 10)
        self.repaint()

    def _drop(self, count: int) -> None:
        """The oldest lines go; the text does not move under the eye."""
        gone, self._all = self._all[:count], self._all[count:]
        shown = sum(1 for one in gone if self._has(one))
        del self._shown[:shown]
        self.top = max(0, self.top - shown)
        self.dropped += count

    def filter(self, wanted: str) -> None:
        self.wanted = wanted.lower()
        self._shown = [one for one in self._all if self._has(one)]
        self.top = min(self.top, max(0, len(self._shown) - 1))
        self.repaint()

    def _has(self, text: str) -> bool:
        return all(word in text.lower() for word in self.wanted.split())

    @property
    def total(self) -> int:
        return self.dropped + len(self._all)

    def newest(self, count: int) -> list[str]:
        return self._all[-count:]

    def count(self) -> int:
        return len(self._shown)

    def parts(self, index: int, width: int) -> Sequence[Line]:
        text = self._shown[index]
        if len(text) > LONGEST:
            text = f"{text[:LONGEST]} … {len(text) - LONGEST:,} more characters"
        token = self.token(text)
        sign = span("✗", "bad") if token == "bad" else span("!", "warn") if token == "warn" else span(" ")
        return [
            line(sign if not place else " ", " ", *part)
            for place, part in enumerate(wrap(text, width - 2, token=token))
        ]

    def token(self, text: str) -> str:
        return "text"

    def empty(self, width: int) -> Sequence[Line]:
        why = f"No line has {self.wanted}." if self.wanted else self.why_empty()
        return [EMPTY, line("   ", muted(why))]

    def why_empty(self) -> str:
        return "–"


class LogPane(_Filtered):
    """What the worker printed, the newest last."""

    PLACE = LOG

    def __init__(self) -> None:
        super().__init__("log")
        self.following = True
        self.skipped = 0

    def take(self, new: Sequence[str], *, anew: bool = False, dropped: int = 0) -> None:
        """Colours that the worker's libraries print are no part of the text."""
        super().take([COLOURS.sub("", one) for one in new], anew=anew, dropped=dropped)

    def token(self, text: str) -> str:
        head = text[:200]
        if "Error" in head or "Traceback" in head or head.startswith(("ERROR", "FATAL")) or "error:" in head:
            return "bad"
        return "warn" if "Warning" in head or head.startswith("WARN") else "text"

    def why_empty(self) -> str:
        return "The worker has printed nothing."


class EventsPane(_Filtered):
    """The events as lines, the newest last."""

    PLACE = EVENTS

    def __init__(self) -> None:
        super().__init__("events")
        self.following = True

    def token(self, text: str) -> str:
        return "warn" if text[10:12] == "! " else "text"

    def why_empty(self) -> str:
        return "No events yet."


class RecipePane(Lines, Pane):
    """The recipe as it was resolved, or as it was asked for."""

    PLACE = RECIPE

    def __init__(self) -> None:
        super().__init__(id="recipe")
        self.asked = False
        self._made_of: tuple[str, str, bool, int] | None = None
        self._made: list[tuple[str, str]] = []

    def _text(self) -> list[tuple[str, str]]:
        """Lines with their tokens, made once."""
        look = self.look
        if look is None:
            return []
        files, changes = look.files, look.history.changes
        made_of = (files.recipe, files.request, self.asked, len(changes))
        if made_of != self._made_of:
            self._made_of = made_of
            whole = recipe_lines(files.recipe, files.request, changes) if files.recipe else []
            self._made = request_lines(files.request) if self.asked else whole
        return self._made

    def count(self) -> int:
        return len(self._text()) + 1 if self._text() else 0

    def parts(self, index: int, width: int) -> Sequence[Line]:
        if not index:
            changed = not self.asked and self._made_of is not None and self._made_of[3] > 0
            resolved = "as it was resolved, and as it holds now" if changed else "as it was resolved"
            which = "as it was asked for" if self.asked else f"{resolved}; muted is what the program wrote out"
            return [line(" ", muted(which))]
        text, token = self._text()[index - 1]
        return [line(" ", *part) for part in wrap(text[:LONGEST], width - 2, token=token)]

    def empty(self, width: int) -> Sequence[Line]:
        return [EMPTY, line("   ", muted("No recipe: a script of its own made this run."))]

    def do_item_choose(self) -> None:
        self.asked = not self.asked
        self.top = 0
        self.repaint()
