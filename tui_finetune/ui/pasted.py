"""What is pasted stays text: no control character of it may end the paste and be taken for keys."""

from __future__ import annotations

import re

BEGIN, END = "\x1b[200~", "\x1b[201~"
LONGEST_KEY = 4
"""From so many characters on what stands at the end of a piece is no key of its own but a marker that was cut."""
_KEPT = frozenset("\t\r\n")
_ANSWER = re.compile(r"\x1b\[\d+;\d+R")
"""What a terminal answers to `ui/taken.py` while it sends a long paste."""


class PasteFilter:
    """Fed with all that a terminal sends, in pieces of any length; gives it back with pastes made plain."""

    def __init__(self) -> None:
        self._inside = False
        self._held = ""
        """The end of the last piece, which may be the beginning of a marker."""

    def __call__(self, piece: str) -> str:
        text, self._held = self._held + piece, ""
        out: list[str] = []
        while text:
            marker = END if self._inside else BEGIN
            before, found, after = text.partition(marker)
            if not found:
                before, self._held = _split(text, marker, 1 if self._inside else LONGEST_KEY)
            out.append(_plain(before) if self._inside else before)
            if not found:
                break
            out.append(marker)
            self._inside, text = not self._inside, after
        return "".join(out)


def _split(text: str, marker: str, shortest: int) -> tuple[str, str]:
    """The text, and what at its end may be the beginning of the marker."""
    for length in range(len(marker) - 1, shortest - 1, -1):
        if text.endswith(marker[:length]):
            return text[:-length], text[-length:]
    return text, ""


def _plain(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(char for char in _ANSWER.sub("", text) if char in _KEPT or char >= " ")
