"""What is shown. Text from data, models and logs is untrusted: it stays raw in memory and files, and only `Shown` is painted.

`shown()` is the one boundary: control characters become visible, so that no terminal sequence, markup or bidi trick
passes from a data set to a terminal. Printers and widgets accept `Shown` only (mypy checks).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NewType

Shown = NewType("Shown", str)
"""Text that is safe to paint: one line, or several where `multiline` was asked; no control characters but newline."""

_CONTROL_PICTURES = {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "␡"}
_CONTROL_PICTURES |= {ord("\n"): "⏎", ord("\r"): "␍", ord("\t"): " "}
_BEYOND_C0 = (
    "\x7f-\x9f"  # DEL, C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidi marks, embeddings, overrides, isolates
    "\u2028\u2029"  # line and paragraph separators
    "\u200b\u2060\ufeff"  # zero width space, word joiner, BOM
    "\ud800-\udfff"  # lone surrogates cannot be encoded
)
_UNSAFE = re.compile(f"[\x00-\x1f{_BEYOND_C0}]")
_UNSAFE_IN_JSON = re.compile(f"[{_BEYOND_C0}]")
_MARKS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_FLOOD = re.compile(f"([{_MARKS}]{{8}})[{_MARKS}]+")
"""More marks upon one letter than any language has."""


_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def shown(raw: object, *, multiline: bool = False) -> Shown:
    """`raw` made safe to paint: `\\n` as ⏎ (kept with `multiline`), ESC as ␛, C1 and bidi controls as `\\x9b`, `\\u202e`."""

    def visible(match: re.Match[str]) -> str:
        char = match.group()
        if multiline and char == "\n":
            return char
        picture = _CONTROL_PICTURES.get(ord(char))
        if picture is not None:
            return picture
        return f"\\x{ord(char):02x}" if ord(char) < 0x100 else f"\\u{ord(char):04x}"

    text = str(raw)
    if multiline:
        text = text.replace("\r\n", "\n")
    if not text.isascii():
        text = _FLOOD.sub(r"\1…", text)
    return Shown(_UNSAFE.sub(visible, text))


def safe_json(text: str) -> str:
    """JSON in which what a terminal would obey, or what hides, is escaped; C0 is so already."""
    return (
        text
        if text.isascii() and "\x7f" not in text
        else _UNSAFE_IN_JSON.sub(lambda one: f"\\u{ord(one[0]):04x}", text)
    )


def colourless(raw: str) -> str:
    """A line of a log without the colours that a library meant for a terminal; all other sequences stay, to be seen."""
    return _COLOUR.sub("", raw)


def cell_width(text: str) -> int:
    """Terminal cells that `text` takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # late: most texts are ASCII

    return cell_len(text)


def _fit(text: str, width: int) -> str:
    """The longest beginning of `text` that fits into `width` cells."""
    if cell_width(text) <= width:
        return text
    taken = 0
    for index, char in enumerate(text):
        taken += cell_width(char)
        if taken > width:
            return text[:index]
    return text


def cut_end(text: str, width: int) -> Shown:
    """Free text: the end is cut, `The card I ord…`."""
    text = shown(text[: 4 * width + 4])
    return Shown(text if cell_width(text) <= width else _fit(text, width - 1) + "…")


def cut_middle(text: str, width: int) -> Shown:
    """Names and labels: the middle is cut, `balance_not…transfer`."""
    text = shown(text)
    if cell_width(text) <= width:
        return Shown(text)
    tail = _fit(text[::-1], (width - 1) // 2)[::-1]
    return Shown(_fit(text, width - 1 - cell_width(tail)) + "…" + tail)


def cut_front(text: str, width: int) -> Shown:
    """Paths: the front is cut, `…/train/a.csv`."""
    text = shown(text)
    return Shown(text if cell_width(text) <= width else "…" + _fit(text[::-1], width - 1)[::-1])


def aligned(rows: Sequence[Sequence[Shown]], right: Sequence[int] = ()) -> list[Shown]:
    """Cells in columns, two blanks apart; the columns in `right` right-aligned."""
    widths = [max(cell_width(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        Shown("  ".join(pad(cell, widths[i], right=i in right) for i, cell in enumerate(row)).rstrip()) for row in rows
    ]


def pad(text: Shown, width: int, *, right: bool = False) -> Shown:
    """`text` with blanks up to `width` cells; numbers `right`-aligned."""
    blanks = " " * max(0, width - cell_width(text))
    return Shown(blanks + text if right else text + blanks)
