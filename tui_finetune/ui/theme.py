"""How meanings look: tokens to styles, by theme, colours and character set of the terminal."""

from __future__ import annotations

import locale
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style

from tui_finetune.live.marks import CUT_PATH, CUT_PATH_ASCII, GLYPHS
from tui_finetune.live.spans import Line, Span

TERMINAL: Mapping[str, str] = {
    "text": "default", "muted": "bright_black", "live": "green", "held": "cyan", "warn": "yellow", "good": "green",
    "bad": "red", "accent": "bright_blue", "series-1": "bright_blue", "series-2": "magenta", "series-3": "cyan",
    "series-4": "yellow",
}  # fmt: skip
"""The sixteen colours as the terminal's owner has chosen them, on the terminal's own background."""
DARK: Mapping[str, str] = {
    "text": "#d8dee9", "muted": "#7b8494", "live": "#8fcf7a", "held": "#6fc1d8", "warn": "#e5c07b", "good": "#8fcf7a",
    "bad": "#ef7b85", "accent": "#7aa8ff", "series-1": "#7aa8ff", "series-2": "#d79bf0", "series-3": "#5fc9c0",
    "series-4": "#e0a86b",
}  # fmt: skip
LIGHT: Mapping[str, str] = {
    "text": "#22272e", "muted": "#6e7681", "live": "#1f7a34", "held": "#0b7285", "warn": "#8a5a00", "good": "#1f7a34",
    "bad": "#b3261e", "accent": "#1d4ed8", "series-1": "#1d4ed8", "series-2": "#9333a8", "series-3": "#0f766e",
    "series-4": "#a34a00",
}  # fmt: skip
THEMES: Mapping[str, Mapping[str, str]] = {"terminal": TERMINAL, "dark": DARK, "light": LIGHT}

_ASCII = {ord(glyph): sign for glyph, sign in GLYPHS.items()}


@dataclass(frozen=True)
class Look:
    """What the terminal and its person want."""

    theme: str = "terminal"
    ascii: bool = False
    colour: bool = True

    def style(self, token: str, *, bold: bool = False) -> Style:
        """The style of a meaning. Without colour: bold and dim alone."""
        key = (self.theme, self.colour, token, bold)
        found = _STYLES.get(key)
        if found is None:
            found = _STYLES[key] = self._style(token, bold)
        return found

    def _style(self, token: str, bold: bool) -> Style:
        if not self.colour:
            return Style(bold=bold or None, dim=(token == "muted") or None)
        colours = THEMES.get(self.theme, TERMINAL)
        return Style(color=colours.get(token, colours["text"]), bold=bold or None)

    def text(self, text: str) -> str:
        """The text as this terminal can draw it."""
        if not self.ascii or text.isascii():
            return text
        return text.replace(CUT_PATH, CUT_PATH_ASCII).translate(_ASCII)

    def label(self, label: str) -> str:
        """The label of an action: `Stop…` asks first, and where there is no such sign `Stop~` would look like a word cut off."""
        return label.replace("…", "...") if self.ascii else label

    def segment(self, span: Span) -> Segment:
        return Segment(self.text(span.text), self.style(span.token, bold=span.bold))

    def segments(self, line: Line) -> list[Segment]:
        return [self.segment(span) for span in line if span.text]

    def cursor(self, line: Line, *, focused: bool) -> list[Segment]:
        """The line under the cursor: reversed as one piece in the focused pane, else as the others."""
        if not focused:
            under = Style(underline=True) if not self.colour else Style()
            return [Segment(one.text, (one.style or Style()) + under) for one in self.segments(line)]
        return [Segment(self.text("".join(span.text for span in line)), _REVERSED)]


_STYLES: dict[tuple[str, bool, str, bool], Style] = {}
_REVERSED = Style(reverse=True)


def look_of(theme: str = "terminal", ascii: bool | None = None, *, environ: Mapping[str, str] | None = None) -> Look:
    """The look for this terminal; what the settings leave open is decided by the environment."""
    environ = os.environ if environ is None else environ
    if ascii is None:
        ascii = not _draws_unicode(environ)
    return Look(theme if theme in THEMES else "terminal", ascii, not environ.get("NO_COLOR"))


def _draws_unicode(environ: Mapping[str, str]) -> bool:
    """False for a locale that is not UTF-8, and for the console of Linux, whose fonts lack most signs."""
    if environ.get("TERM") in ("linux", "dumb", "vt100", "vt220"):
        return False
    named = next((environ[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if environ.get(name)), "")
    if named:
        return "utf" in named.lower()
    return locale.getpreferredencoding(False).lower().replace("-", "") == "utf8"


def names() -> Iterable[str]:
    """The themes there are."""
    return THEMES.keys()
