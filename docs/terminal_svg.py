"""A screen of the interface as an SVG that needs no font of its own: each piece of text is held to its cells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from itertools import groupby

from rich.cells import cell_len
from rich.color import Color
from rich.segment import Segment
from rich.style import Style

CELL, LINE, SIZE, EDGE = 8.4, 18.0, 14, 12.0
FONTS = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"
DARK = (
    "#16191f", "#e06c75", "#8fcf7a", "#e5c07b", "#5f8ee0", "#c792ea", "#6fc1d8", "#c8ccd4",
    "#7b8494", "#ef7b85", "#a5e08f", "#f0d08f", "#7aa8ff", "#d79bf0", "#86d9ee", "#ffffff",
)  # fmt: skip
LIGHT = (
    "#fbfbf9", "#b3261e", "#1f7a34", "#8a5a00", "#1d4ed8", "#9333a8", "#0b7285", "#3b4148",
    "#6e7681", "#c8322a", "#2a8f43", "#9a6a10", "#2a5fe8", "#a343b8", "#1a8295", "#000000",
)  # fmt: skip
LINES = {"─": "lr", "│": "ud", "└": "ur", "┘": "ul", "┌": "dr", "┐": "dl", "┤": "udl", "├": "udr", "┊": ":", "╭": "dr",
         "╮": "dl", "╰": "ur", "╯": "ul"}  # fmt: skip
"""Which edges of its cell a line goes to."""
BLOCKS = {"█": (1.0, 1.0), "░": (1.0, 0.25)} | {char: (n / 8, 1.0) for n, char in enumerate("▏▎▍▌▋▊▉", start=1)}
"""How much of its cell a block fills, and how strongly."""
TEXT = {"dark": "#d8dee9", "light": "#22272e"}
GROUND = {"dark": "#16191f", "light": "#fbfbf9"}


def draw(lines: Sequence[Iterable[Segment]], columns: int, *, ground: str = "dark", title: str = "") -> str:
    """The lines on a terminal whose background is dark or light."""
    width, height = columns * CELL + 2 * EDGE, len(lines) * LINE + 2 * EDGE
    body = "\n".join(piece for row, segments in enumerate(lines) for piece in _line(segments, row, ground))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" role="img">\n'
        f"<title>{escape(title)}</title>\n"
        f'<rect width="{width:.0f}" height="{height:.0f}" rx="6" fill="{GROUND[ground]}"/>\n'
        f'<g font-family="{FONTS}" font-size="{SIZE}" fill="{TEXT[ground]}" xml:space="preserve">\n{body}\n</g>\n</svg>\n'
    )


def _line(segments: Iterable[Segment], row: int, ground: str) -> Iterator[str]:
    """Each piece that is seen, at its cells."""
    column, top = 0, EDGE + row * LINE
    for text, style in _joined(segments):
        cells = cell_len(text)
        left = EDGE + column * CELL
        column += cells
        colour, behind = _colours(style, ground)
        if behind is not None:
            yield f'<rect x="{left:.1f}" y="{top:.1f}" width="{cells * CELL:.1f}" height="{LINE:.0f}" fill="{behind}"/>'
        yield from _shapes(text, left, top, colour)
        yield from _words(text, left, top, style, colour, ground)


def _words(text: str, left: float, top: float, style: Style, colour: str, ground: str) -> Iterator[str]:
    """What is left of the text when shapes are drawn; pieces that stand far apart are placed each by itself."""
    plain = "".join(" " if char in LINES or char in BLOCKS or "\u2800" <= char < "\u2900" else char for char in text)
    more = f' fill="{colour}"' if colour != TEXT[ground] else ""
    more += ' font-weight="bold"' if style.bold else ""
    more += ' text-decoration="underline"' if style.underline else ""
    for found in re.finditer(r"\S+(?: \S+)*", plain):
        x, words = left + cell_len(plain[: found.start()]) * CELL, found.group()
        yield (
            f'<text x="{x:.1f}" y="{top + LINE * 0.74:.1f}" textLength="{cell_len(words) * CELL:.1f}"'
            f' lengthAdjust="spacingAndGlyphs"{more}>{escape(words)}</text>'
        )


def _shapes(text: str, left: float, top: float, colour: str) -> Iterator[str]:
    """Charts, bars and frames: drawn as such, so that no font decides how they look."""
    dots: list[str] = []
    strokes: list[str] = []
    x = left
    for char, same in groupby(text):
        count = len(list(same))
        if char in BLOCKS:
            share, opacity = BLOCKS[char]
            yield (
                f'<rect x="{x:.1f}" y="{top + 1:.1f}" width="{CELL * (count - 1 + share):.1f}" height="{LINE - 2:.0f}"'
                f' fill="{colour}"' + (f' opacity="{opacity}"' if opacity < 1 else "") + "/>"
            )
        for place in range(count if char not in BLOCKS else 0):
            at = x + place * CELL
            dots += _dots(ord(char) - 0x2800, at, top) if "\u2800" <= char < "\u2900" else ()
            strokes += _strokes(LINES[char], at, top) if char in LINES else ()
        x += count * cell_len(char) * CELL
    if dots:
        yield f'<path d="{"".join(dots)}" fill="{colour}"/>'
    if strokes:
        yield f'<path d="{"".join(strokes)}" stroke="{colour}" fill="none"/>'


def _dots(bits: int, x: float, top: float) -> Iterator[str]:
    for column, column_bits in enumerate(((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))):
        for row, bit in enumerate(column_bits):
            if bits & bit:
                yield f"M{x + (column + 0.25) * CELL / 2:.1f} {top + (row + 0.25) * LINE / 4:.1f}h2.2v2.2h-2.2z"


def _strokes(arms: str, x: float, top: float) -> Iterator[str]:
    """From the middle of the cell to its edges."""
    middle_x, middle_y = x + CELL / 2, top + LINE / 2
    ends = {"l": (x, middle_y), "r": (x + CELL, middle_y), "u": (middle_x, top), "d": (middle_x, top + LINE)}
    for arm in arms:
        if arm == ":":
            yield "".join(f"M{middle_x:.1f} {top + part * LINE / 3 + 1:.1f}v2.5" for part in range(3))
        else:
            yield f"M{middle_x:.1f} {middle_y:.1f}L{ends[arm][0]:.1f} {ends[arm][1]:.1f}"


def _joined(segments: Iterable[Segment]) -> Iterator[tuple[str, Style]]:
    """Neighbours of the same look as one piece; blanks within are kept, so that glyphs stay in their cells."""
    text, look = "", Style()
    for segment in segments:
        style = segment.style or Style()
        if text and style != look:
            yield text, look
            text = ""
        text, look = text + segment.text, style
    if text:
        yield text, look


def _colours(style: Style, ground: str) -> tuple[str, str | None]:
    """Colour of the text, and of what is behind it where that is not the terminal's own."""
    front = _hex(style.color, ground) or TEXT[ground]
    behind = _hex(style.bgcolor, ground)
    if style.reverse:
        return behind or GROUND[ground], front
    return (_hex(Color.parse("bright_black"), ground) or front if style.dim else front), behind


def _hex(colour: Color | None, ground: str) -> str | None:
    if colour is None or colour.is_default:
        return None
    if colour.number is not None and colour.number < 16:
        return (DARK if ground == "dark" else LIGHT)[colour.number]
    return colour.get_truecolor().hex
